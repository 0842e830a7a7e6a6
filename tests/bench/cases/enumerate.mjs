/** Generated delta pages into durable rows; floors: the bare JSON parser, and a bare insert of the same values. */
import path from "node:path";

import { BUILD, measured } from "../measure.mjs";

const TOOLS = path.join(BUILD, "tests/bench");

export async function run(report, { full }) {
  const items = full ? 1_000_000 : 200_000;
  const cost = await measured([path.join(TOOLS, "bench_enumerate"), String(items)]);
  if (cost.code !== 0) throw new Error(cost.stderr);
  const found = JSON.parse(cost.stdout);
  report.add({
    what: `${items} items, pages to rows`,
    agent: found.items_per_cpu_second,
    unit: "items/CPU s",
    floor: found.floor_items_per_cpu_second,
    ratio: found.items_per_cpu_second / found.floor_items_per_cpu_second,
    judged: found.items_per_cpu_second,
    goal: { min: 40_000 },
    peak_rss_kib: found.peak_rss_kib,
    parse_items_per_cpu_second: found.parse_items_per_cpu_second,
  });
  report.add({ what: "bytes a row on disk", agent: found.bytes_per_row, unit: "bytes", judged: found.bytes_per_row, goal: { max: 300 } });
  report.add({ what: "peak of memory", agent: found.peak_rss_kib / 1024, unit: "MiB", judged: found.peak_rss_kib / 1024, goal: { max: 64 } });
}
