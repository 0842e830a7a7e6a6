// How the wire is shared: between large and small files, with others by a limit, and by which
// version of HTTP.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const MIB = 2 ** 20;

function small(count) {
  return Array.from({ length: count }, (_, i) => ({ op: "put", path: `small/${i}.txt`, content: `${i}` }));
}

function large(count, size) {
  return Array.from({ length: count }, (_, i) => ({ op: "put", path: `large ${i}.bin`, content: { size, seed: i } }));
}

async function ended(bench, folder) {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith(".drive-agent")).length;
}

/** hh:mm, in UTC as the agent is started, `hours` from now. */
function clock(hours) {
  return new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
}

test("HTTP/2 that breaks three times in a minute is left for HTTP/1.1, on that host alone (F-130)", async () => {
  await withBench({ config: { sync: { transfers: 2 } } }, async (bench) => {
    const count = 60;
    await bench.sandbox.change(small(count));
    await bench.sandbox.faults({ route: "download", kind: "stream_reset", every: 4, count: 3 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    const log = await bench.sandbox.log();
    const versions = log.filter((entry) => entry.route === "download").map((entry) => entry.http);
    assert.equal(versions[0], "2.0");
    assert.deepEqual([...new Set(versions.slice(-count / 2))], ["1.1"]);
    await bench.ok("sync-now");
    assert.equal((await bench.sandbox.log()).filter((entry) => entry.route === "delta").at(-1).http, "2.0");
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});

test("large files leave room for small ones, and the limit of the hour holds (F-108)", async () => {
  /* The rule of another hour would take a day for this. */
  const rules = `${clock(-2)}-${clock(2)}=2M ${clock(3)}-${clock(5)}=1K`;
  await withBench({ config: { sync: { transfers: 4, bandwidth_limit: rules } } }, async (bench) => {
    await bench.sandbox.change([...large(4, 3 * MIB), ...small(100)]);
    const began = Date.now();
    await bench.start({ live: false });
    await until("all small files are there", async () => (await ended(bench, bench.file("small"))) === 100);
    assert.ok((await ended(bench, bench.folder)) < 4 + 1, "not all of the large files are");
    await bench.untilEqual();
    const seconds = (Date.now() - began) / 1000;
    assert.ok(seconds >= 4, `12 MiB at 2 MiB a second took ${seconds} s`);
    await bench.stop();
  });
});

/** How many of `entries` were under way when the one at `index` came. */
function overlap(entries, index) {
  const { time } = entries[index];
  return entries.filter((entry) => entry.time <= time && entry.time + entry.ms > time).length;
}

test("a content host that asks to wait is left alone, then asked by one, then by more (F-110)", async () => {
  await withBench({ config: { sync: { transfers: 8 } }, settings: { latency_ms: { download: 40 } } }, async (bench) => {
    await bench.sandbox.change(small(150));
    await bench.sandbox.faults({ route: "download", kind: "status", status: 429, retry_after: 1, after: 20, count: 4 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    const log = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
    const last = Math.max(...log.filter((entry) => entry.status === 429).map((entry) => entry.time));
    const after = log.filter((entry) => entry.time > last + 900);
    assert.ok(!log.some((entry) => entry.time > last + 100 && entry.time <= last + 900), "nothing is asked inside the wait");
    assert.ok(overlap(after, 1) <= 2, `${overlap(after, 1)} at once after the wait`);
    const most = Math.max(...after.map((_, i) => overlap(after, i)));
    assert.ok(most >= 5 && most <= 8, `${most} at once in the end`);
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});
