// An idle agent does nothing but answer the heartbeat: no wake-ups of its own, no write to
// the disk, no descriptor more than before, and hardly any time of the processor.

import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { HIDDEN, withBench } from "../support/agent.mjs";

const LONG = process.env.TEST_LONG === "1";
const SECONDS = LONG ? 600 : 12;
const PING_MS = LONG ? 25_000 : 2_000;
/* 0.02 % of the processor with the service's usual 25 s between pings. */
const CPU_MS_PER_HEARTBEAT = 5;

async function facts(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const io = await readFile(`/proc/${pid}/io`, "utf8");
  const schedule = await readFile(`/proc/${pid}/schedstat`, "utf8");
  return {
    cpuMs: Number(schedule.split(" ")[0]) / 1e6,
    wakeups: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]),
    written: Number(/^write_bytes: (\d+)/m.exec(io)[1]),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
  };
}

test(`idle for ${SECONDS} s: at most two wake-ups a heartbeat, no disk write, 0.02 % of the processor`, { skip: HIDDEN, timeout: (SECONDS + 60) * 1000 }, async () => {
  await withBench({ settings: { ping_interval_ms: PING_MS } }, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 100 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
    const { pid } = await bench.start({ words: [] });
    /* Connections that the first mirror left open are closed by the server first. */
    await delay(8000);
    const before = await facts(pid);
    const database = await stat(bench.database);
    await delay(SECONDS * 1000);
    const after = await facts(pid);
    const heartbeats = (SECONDS * 1000) / PING_MS + 1;
    const cpuMs = after.cpuMs - before.cpuMs;
    assert.ok(cpuMs <= CPU_MS_PER_HEARTBEAT * heartbeats, `${cpuMs} ms in ${heartbeats} heartbeats`);
    assert.ok(after.wakeups - before.wakeups <= 2 * heartbeats, `${after.wakeups - before.wakeups} wake-ups in ${heartbeats} heartbeats`);
    assert.equal(after.written, before.written);
    assert.ok(after.descriptors <= before.descriptors);
    assert.equal((await stat(bench.database)).mtimeMs, database.mtimeMs);
  });
});
