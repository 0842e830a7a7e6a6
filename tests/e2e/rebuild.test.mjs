// The state is lost beside a large folder: rebuilt from what stands there, without one
// download, in little memory, and answering people meanwhile (F-61, F-62, F-91).

import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { AGENT, HIDDEN, until, withBench } from "../support/agent.mjs";

const LONG = process.env.TEST_LONG === "1";
const FILES = LONG ? 100_000 : 2000;
const PATIENCE_MS = LONG ? 1_200_000 : 120_000;
const IS_SANITIZED = (await readFile(AGENT)).includes("__asan_init");
/* A process for each question, beside others: what keeps the loop takes longer still. */
const ANSWER_MS = 2000;
const MEMORY_KIB = 96 * 1024;

async function lose(bench) {
  for (const name of await readdir(bench.stateDir)) if (name.startsWith("state.db")) await rm(path.join(bench.stateDir, name));
}

test(`the state of ${FILES} files is rebuilt without a download`, { skip: HIDDEN, timeout: 3 * PATIENCE_MS }, async (t) => {
  await withBench({ settings: { page_size: 1000 } }, async (bench) => {
    await bench.sandbox.bulk({ count: FILES, folders: FILES / 50, depth: 3, size: 300, notify: false });
    await bench.ok("sync-now", "--timeout", "30m");
    await lose(bench);
    await bench.sandbox.resetLog();
    const begin = Date.now();
    await bench.start({ live: false, words: [] });
    let slowest = 0;
    await until(
      "all is known again",
      async () => {
        const asked = Date.now();
        const [mirror] = (await bench.status()).mirrors;
        slowest = Math.max(slowest, Date.now() - asked);
        return mirror.state === "idle" && mirror.items >= FILES && mirror.waiting === 0;
      },
      PATIENCE_MS,
    );
    const ms = Date.now() - begin;
    const peak = Number(/^VmHWM:\s+(\d+)/m.exec(await readFile(`/proc/${bench.child.pid}/status`, "utf8"))[1]);
    t.diagnostic(`${FILES} files in ${ms} ms, the slowest answer took ${slowest} ms, peak ${Math.round(peak / 1024)} MiB`);
    const routes = (await bench.sandbox.log()).map((entry) => entry.route);
    assert.deepEqual(routes.filter((route) => ["download", "content", "item"].includes(route)), []);
    assert.ok(slowest < ANSWER_MS, `an answer took ${slowest} ms`);
    if (!IS_SANITIZED) assert.ok(peak < MEMORY_KIB, `${peak} KiB`);
    assert.deepEqual(await bench.query("select * from v_conflicts"), []);
    assert.equal((await bench.query("select count(*) as n from v_problems"))[0].n, 0);
    assert.deepEqual(await bench.differences(), []);
  });
});
