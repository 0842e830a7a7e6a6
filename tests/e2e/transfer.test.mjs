// Content on its way: cut, corrupt, endless, expired, resumed (failure model, section H).

import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const SIZE = 4_000_000;
const LARGE = { op: "put", path: "large.bin", content: { size: SIZE, seed: 5 } };
const SMALL = { op: "put", path: "small.txt", content: "small but whole" };

async function largestIn(folder) {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  return Math.max(0, ...sizes);
}

const downloads = async (bench) => (await bench.sandbox.log()).filter((entry) => entry.route === "download");

for (const [name, at] of [["at byte 0", 0], ["at byte 1", 1], ["in the middle", SIZE / 2], ["one byte short", SIZE - 1]]) {
  test(`a body cut ${name} is fetched to its end (F-97)`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([LARGE, SMALL]);
      await bench.sandbox.faults({ route: "download", kind: "cut", at, count: 2 });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
    });
  });
}

test("what came before a cut is not fetched again (F-97)", async () => {
  await withBench({}, async (bench) => {
    const size = 40_000_000;
    await bench.sandbox.change({ op: "put", path: "huge.bin", content: { size, seed: 5 } });
    await bench.sandbox.faults({ route: "download", kind: "cut", at: 30_000_000, count: 1 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    const bytes = (await downloads(bench)).reduce((sum, entry) => sum + entry.bytes, 0);
    assert.ok(bytes < size * 1.4, `${bytes} bytes for ${size}`);
  });
});

test("progress counts what is on its way once, also what an earlier run has fetched", async () => {
  await withBench({}, async (bench) => {
    const size = 20_000_000;
    await bench.sandbox.change({ op: "put", path: "huge.bin", content: { size, seed: 7 } });
    const [id] = await bench.sandbox.faults({ route: "download", kind: "stall", at: 15_000_000 });
    const stalled = async () => {
      await bench.start({ live: false, words: [] });
      const mirror = await until("most of it is here", async () => (await bench.status()).mirrors.find((one) => one.done_bytes > 10_000_000));
      assert.equal(mirror.total_bytes, size);
      assert.ok(mirror.done_bytes < size, `${mirror.done_bytes}`);
      await until("it is in the partial", async () => (await largestIn(bench.file(".drive-agent"))) > 10_000_000);
      await bench.stop("SIGKILL");
    };
    await stalled();
    await bench.sandbox.clearFaults(id);
    await bench.sandbox.faults({ route: "download", kind: "stall", at: 1000 });
    await stalled();
  });
});

test("a partial survives kill -9 and is gone on with (F-97, F-109)", async () => {
  await withBench({}, async (bench) => {
    const size = 40_000_000;
    await bench.sandbox.change({ op: "put", path: "huge.bin", content: { size, seed: 6 } });
    const [id] = await bench.sandbox.faults({ route: "download", kind: "stall", at: 30_000_000 });
    await bench.start({ live: false, words: [] });
    await until("most of it is in the partial", async () => (await largestIn(bench.file(".drive-agent"))) > 25_000_000);
    await bench.stop("SIGKILL");
    await bench.sandbox.clearFaults(id);
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    const bytes = (await downloads(bench)).reduce((sum, entry) => sum + entry.bytes, 0);
    assert.ok(bytes < size / 2, `${bytes} bytes after the restart`);
  });
});

const ONCE = [
  { name: "a version that is another by now: 412 (F-92)", fault: { kind: "status", status: 412, count: 1 } },
  { name: "a flipped bit (F-98)", fault: { kind: "flip", at: SIZE - 7, bit: 0, count: 1 } },
  { name: "a body without end (F-100)", fault: { kind: "endless", count: 1 } },
  { name: "an expired address (F-101)", fault: { kind: "status", status: 401, count: 1 } },
  { name: "a forbidden address (F-101)", fault: { kind: "status", status: 403, count: 1 } },
  { name: "an address that is gone (F-101)", fault: { kind: "status", status: 410, count: 1 } },
  { name: "503 of the content host (F-110)", fault: { kind: "status", status: 503, retry_after: 1, count: 1 } },
  { name: "509 of the content host (F-111)", fault: { kind: "status", status: 500, count: 2 } },
  { name: "a bad Content-Encoding (F-107)", fault: { kind: "bad_encoding", count: 1 } },
  { name: "a bomb (F-142)", fault: { kind: "bomb", count: 1 } },
  { name: "a login page (F-127)", fault: { kind: "html", count: 1 } },
];

for (const row of ONCE) {
  test(`the right content comes after ${row.name}`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([LARGE, SMALL]);
      await bench.sandbox.faults({ route: "download", ...row.fault });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });
}

/* As an item whose content changes again before each answer about it. */
function versions(count) {
  return Array.from({ length: count }, (_, i) => {
    const quickXorHash = Buffer.alloc(20, i + 1).toString("base64");
    const set = { cTag: `"c:{restless},${i}"`, file: { mimeType: "text/plain", hashes: { quickXorHash } } };
    return { route: "item", kind: "set", set, count: 1 };
  });
}

const RESTLESS = [
  { name: "that the content host says to be another one (412)", faults: [{ route: "download", kind: "status", status: 412 }] },
  { name: "that is another one after each download", faults: [{ route: "delta", kind: "wrong_hash", count: 1 }, ...versions(20)] },
];

for (const row of RESTLESS) {
  test(`a version ${row.name} is asked for five times, then it waits (F-92)`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(SMALL);
      await bench.sandbox.faults(row.faults);
      const result = await bench.run("sync-now", "--timeout", "30s");
      assert.equal(result.code, 6, result.stderr);
      assert.match(result.stderr, /F-92 .*small\.txt: changes while it is fetched/);
      assert.equal((await downloads(bench)).length, 5);
      await assert.rejects(bench.read("small.txt"));
      await bench.sandbox.clearFaults();
      await bench.sandbox.change({ op: "put", path: "small.txt", content: "at rest" });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
    });
  });
}

