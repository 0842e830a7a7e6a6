/** Whether the agent answers while it works in proportion to the drive: `status` while the filters change, against one that idles. */
import { setTimeout as delay } from "node:timers/promises";

import { median, memory } from "../measure.mjs";
import { prefill } from "../prefill.mjs";
import { withService } from "../service.mjs";

const IDLE_ASKS = 20;
const PAUSE_MS = 10;

export async function run(report, { full, items: wanted }) {
  for (const items of wanted ?? [full ? 100_000 : 10_000]) await withService({}, (service) => oneSize(report, service, items));
}

/** Milliseconds from the command to its answer. */
async function ask(bench) {
  const start = process.hrtime.bigint();
  await bench.ok("status", "--json");
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** Milliseconds of every `status` until `work` has ended. */
async function asksDuring(bench, work) {
  const times = [];
  let isDone = false;
  const end = work.finally(() => (isDone = true));
  for (; !isDone; await delay(PAUSE_MS)) times.push(await ask(bench));
  await end;
  return times;
}

async function oneSize(report, service, items) {
  const bench = await service.home();
  const mirror = { folder: bench.folder, drive: "me" };
  await prefill({ sandbox: service.sandbox, folder: bench.folder }, { top: "All", count: items, size: 16 });
  await bench.ok("sync-now", "--timeout", "60m");
  await bench.start({ words: [] });
  const idle = [];
  for (let i = 0; i < IDLE_ASKS; i++) idle.push(await ask(bench));
  const floor = median(idle);
  for (const [what, filter] of [["are left out", { exclude: "All" }], ["are let in again", {}]]) {
    await bench.writeConfig({ "mirror main": { ...mirror, ...filter } });
    await bench.stop();
    await bench.start({ words: [], live: false });
    const slowest = Math.max(...(await asksDuring(bench, bench.ok("sync-now"))));
    const { peak_rss_kib } = memory(bench.child.pid);
    report.add({ what: `slowest answer while ${items} items ${what}`, agent: slowest, unit: "ms", floor, ratio: slowest / floor, goal: { max: 10 }, peak_rss_kib });
  }
  await bench.stop();
}
