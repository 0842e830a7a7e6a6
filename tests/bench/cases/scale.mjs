/**
 * What must not grow with the drive: a round that finds nothing, one change, the rename of a folder above everything,
 * idling, and the start; on mirrors of growing size.
 */
import { renameSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { until } from "../../support/agent.mjs";
import { difference, measured, median, memory, spent } from "../measure.mjs";
import { prefill } from "../prefill.mjs";
import { withService } from "../service.mjs";

const QUIET_MS = 250;
const TIMES = 10; /* of each action: an even number brings the folder back to its name */
const PING_MS = 5000;

export async function run(report, { full, items: wanted }) {
  const sizes = wanted ?? (full ? [1000, 10_000, 100_000, 1_000_000] : [1000, 10_000]);
  let smallest;
  for (const items of sizes) {
    const settings = { notify_delay_ms: [0, 0], ping_interval_ms: PING_MS, ping_timeout_ms: PING_MS };
    const found = await withService(settings, (service) => oneSize(service, items, full));
    smallest ??= found;
    tell(report, items, found, smallest);
  }
}

async function oneSize(service, items, full) {
  const { sandbox } = service;
  const bench = await service.home();
  const name = await prefill({ sandbox, folder: bench.folder }, { top: "All", count: items, size: 64 });
  await bench.ok("sync-now", "--timeout", "60m");
  const start = await measureStart(service, bench);
  await bench.start({ words: [] });
  const { pid } = bench.child;
  const noop = await repeated(service, pid, async () => void (await bench.ok("sync-now")));
  let size = 100;
  const made = [];
  const change = await repeated(service, pid, async () => {
    size++;
    const [{ time }] = await sandbox.change({ op: "put", path: name, content: { size, seed: size } });
    made.push(time);
    await until("the change has arrived", async () => (await stat(bench.file(name))).size === size);
  });
  change.ms = median(await agesOf(bench, made));
  const rename = await measureRename(service, bench, name);
  const idle = await measureIdle(pid, full ? 120_000 : 20_000);
  await bench.stop();
  return { start, noop, change, rename, idle };
}

/** Waits until the process has done nothing for a while; answers when its last work was seen. */
async function untilQuiet(pid) {
  let last = Date.now();
  for (let before = spent(pid).cpu; Date.now() - last < QUIET_MS; await delay(10)) {
    const now = spent(pid).cpu;
    if (now - before > 0.001) last = Date.now();
    before = now;
  }
  return last;
}

async function cost(service, pid, action) {
  await untilQuiet(pid);
  await service.sandbox.resetLog();
  const before = spent(pid);
  const start = process.hrtime.bigint();
  await action();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  await untilQuiet(pid);
  const counts = await service.sandbox.counts();
  const requests = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { ...difference(before, spent(pid)), seconds, requests };
}

/** The median of each figure over some repetitions; the first one only warms up. */
async function repeated(service, pid, action) {
  const runs = [];
  for (let i = 0; i < TIMES; i++) runs.push(await cost(service, pid, action));
  const rest = runs.slice(1);
  return Object.fromEntries(Object.keys(rest[0]).map((name) => [name, median(rest.map((one) => one[name]))]));
}

/** Milliseconds from each of the last changes to the moment at which the agent had it on the disk. */
async function agesOf(bench, made) {
  const done = "strftime('%s', done_at) * 1000 + substr(done_at, 21, 3)";
  const rows = await bench.query(`select ${done} as done from v_history where operation = 'update' order by done desc limit ${made.length}`);
  return made.map((time, i) => rows[made.length - 1 - i].done - time);
}

const NAMES = ["All", "Everything"];

async function measureRename(service, bench, name) {
  const { ino } = await stat(bench.file(name));
  const rows = async () => (await bench.query("select count(*) as n from v_history where operation = 'move'"))[0].n;
  let [from, to] = NAMES;
  const renamed = await repeated(service, bench.child.pid, async () => {
    await service.sandbox.change({ op: "rename", path: from, name: to });
    await until("the folder is renamed", () => stat(bench.file(to)));
    [from, to] = [to, from];
  });
  if ((await stat(bench.file(name))).ino !== ino) throw new Error("a file below the folder is another one now");
  const steps = (await rows()) / TIMES;
  const start = process.hrtime.bigint();
  renameSync(bench.file("All"), bench.file("Elsewhere"));
  const floor = Number(process.hrtime.bigint() - start) / 1e9;
  renameSync(bench.file("Elsewhere"), bench.file("All"));
  return { ...renamed, floor, steps };
}

/** Where the agent says at the end of its check how long it took. */
const CHECKED = /held against the disk in (\d+) ms/;

/** The channel first, then all files held against the records; floor: find, one process a core, with a stat of each. */
async function measureStart(service, bench) {
  const walk = 'find "$1" -mindepth 2 -maxdepth 2 -print0 | xargs -0 -P 2 -n 16 sh -c \'find "$@" -newermt 2100-01-01\' sh';
  const runs = [];
  for (let i = 0; i < 4; i++) {
    const floor = await measured(["sh", "-c", walk, "sh", bench.folder]);
    const begin = Date.now();
    bench.log = "";
    const child = await bench.start({ live: false, words: ["-vv"] });
    await until("the channel is live", async () => (await service.sandbox.stats()).sockets_joined > 0);
    const live = (Date.now() - begin) / 1000;
    await until("all is checked", () => CHECKED.test(bench.log), 600_000);
    const checked = Number(CHECKED.exec(bench.log)[1]) / 1000;
    runs.push({ live, checked, floor: floor.seconds, peak: memory(child.pid).peak_rss_kib });
    await bench.stop();
    await until("the channel is gone", async () => (await service.sandbox.stats()).sockets_joined === 0);
  }
  const rest = runs.slice(1); /* the first one only warms up */
  return Object.fromEntries(Object.keys(rest[0]).map((key) => [key, median(rest.map((one) => one[key]))]));
}

const REST_MS = 3000; // the store tidies up some moments after work

async function measureIdle(pid, window) {
  await delay(REST_MS);
  await untilQuiet(pid);
  const before = spent(pid);
  await delay(window);
  const { wakeups, written_bytes, cpu } = difference(before, spent(pid));
  return { ...memory(pid), wakeups, written_bytes, cpu, beats: window / PING_MS };
}

function tell(report, items, found, smallest) {
  const { start, noop, change, rename, idle } = found;
  const memoryOf = { peak_rss_kib: idle.peak_rss_kib };
  const add = (what, agent, unit, goal, more = {}) => report.add({ what: `${items}: ${what}`, agent, unit, goal, judged: agent, ...more });
  const compared = (what, agent, unit, floor) => add(what, agent, unit, { max: 1.2 }, { floor, ratio: agent / floor, judged: agent / floor });

  add("start, channel live", start.live, "s", { max: 1 });
  const ratio = start.checked / start.floor;
  add("start, all checked", start.checked, "s", { max: 1.5 }, { floor: start.floor, ratio, judged: ratio, peak_rss_kib: start.peak });
  add("no-op round, CPU", noop.cpu * 1000, "ms", { max: 20 });
  add("no-op round, requests", noop.requests, "", { max: 1 });
  add("no-op round, written", noop.written_bytes, "bytes", { max: 0 });
  compared("one change, CPU", change.cpu * 1000, "ms", smallest.change.cpu * 1000);
  compared("one change, time", change.ms, "ms", smallest.change.ms);
  compared("one change, requests", change.requests, "", smallest.change.requests);
  compared("one change, written", change.handed_bytes / 1024, "KiB", smallest.change.handed_bytes / 1024);
  compared("folder rename, CPU", rename.cpu * 1000, "ms", smallest.rename.cpu * 1000);
  add("folder rename, rows of history", rename.steps, "", { max: 1 });
  add("folder rename, time", rename.seconds * 1000, "ms", undefined, { floor: rename.floor * 1000, ratio: rename.seconds / rename.floor });
  add("idle, anonymous memory", idle.anonymous_kib / 1024, "MiB", { max: items > 100_000 ? 12 : 8 }, memoryOf);
  add("idle, resident", idle.rss_kib / 1024, "MiB", { max: 24 }, memoryOf);
  add("idle, wake-ups a heartbeat", idle.wakeups / idle.beats, "", { max: 2 });
  add("idle, written", idle.written_bytes, "bytes", { max: 0 });
}
