// kill -9 at random moments, and start again: right in the end, and nothing that was
// already placed is fetched twice (F-01, F-02, F-03). The seed is printed; KILL_SEED runs
// one again.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { until, withBench } from "../support/agent.mjs";

const LONG = process.env.TEST_LONG === "1";
const KILLS = LONG ? 1000 : 100;

function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env.KILL_SEED ?? Date.now() % 2 ** 31);
const random = seeded(seed);
const pick = (list) => list[Math.floor(random() * list.length)];

/** What another device may do next, on a model of names that are there. */
function nextOps(model) {
  const ops = [];
  const count = 1 + Math.floor(random() * 12);
  for (let i = 0; i < count; i++) {
    const names = [...model];
    const fresh = `f${Math.floor(random() * 4)}/n${Math.floor(random() * 60)}`;
    const dice = random();
    if (dice < 0.5 || names.length < 5) {
      ops.push({ op: "put", path: fresh, content: { size: Math.floor(random() ** 3 * 900_000), seed: Math.floor(random() * 1e6) } });
      model.add(fresh);
    } else if (dice < 0.75 && !model.has(fresh)) {
      const from = pick(names);
      ops.push({ op: "move", path: from, to: fresh });
      model.delete(from);
      model.add(fresh);
    } else {
      const gone = pick(names);
      ops.push({ op: "delete", path: gone });
      model.delete(gone);
    }
  }
  return ops;
}

test(`${KILLS} kills at random moments, seed ${seed}`, { timeout: LONG ? 7_200_000 : 600_000 }, async () => {
  await withBench({ config: { sync: { big_delete_threshold: 100000 } } }, async (bench) => {
    const model = new Set();
    for (let i = 0; i < 8; i++) await bench.sandbox.change(nextOps(model));
    for (let i = 0; i < KILLS; i++) {
      await bench.sandbox.change(nextOps(model));
      const child = await bench.start({ live: false, words: [] });
      await delay(40 + random() * 400);
      child.kill("SIGKILL");
      await bench.ended;
    }
    bench.child = undefined;
    await bench.ok("sync-now", "--allow-big-delete");
    assert.deepEqual(await bench.differences(), []);
    assert.match((await bench.ok("inspect", "check")).stdout, /whole/);
    assert.deepEqual(await bench.query("select * from v_conflicts"), [], "a kill is no edit (F-03)");
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
    assert.deepEqual(downloads, [], "nothing is fetched twice");
  });
});

test("what was placed before a kill is not fetched again, and the interruption is told once (F-01)", async () => {
  await withBench({ config: { sync: { transfers: 2 } } }, async (bench) => {
    const files = Array.from({ length: 300 }, (_, i) => ({ op: "put", path: `d/${i}.bin`, content: { size: 20_000, seed: i } }));
    await bench.sandbox.change(files);
    const placed = () => readdir(bench.file("d")).then((names) => names.length, () => 0);
    for (let i = 0; i < 4; i++) {
      const child = await bench.start({ live: false, words: [] });
      await until("some files are placed", async () => (await placed()) >= (i + 1) * 20);
      child.kill("SIGKILL");
      await bench.ended;
    }
    bench.child = undefined;
    const told = /F-01 resumed after an interruption/;
    assert.match((await bench.ok("sync-now", "-v")).stderr, told);
    assert.doesNotMatch((await bench.ok("sync-now", "-v")).stderr, told, "once");
    assert.deepEqual(await bench.differences(), []);
    const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
    /* Only what was in flight at a kill may be asked for again: the batch that was being placed and the next, 48 files each. */
    assert.ok(downloads.length <= files.length + 4 * 96, `${downloads.length} downloads of ${files.length} files`);
  });
});

test("SIGTERM ends in good order, within five seconds (F-155)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 200 }, (_, i) => ({ op: "put", path: `d/${i}.bin`, content: { size: 100_000, seed: i } })));
    await bench.start({ live: false });
    await delay(600);
    const begin = Date.now();
    assert.deepEqual(await bench.stop("SIGTERM"), { code: 0, signal: null });
    assert.ok(Date.now() - begin < 5000);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});
