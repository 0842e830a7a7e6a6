// The folder itself moves, goes or is replaced while the agent runs (failure model, E).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const FILES = Array.from({ length: 20 }, (_, i) => ({ op: "put", path: `d${i % 3}/f${i}.txt`, content: `${i}` }));

const AGENT = path.resolve(process.env.AGENT ?? "build/agent/agent");

async function startWatching(bench, how) {
  await bench.start(how);
  await until("the check has ended", async () => /held against the disk in \d+ ms/.test(bench.log));
}

async function mirror(bench) {
  return (await bench.status()).mirrors[0];
}

/* What v_problems says of the mirror as a whole. */
async function wholeProblems(bench) {
  const rows = await bench.query("select failure from v_problems where path is null");
  return rows.map((row) => row.failure);
}

/* Nothing happens on the drive meanwhile: only the watch can tell. */
const GONE = [
  { name: "the folder moves away", folder: "Drive", moves: "Drive", approve: false },
  { name: "a folder above it moves away", folder: "above/and/Drive", moves: "above", approve: true },
];

for (const row of GONE) {
  test(`${row.name}: told at once, and it goes on ${row.approve ? "there after a person's word" : "by itself when it is back"} (F-57, F-59)`, async () => {
    await withBench({ add: false }, async (bench) => {
      bench.folder = path.join(bench.home, row.folder);
      const moves = path.join(bench.home, row.moves);
      await bench.sandbox.change(FILES);
      await bench.add();
      await startWatching(bench);
      await rename(moves, `${moves}.away`);
      const shown = await untilGuarded(bench);
      assert.equal(shown.failure, 59);
      assert.deepEqual(await wholeProblems(bench), ["F-59"]);
      for (const words of [["sync-now"], ["sync-now", "--full"], ["sync-now", "--dry-run"]]) {
        const { code, stderr } = await bench.run(...words);
        assert.equal(code, 8, `${words.join(" ")} with nothing to do ends with ${code}`);
        assert.match(stderr, /F-59 .*was moved to/);
        assert.equal((await mirror(bench)).failure, 59, "and it is still known");
      }
      await bench.sandbox.change({ op: "delete", path: "d0" });
      assert.equal((await readdir(`${moves}.away`, { recursive: true })).filter((name) => name.endsWith(".txt")).length, FILES.length, "nothing is touched");
      if (row.approve) {
        bench.folder = bench.folder.replace(row.moves, `${row.moves}.away`);
        await bench.ok("approve");
        assert.ok((await readFile(bench.configFile, "utf8")).includes(`folder = ${bench.folder}\n`));
      } else await rename(`${moves}.away`, moves);
      await bench.untilEqual({ patience: 10_000 });
      await until("it is idle", async () => (await mirror(bench)).state === "idle");
      assert.deepEqual(await wholeProblems(bench), []);
    });
  });
}

const UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"];
const mayMount = spawnSync(UNSHARE[0], [...UNSHARE.slice(1), "mount", "-t", "tmpfs", "none", "/tmp"]).status === 0;

test("another file system over the folder is told at once, and goes on when it is gone (F-58)", { skip: !mayMount && "mounts are not allowed here" }, async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    const program = path.join(bench.home, "agent-apart");
    await writeFile(program, `#!/bin/sh\nexec ${UNSHARE.join(" ")} -- '${AGENT}' "$@"\n`, { mode: 0o755 });
    await startWatching(bench, { program });
    const inside = (...words) => {
      const done = spawnSync("nsenter", ["--target", `${bench.child.pid}`, "--user", "--mount", "--", ...words], { encoding: "utf8" });
      assert.equal(done.status, 0, done.stderr);
    };
    inside("mount", "-t", "tmpfs", "none", bench.folder);
    assert.equal((await untilGuarded(bench)).failure, 58);
    await bench.sandbox.change({ op: "delete", path: "d0" });
    inside("umount", bench.folder);
    await bench.untilEqual({ patience: 10_000 });
  });
});

async function untilGuarded(bench) {
  return until("a person's word is wanted", async () => {
    const shown = await mirror(bench);
    return shown.state === "guard" && shown;
  });
}

test("a copy in place of the folder is taken up after a person's word, without a restart (F-60)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.start();
    await rename(bench.folder, `${bench.folder}.old`);
    await cp(`${bench.folder}.old`, bench.folder, { recursive: true, preserveTimestamps: true });
    await writeFile(bench.file("d0/f0.txt"), "mine");
    await bench.sandbox.change({ op: "put", path: "new.txt", content: "new" });
    await untilGuarded(bench);
    await assert.rejects(bench.read("new.txt"), "nothing is written meanwhile");
    const before = await bench.sandbox.counts();
    await bench.ok("approve");
    await until("the new file", async () => (await bench.read("new.txt")) === "new");
    await bench.untilEqual({ except: ["f0.txt"] });
    assert.equal(await bench.read("d0/f0.txt"), "mine");
    const after = await bench.sandbox.counts();
    assert.ok((after.download ?? 0) - (before.download ?? 0) <= 1, "what stood there is not fetched again");
    assert.equal((await mirror(bench)).state, "idle");
    /* The new folder is checked and watched as the old one was. */
    const edited = (count) => until(`${count} edits are noted`, async () => (await mirror(bench)).local_only === count);
    await edited(1);
    await writeFile(bench.file("d1/f1.txt"), "mine");
    await edited(2);
  });
});

test("a person's word counts for what stands there then, and not for a copy that comes later (F-60)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.start();
    await bench.untilEqual();
    await cp(bench.folder, `${bench.folder}.copy`, { recursive: true, preserveTimestamps: true });
    await rename(bench.folder, `${bench.folder}.old`);
    await untilGuarded(bench);
    await rm(`${bench.folder}.old`, { recursive: true });
    await bench.run("approve");
    assert.equal((await untilGuarded(bench)).failure, 57, "there is nothing to be right");
    await rename(`${bench.folder}.copy`, bench.folder);
    await bench.sandbox.change({ op: "put", path: "new.txt", content: "new" });
    const result = await bench.run("sync-now", "--timeout", "5s");
    assert.equal(result.code, 8, result.stderr);
    await assert.rejects(bench.read("new.txt"), "nothing is written");
    assert.equal((await untilGuarded(bench)).failure, 60);
    await bench.stop();
    assert.equal((await mirror(bench)).state, "guard", "without an agent as well");
    await bench.start({ live: false });
    await until("it runs", async () => (await bench.status()).running);
    assert.equal((await untilGuarded(bench)).failure, 60);
    await bench.ok("approve");
    await bench.untilEqual();
  });
});
