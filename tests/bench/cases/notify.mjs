/** From another device's change to the file, durable under its name: the agent's own record of when it was done. */
import { setTimeout as delay } from "node:timers/promises";

import { until } from "../../support/agent.mjs";
import { memory, percentile } from "../measure.mjs";
import { withService } from "../service.mjs";

const PAUSE_MS = 250; // four changes a second

export async function run(report, { full }) {
  const count = full ? 1000 : 100;
  const fast = await changes(count, 0);
  const shared = { unit: "ms", peak_rss_kib: fast.peak_rss_kib };
  report.add({ what: `${count} changes of 4 KiB, p50`, agent: percentile(fast.times, 0.5), judged: percentile(fast.times, 0.5), goal: { max: 8 }, ...shared });
  report.add({ what: `${count} changes of 4 KiB, p99`, agent: percentile(fast.times, 0.99), judged: percentile(fast.times, 0.99), goal: { max: 40 }, ...shared });
  const slow = await changes(20, 50);
  const trips = percentile(slow.times, 0.5) / 50;
  report.add({ what: "20 changes, 50 ms a request, p50", agent: trips, unit: "round trips", judged: trips, goal: { max: 3 } });
}

/** Times in ms of `count` single changes, with `latency` ms added to every answer. */
function changes(count, latency) {
  return withService({ notify_delay_ms: [0, 0] }, async (service) => {
    const { sandbox } = service;
    await sandbox.bulk({ count: 200, folders: 10, depth: 2, size: 4096, notify: false });
    const bench = await service.home();
    await bench.ok("sync-now");
    await bench.start({ words: [] });
    await service.latency(latency);
    const made = [];
    for (let i = 0; i < count; i++) {
      const [result] = await sandbox.change({ op: "put", path: `Watched/note ${i % 10}.txt`, content: { size: 4096, seed: i + 1 } });
      made.push(result.time);
      await delay(PAUSE_MS + (i * 7) % 20);
    }
    const done = await until("all changes have arrived", async () => {
      const rows = await bench.query("select strftime('%s', done_at) * 1000 + substr(done_at, 21, 3) as done from v_history where path like 'Watched/%' order by done");
      return rows.length >= count && rows.map((row) => row.done);
    });
    const times = made.map((time, i) => done[done.length - count + i] - time);
    const { peak_rss_kib } = memory(bench.child.pid);
    await bench.stop();
    return { times, peak_rss_kib };
  });
}
