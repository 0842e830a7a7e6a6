/** Large files, alone, at once, and among small ones: limited by the wire and the disk. */
import { rm } from "node:fs/promises";

import { byTurns } from "../measure.mjs";
import { mirrorOnce, settleDisk, withService } from "../service.mjs";

const MIB = 2 ** 20;

function largeFiles(count, size) {
  return Array.from({ length: count }, (_, i) => ({ op: "put", path: `large/${i}.bin`, content: { size, seed: i + 1 } }));
}

export async function run(report, { full, repeat }) {
  const many = full ? 20 : 8;
  const one = full ? 4096 : 512;
  await compare(report, { repeat, what: `${many} × 50 MiB`, ops: largeFiles(many, 50 * MIB), goal: { min: 0.9 } });
  await compare(report, { repeat, what: `one of ${one} MiB`, ops: largeFiles(1, one * MIB), goal: { min: 0.9 } });
  await compare(report, { repeat, what: `mixed: 1000 × 4 KiB, 4 × 50 MiB`, ops: largeFiles(4, 50 * MIB), small: 1000 });
}

function compare(report, { repeat, what, ops, small = 0, goal }) {
  return withService({}, async (service) => {
    await service.sandbox.change(ops, { notify: false });
    if (small > 0) await service.sandbox.bulk({ count: small, folders: 10, depth: 1, size: 4096, notify: false });
    const addresses = await service.addresses();
    const bytes = ops.reduce((sum, op) => sum + op.content.size, small * 4096);
    const perFile = await service.ceiling(addresses, 8);
    const [floor, agent] = await byTurns(
      repeat,
      async () => {
        await settleDisk();
        return service.curl(addresses, { parallel: 8, sync: true, keep: false });
      },
      () => mirrorOnce(service, {}, (bench) => rm(bench.folder, { recursive: true })),
    );
    report.add({
      what,
      agent: bytes / MIB / agent.seconds,
      unit: "MiB/s",
      floor: bytes / MIB / floor.seconds,
      ratio: floor.seconds / agent.seconds,
      goal,
      ceiling: (perFile * bytes) / addresses.length / MIB,
      peak_rss_kib: agent.peak_rss_kib,
      cpu_seconds: agent.cpu,
      floor_cpu_seconds: floor.cpu,
    });
  });
}
