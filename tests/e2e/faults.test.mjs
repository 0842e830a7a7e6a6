// Whatever the service and the network do, the folder becomes right without help, and
// never shows a wrong or partial file (I-2, I-4, I-5).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const FILES = Array.from({ length: 40 }, (_, i) => ({ op: "put", path: `d${i % 4}/f${i}.bin`, content: { size: 1000 + i * 4999, seed: i } }));

const FIRST_MIRROR = [
  { name: "429 with Retry-After (F-110)", fault: { route: "delta", kind: "status", status: 429, retry_after: 1, count: 2 } },
  { name: "503 with a date (F-110)", fault: { route: "content", kind: "status", status: 503, retry_after: "date", seconds: 2, count: 2 } },
  { name: "429 of the content host (F-110)", fault: { route: "download", kind: "status", status: 429, retry_after: 1, count: 2 } },
  { name: "500 now and then (F-111)", fault: { route: "*", kind: "status", status: 500, every: 7, count: 10 } },
  { name: "401 in the middle (F-112)", fault: { route: "delta", kind: "status", status: 401, after: 1, count: 1 } },
  { name: "bodies cut short (F-97)", fault: { route: "download", kind: "cut", share: 0.5, every: 3, count: 12 } },
  /* Each at another place: the same damage twice would be taken for the service's own doing (F-99). */
  { name: "flipped bits (F-98)", fault: [1, 2, 3, 4, 5, 6].map((i) => ({ route: "download", kind: "flip", at: 10 * i, bit: 3, after: 5 * i, count: 1 })) },
  { name: "resets (F-130)", fault: { route: "*", kind: "reset", every: 9, count: 10 } },
  { name: "a captive portal (F-127)", fault: { route: "delta", kind: "html", count: 2 } },
  { name: "garbage instead of a page (F-122)", fault: { route: "delta", kind: "garbage", count: 2 } },
  { name: "an empty body instead of a page (F-79)", fault: { route: "delta", kind: "empty", count: 2 } },
  { name: "410 in the middle of the pages (F-81)", fault: { route: "delta", kind: "gone410", after: 2, count: 1 } },
];

for (const row of FIRST_MIRROR) {
  test(`first mirror through ${row.name}`, async () => {
    await withBench({ settings: { page_size: 10 } }, async (bench) => {
      await bench.sandbox.change(FILES);
      await bench.sandbox.faults(row.fault);
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });
}

test("the cursor is too old while running (F-81)", async () => {
  await withBench({ settings: { page_size: 10 } }, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    await bench.start();
    await bench.sandbox.resetLog();
    await bench.sandbox.faults({ route: "delta", kind: "gone410", count: 1 });
    await bench.sandbox.change([{ op: "delete", path: "d1/f1.bin" }, { op: "put", path: "new.txt", content: "new" }]);
    await bench.untilEqual();
    const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
    assert.equal(downloads.length, 1, "only what is new is fetched");
  });
});

test("download addresses expire (F-101)", async () => {
  await withBench({ settings: { download_url_s: 1 } }, async (bench) => {
    await bench.sandbox.change([...FILES, { op: "put", path: "large.bin", content: { size: 5_000_000, seed: 1 } }]);
    await bench.sandbox.faults({ route: "download", kind: "delay", ms: 1500, every: 4, count: 3 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("the access token is withdrawn while running, the sign-in holds (F-112)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await bench.sandbox.signin("revoke_access");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
  });
});

test("a withdrawn sign-in stops the account, keeps the files, and `login` wakes it (F-114)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.ok("sync-now");
    await bench.start();
    await bench.sandbox.signin("revoke");
    await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
    const result = await until("sign-in wanted", async () => {
      const found = await bench.run("sync-now");
      return found.code === 4 && found;
    });
    assert.match(result.stderr, /agent login/);
    assert.equal(await bench.read("a.txt"), "a");
    await bench.ok("login", "--device-code");
    await bench.untilEqual();
  });
});

const CHANNEL = [
  { name: "the server restarts", disturb: (sandbox) => sandbox.push("restart") },
  { name: "the socket is dropped", disturb: (sandbox) => sandbox.push("drop_sockets") },
  { name: "the namespace is closed", disturb: (sandbox) => sandbox.push("leave") },
  { name: "the server disconnects", disturb: (sandbox) => sandbox.push("disconnect") },
  { name: "the subscription expires (F-136)", disturb: (sandbox) => sandbox.push("expire_all") },
];

for (const row of CHANNEL) {
  test(`push lives again after ${row.name}`, async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await row.disturb(bench.sandbox);
      /* Made while nobody listens: the delta after the join must find it (F-133). */
      await bench.sandbox.change({ op: "put", path: "meanwhile.txt", content: "m" });
      await bench.untilEqual();
      await bench.untilLive();
      await bench.sandbox.change({ op: "put", path: "after.txt", content: "a" });
      await bench.untilEqual();
    });
  });
}

test("a reconnect takes up the TLS session again", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const { resumed } = (await bench.sandbox.stats()).connections.push;
    await bench.sandbox.push("drop_sockets");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
    await bench.untilLive();
    assert.ok((await bench.sandbox.stats()).connections.push.resumed > resumed);
  });
});

test("a short-lived subscription is renewed before it ends, and nothing is missed", async () => {
  await withBench({ settings: { subscription_s: 4 } }, async (bench) => {
    await bench.start();
    for (let i = 0; i < 9; i++) {
      await bench.sandbox.change({ op: "put", path: `tick ${i}.txt`, content: `${i}` });
      await bench.untilEqual({ patience: 10_000 });
      await new Promise((done) => setTimeout(done, 700));
    }
  });
});

test("no reader ever sees a partial or wrong file (I-2)", async () => {
  await withBench({}, async (bench) => {
    const size = 3_000_000;
    const put = (letter) => ({ op: "put", path: "page.txt", content: letter.repeat(size) });
    await bench.sandbox.change(put("a"));
    await bench.ok("sync-now");
    await bench.start();
    await bench.sandbox.faults({ route: "download", kind: "cut", share: 0.7, every: 2 });
    const bad = [];
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const text = await readFile(bench.file("page.txt"), "latin1").catch((error) => error.code);
        if (text.length !== size || text !== text[0].repeat(size)) bad.push(`${text.length} bytes`);
      }
    })();
    for (const letter of "bcdef") {
      await bench.sandbox.change(put(letter));
      await bench.untilEqual();
    }
    reading = false;
    await reader;
    assert.deepEqual(bad, []);
  });
});
