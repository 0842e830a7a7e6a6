/** The content hash; floor: copying the same bytes. */
import path from "node:path";

import { BUILD, succeed } from "../measure.mjs";

export async function run(report) {
  const found = JSON.parse((await succeed([path.join(BUILD, "tests/bench/bench_quickxor")])).stdout);
  report.add({
    what: "QuickXorHash",
    agent: found.gb_per_s,
    unit: "GB/s",
    floor: found.memcpy_gb_per_s,
    ratio: found.ratio,
    judged: found.gb_per_s,
    goal: { min: 5 },
  });
}
