// The notification channel of the real agent: what it costs, what it survives, and what it
// says of itself. Some of these wait a minute for what comes once a minute, so they run
// beside each other.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import nodeTest, { describe } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { until, withBench } from "../support/agent.mjs";

const test = (name, body) => nodeTest(name, { timeout: 180_000 }, body);

async function channelOf(bench) {
  return (await bench.status()).mirrors[0]?.channel;
}

function untilState(bench, state, patience) {
  return until(
    `the channel is ${state}`,
    async () => {
      const channel = await channelOf(bench);
      if (channel?.state !== state) throw new Error(JSON.stringify(channel));
      return channel;
    },
    patience,
  );
}

async function count(bench, route) {
  return (await bench.sandbox.counts())[route] ?? 0;
}

const put = (path, content = path) => ({ op: "put", path, content });

describe("the channel", { concurrency: 5 }, () => {
  /* The long ones first. */

  test("renewal overlaps: there is always somebody who listens, and every change is heard", async () => {
    await withBench({ settings: { subscription_s: 80 } }, async (bench) => {
      await bench.start();
      const asked = await count(bench, "socketIo");
      let least = Infinity;
      let made = 0;
      const begin = Date.now();
      while ((await count(bench, "socketIo")) === asked || Date.now() - begin < 65_000) {
        assert.ok(Date.now() - begin < 85_000, "renewed before its life is over");
        if (made * 1000 < Date.now() - begin) await bench.sandbox.change(put(`tick ${made++}.txt`));
        least = Math.min(least, (await bench.sandbox.stats()).sockets_joined);
        await delay(20);
      }
      await bench.untilEqual();
      await until("renewed", async () => (await channelOf(bench)).renewals === 1);
      assert.ok(least >= 1, "never was nobody there");
      assert.equal((await channelOf(bench)).reconnects, 0);
      const triggers = await bench.query("select distinct \"trigger\" from v_history where path like 'tick%'");
      assert.ok(triggers.every(({ trigger }) => ["event", "renewal"].includes(trigger)), JSON.stringify(triggers));
      await until("the old connection is gone", async () => (await bench.sandbox.stats()).sockets_joined === 1);
    });
  });

  test("a renewal that leads nowhere does not make the old address live longer (F-136)", async () => {
    await withBench({ settings: { subscription_s: 80, expiry: "silent" } }, async (bench) => {
      await bench.start();
      const { expires } = await channelOf(bench);
      await bench.sandbox.faults({ route: "upgrade", kind: "status", status: 500 });
      await until("the old address ends", () => bench.log.includes("address is over"), 110_000);
      assert.ok(Date.now() >= expires - 2000 && Date.now() < expires + 15_000, `${Date.now() - expires} ms after its end`);
      await bench.sandbox.clearFaults();
      const { reconnects_by: causes } = await untilState(bench, "live");
      assert.deepEqual(causes, { server: 1, silence: 0, network: 0, breach: 0 });
    });
  });

  test("notSupported: polling goes on, and the drive is asked again later (F-120)", async () => {
    await withBench({ settings: { not_supported: ["me", "drive"] }, config: { sync: { delta_interval: "3s" } } }, async (bench) => {
      await bench.start({ live: false });
      const channel = await untilState(bench, "unsupported");
      const wait = channel.next_try - Date.now();
      assert.ok(wait > 40_000 && wait < 70_000, `asked again in ${wait} ms`);
      await bench.sandbox.change(put("found by the poll.txt"));
      await bench.untilEqual({ patience: 6_000 });
      await bench.sandbox.settings({ not_supported: [] });
      await untilState(bench, "live", 75_000);
      await bench.sandbox.change(put("pushed.txt"));
      await bench.untilEqual();
    });
  });

  test("a form of the endpoint that is refused is replaced by the drive's id (F-120)", async () => {
    await withBench({ settings: { not_supported: ["me"] } }, async (bench) => {
      await bench.start();
      await bench.sandbox.change(put("pushed.txt"));
      await bench.untilEqual();
    });
  });

  test("1,000 notifications in a second cost at most three delta requests (F-135)", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await delay(1500); // quiet, so that the first trigger runs at once
      const before = await count(bench, "delta");
      const start = Date.now();
      for (let i = 0; i < 10; i++) {
        await bench.sandbox.push("emit", { event: "notification", args: ["{}"], times: 100 });
        await delay(90);
      }
      await until("all are heard", async () => (await channelOf(bench)).events === 1000);
      const seconds = Math.max(1, Math.floor((Date.now() - start) / 1000)); // 1, but on a machine that is too busy
      await delay(6000);
      const cost = (await count(bench, "delta")) - before;
      assert.ok(cost >= 1 && cost <= 2 + seconds, `${cost} delta requests in ${seconds} s`);
    });
  });

  test("each change is heard at once, whatever the storm before it", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await bench.sandbox.push("emit", { event: "notification", args: [], times: 300 });
      await bench.sandbox.change(put("in the storm.txt"));
      await bench.untilEqual({ patience: 10_000 });
    });
  });

  test("lost notifications: the poll finds what they would have told (F-133)", async () => {
    await withBench({ settings: { notify_drop: 0.5, seed: 7 }, config: { sync: { delta_interval: "3s" } } }, async (bench) => {
      await bench.start();
      for (let i = 0; i < 20; i++) {
        await bench.sandbox.change(put(`change ${i}.txt`));
        await delay(150);
      }
      await bench.untilEqual({ patience: 5_000 });
      const [found] = await bench.query("select found_by_event, found_by_poll, events from v_channel");
      assert.equal(found.found_by_event + found.found_by_poll, 20, JSON.stringify(found));
      assert.ok(found.events < 20 && found.found_by_event > 0, JSON.stringify(found));
      const channel = await channelOf(bench);
      assert.equal(channel.found_by_event, found.found_by_event);
      assert.equal(channel.found_by_poll, found.found_by_poll);
      for (const { p50, p95 } of [channel.event_to_delta_ms, channel.event_to_disk_ms]) assert.ok(p50 > 0 && p50 <= p95 && p95 < 5000);
      const screen = (await bench.ok("status")).stdout;
      assert.match(screen, new RegExp(`push caught ${found.found_by_event} of 20 changes, the poll found ${found.found_by_poll}\n`));
      assert.match(screen, /from event to folder: half within/);
    });
  });

  test("forged, repeated and senseless notifications do no harm (F-134)", async () => {
    await withBench({ settings: { notify_times: 3 } }, async (bench) => {
      await bench.start();
      await bench.sandbox.change([put("a.txt"), put("b.txt")]);
      await bench.untilEqual();
      const senseless = [
        [],
        ["not JSON"],
        [{ value: [{ resource: "../../etc/passwd", siteUrl: "https://evil.example/" }] }],
        ['{"value":[{"deleted":true,"resource":"a.txt"}]}'],
        [null, 1, [2], { __proto__: 3 }],
        ["x".repeat(500_000)],
      ];
      for (const args of senseless) await bench.sandbox.push("emit", { event: "notification", args });
      for (const event of ["delete", "notification ", "Notification", "connect_failed"]) await bench.sandbox.push("emit", { event, args: [1] });
      await bench.sandbox.push("notify");
      await delay(1500);
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.sandbox.violations(), []);
      assert.equal((await channelOf(bench)).state, "live");
      assert.equal((await channelOf(bench)).reconnects, 0);
      const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
      assert.equal(downloads.length, 2, "nothing is fetched twice");
      assert.doesNotMatch(bench.log, /token=|evil\.example/);
    });
  });

  test("a heartbeat changes nothing on disk, but `status` tells it live", async () => {
    await withBench({ settings: { ping_interval_ms: 1000, ping_timeout_ms: 1000 } }, async (bench) => {
      await bench.sandbox.change(put("a.txt"));
      await bench.start();
      await bench.untilEqual();
      await until("a first ping", async () => (await channelOf(bench)).last_ping);
      /* The store tidies up two seconds after its last work. */
      const written = async () => Math.max(...(await Promise.all(["", "-wal"].map(async (end) => (await stat(bench.database + end)).mtimeMs))));
      await until("the store is at rest", async () => Date.now() - (await written()) > 3000);
      const views = async () => [await bench.query("select * from v_channel"), await bench.query("select * from v_history")];
      const before = await views();
      const database = await stat(bench.database);
      const { last_ping: ping } = await channelOf(bench);
      await delay(4000);
      assert.deepEqual(await views(), before);
      assert.equal((await stat(bench.database)).mtimeMs, database.mtimeMs);
      assert.ok((await channelOf(bench)).last_ping >= ping + 2000);
      assert.equal(before[0][0].state, "live");
      assert.equal(before[0][0].ping_interval_ms, 1000);
    });
  });

  test("`status` tells state, cause and next try while the server is away, and v_channel follows", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      const first = await channelOf(bench);
      await bench.sandbox.push("stop");
      const away = await untilState(bench, "backing off");
      assert.ok(away.since >= first.since);
      assert.ok(away.next_try > away.since);
      assert.equal(typeof away.message, "string");
      assert.equal((await bench.query("select state from v_channel"))[0].state, "backing off");
      await bench.sandbox.push("start");
      const back = await untilState(bench, "live");
      assert.equal(back.reconnects, 1);
      assert.equal(Object.values(back.reconnects_by).reduce((sum, one) => sum + one), 1);
      assert.equal(back.message, null);
      assert.equal((await bench.query("select reconnects from v_channel"))[0].reconnects, 1);
    });
  });

  test("a server that falls silent is noticed within its own times, and left (F-129)", async () => {
    await withBench({ settings: { ping_interval_ms: 1000, ping_timeout_ms: 1000 } }, async (bench) => {
      await bench.start();
      await bench.sandbox.push("silent");
      const begin = Date.now();
      await bench.sandbox.change(put("meanwhile.txt"));
      await until("noticed", async () => (await channelOf(bench)).state !== "live");
      assert.ok(Date.now() - begin < 3000, `${Date.now() - begin} ms`);
      await bench.untilEqual({ patience: 5000 });
      const { reconnects_by: causes } = await untilState(bench, "live");
      assert.deepEqual(causes, { server: 0, silence: 1, network: 0, breach: 0 });
    });
  });

  test("a stop does not wait for a farewell that nobody answers (WS-62, F-155)", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await bench.sandbox.push("silent");
      await bench.ok("pause");
      assert.equal((await channelOf(bench)).state, "off");
      const begin = Date.now();
      assert.equal((await bench.stop()).code, 0);
      assert.ok(Date.now() - begin < 4000, `${Date.now() - begin} ms`);
    });
  });

  test("a server that accepts and drops at once is met with a growing delay (F-139)", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await bench.sandbox.resetLog();
      const end = Date.now() + 14_000;
      while (Date.now() < end) {
        if ((await bench.sandbox.stats()).sockets_joined > 0) await bench.sandbox.push("drop_sockets");
        await delay(20);
      }
      const times = (await bench.sandbox.log()).filter((entry) => entry.route === "upgrade").map((entry) => Date.parse(entry.time) || entry.time);
      const gaps = times.slice(1).map((time, i) => time - times[i]);
      assert.ok(gaps.length >= 2 && gaps.length <= 6, `${gaps}`);
      gaps.forEach((gap, i) => assert.ok(gap > 900 * 2 ** i, `gap ${i} is ${gap} ms of ${gaps}`));
    });
  });

  const REFUSALS = [401, 403, 404, 410];
  for (const status of REFUSALS) {
    test(`${status} at the upgrade: a new address is asked for (F-136)`, async () => {
      await withBench({}, async (bench) => {
        await bench.start();
        const asked = await count(bench, "socketIo");
        await bench.sandbox.faults({ route: "upgrade", kind: "status", status, count: 1 });
        await bench.sandbox.push("drop_sockets");
        await bench.sandbox.change(put("meanwhile.txt"));
        await bench.untilEqual();
        await untilState(bench, "live");
        assert.equal(await count(bench, "socketIo"), asked + 1);
      });
    });
  }

  test("429 with Retry-After at the upgrade is honoured (WS-17)", async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await bench.sandbox.faults({ route: "upgrade", kind: "status", status: 429, retry_after: 4, count: 1 });
      await bench.sandbox.push("drop_sockets");
      await until("refused", async () => (await bench.sandbox.log()).some((entry) => entry.status === 429));
      const begin = Date.now();
      await untilState(bench, "live");
      assert.ok(Date.now() - begin >= 3500, `${Date.now() - begin} ms`);
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });

  const RAW = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n";
  const UPGRADES = [
    { name: "a wrong accept key (F-137)", fault: { kind: "wrong_accept" } },
    { name: "a redirect (WS-15)", fault: { kind: "redirect" } },
    { name: "a login page (F-127)", fault: { kind: "html" } },
    { name: "half a head and silence for ever (F-149)", fault: { kind: "raw", base64: Buffer.from(RAW).toString("base64") }, patience: 20_000 },
    { name: "garbage (F-137)", fault: { kind: "raw", base64: Buffer.from("\0\x01\x02\r\n\r\n").toString("base64") } },
    { name: "a reset (F-130)", fault: { kind: "reset" } },
  ];
  for (const { name, fault, patience } of UPGRADES) {
    test(`the upgrade answered by ${name}: polling goes on, push comes back`, async () => {
      await withBench({}, async (bench) => {
        await bench.start();
        await bench.sandbox.faults({ route: "upgrade", count: 1, ...fault });
        await bench.sandbox.push("drop_sockets");
        await bench.sandbox.change(put("meanwhile.txt"));
        await bench.untilEqual({ patience });
        await untilState(bench, "live", patience);
        await bench.sandbox.change(put("after.txt"));
        await bench.untilEqual();
      });
    });
  }

  for (const kind of ["expired", "wrong_host", "unknown_ca", "self_signed"]) {
    test(`the notification host with a bad certificate (${kind}) is never believed (F-126)`, async () => {
      await withBench({}, async (bench) => {
        await bench.sandbox.certificate(kind, "push");
        await bench.start({ live: false });
        const channel = await until("told", async () => {
          const found = await channelOf(bench);
          return found?.message && found;
        });
        assert.match(channel.message, /certificate|trust|name|expired|issuer/i);
        assert.equal((await bench.sandbox.stats()).sockets_joined, 0);
        await bench.sandbox.certificate("good", "push");
        await untilState(bench, "live");
      });
    });
  }
});
