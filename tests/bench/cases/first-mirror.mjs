/** The first mirror of many small files, at no, 30 and 50 ms added to every answer. */
import { readdir } from "node:fs/promises";

import { byTurns } from "../measure.mjs";
import { rcloneOnce } from "../rclone.mjs";
import { mirrorOnce, settleDisk, withService } from "../service.mjs";

const SIZE = 4096;
const RSS_MIB = 40;

export function run(report, { full, repeat }) {
  const count = full ? 10_000 : 3000;
  const turns = [
    { latency: 0, parallel: 8, transfers: 8, goal: { min: 0.6 } },
    { latency: 30, parallel: 16, transfers: 16, goal: { min: 0.9 } },
    { latency: 50, parallel: 8, transfers: 8, limit: 8 / 0.05, goal: { min: 0.9 } },
    { latency: 50, parallel: 100, transfers: 100, rate: 1000 },
  ];
  return withService({}, async (service) => {
    await service.sandbox.bulk({ count, folders: Math.ceil(count / 100), depth: 3, size: SIZE, notify: false });
    const addresses = await service.addresses();
    for (const turn of turns) await oneTurn(report, service, { ...turn, addresses, repeat });
    await againstRclone(report, { count, repeat: 1 });
  });
}

async function oneTurn(report, service, { latency, parallel, transfers, goal, limit, rate, addresses, repeat }) {
  const count = addresses.length;
  await service.latency(latency);
  const [floor, agent] = await byTurns(
    repeat,
    async () => {
      await settleDisk();
      return service.curl(addresses, { parallel });
    },
    () => mirrorOnce(service, { sync: { transfers } }, (bench) => checkCount(bench, count)),
  );
  const perSecond = count / agent.seconds;
  const reference = limit ?? count / floor.seconds;
  report.add({
    what: `${count} × 4 KiB, ${latency} ms, transfers ${transfers}${limit ? ", floor transfers/latency" : ""}`,
    agent: perSecond,
    unit: "files/s",
    floor: reference,
    ratio: perSecond / reference,
    goal: rate ? { min: rate } : goal,
    judged: rate ? perSecond : perSecond / reference,
    ceiling: count / agent.server_cpu, // pages, hashes and addresses cost it more than the contents that curl asks for
    peak_rss_kib: agent.peak_rss_kib,
    cpu_seconds: agent.cpu,
    floor_cpu_seconds: floor.cpu,
    curl_files_per_second: count / floor.seconds,
  });
  const peak = agent.peak_rss_kib / 1024;
  report.add({ what: `${count} × 4 KiB, ${latency} ms, transfers ${transfers}: peak of memory`, agent: peak, unit: "MiB", judged: peak, goal: { max: RSS_MIB } });
}

/** rclone knows one service only: it is met in a network of its own, where we are that service. */
async function againstRclone(report, { count }) {
  const found = await rcloneOnce({ count, size: SIZE });
  if (found === undefined) return;
  const own = report.rows.find((row) => row.case === "first-mirror");
  report.add({
    what: `the same by rclone at its defaults`,
    agent: own.agent,
    unit: "files/s",
    floor: count / found.seconds,
    ratio: own.agent / (count / found.seconds),
    goal: { min: 5 },
    peak_rss_kib: own.peak_rss_kib,
    rclone_peak_rss_kib: found.peak_rss_kib,
  });
}

async function checkCount(bench, count) {
  const entries = await readdir(bench.folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.path.includes(".drive-agent"));
  if (files.length !== count) throw new Error(`the mirror has ${files.length} of ${count} files`);
}