const RANGES = [
  { name: "is ignored: 200 instead of 206 (F-102)", fault: { kind: "ignore_range" }, downloads: 2 },
  { name: "is answered with another one (F-102)", fault: { kind: "wrong_range", count: 2 } },
  { name: "is answered with another total (F-102)", fault: { kind: "wrong_total", count: 2 } },
  { name: "is refused: 416 (F-103)", fault: { kind: "status", status: 416, after: 1, count: 1 } },
];

for (const row of RANGES) {
  test(`a range that ${row.name} gives the right content`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change({ op: "put", path: "huge.bin", content: { size: 12_000_000, seed: 5 } });
      await bench.sandbox.faults([{ route: "download", kind: "cut", at: 9_000_000, count: 1 }, { route: "download", ...row.fault }]);
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      /* What was appended to the wrong bytes would be found by its hash, and fetched once more. */
      if (row.downloads) assert.equal((await downloads(bench)).length, row.downloads);
    });
  });
}

const LOCATIONS = ["location_bad_host", "location_http", "location_userinfo", "location_none"];
for (const kind of LOCATIONS) {
  test(`${kind}: refused, nothing is sent there, later it works (F-121, F-147)`, async () => {
    await withBench({}, async (bench) => {
      /* The page's own address fails, so that /content is asked. */
      await bench.sandbox.change([SMALL]);
      await bench.sandbox.faults([{ route: "download", kind: "status", status: 401, count: 1 }, { route: "content", kind, host: "evil.example", count: 1 }]);
      await bench.run("sync-now", "--timeout", "20s");
      await bench.sandbox.clearFaults();
      await bench.ok("sync-now", "--full");
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });
}

test("a listing without hashes is accepted by length (F-104)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.faults({ route: "delta", kind: "no_hash" });
    await bench.sandbox.change([LARGE, SMALL]);
    await bench.ok("sync-now");
    assert.equal(await bench.read("small.txt"), "small but whole");
  });
});

test("the right hash with a wrong size is accepted at once (F-99)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "photo.bin", content: "photo", set: { size: 999 } });
    await bench.ok("sync-now");
    assert.equal(await bench.read("photo.bin"), "photo");
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal((await downloads(bench)).length, 0, "no endless loop");
  });
});

const REWRITTEN = { file: { mimeType: "application/octet-stream", hashes: { quickXorHash: "AQEBAQEBAQEBAQEBAQEBAQEBAQE=" } } };

test("a document that the service rewrites is accepted after two equal downloads (F-99)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "report.docx", content: "rewritten", set: REWRITTEN });
    await bench.ok("sync-now");
    assert.equal(await bench.read("report.docx"), "rewritten");
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal((await downloads(bench)).length, 0, "no endless loop");
  });
});

test("any other file that never has its hash is held, and holds up nothing (F-99)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "wrong.dat", content: "never right", set: REWRITTEN }, SMALL]);
    const result = await bench.run("sync-now", "--timeout", "30s");
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /wrong\.dat/);
    await assert.rejects(bench.read("wrong.dat"));
    assert.equal(await bench.read("small.txt"), "small but whole");
    assert.ok((await downloads(bench)).length < 10, "no endless loop");
  });
});

test("a stalled transfer does not hold up the others (F-106, F-108)", async () => {
  await withBench({ config: { sync: { transfers: 3 } } }, async (bench) => {
    await bench.sandbox.change([LARGE, ...Array.from({ length: 50 }, (_, i) => ({ op: "put", path: `s/${i}.txt`, content: `${i}` }))]);
    await bench.sandbox.faults({ route: "download", kind: "stall", at: 100_000, match: "", count: 1 });
    await bench.start({ live: false });
    await bench.untilEqual({ except: ["large.bin"] });
  });
});
