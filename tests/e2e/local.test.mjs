// What people change in the folder is noticed while the agent runs, and recorded as theirs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { access, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { HIDDEN, until, withBench } from "../support/agent.mjs";

const START = [
  ...Array.from({ length: 12 }, (_, i) => ({ op: "put", path: `docs/f${i}.txt`, content: `content ${i}` })),
  { op: "put", path: "docs/deep/er/a.txt", content: "deep" },
  { op: "mkdir", path: "empty" },
];

async function item(bench, path) {
  return (await bench.query(`select * from v_items where path = '${path}'`))[0];
}

async function untilItem(bench, path, problem) {
  return until(`${path}: ${problem}`, async () => {
    const row = await item(bench, path);
    if (row?.problem === problem) return row;
    throw new Error(JSON.stringify(row));
  });
}

async function untilLocalOnly(bench, count) {
  await until(`${count} items are local-only`, async () => {
    const shown = (await bench.status()).mirrors[0].local_only;
    if (shown === count) return true;
    throw new Error(`${shown}`);
  });
}

/** Runs until the folder is watched: each folder is before it is checked. */
async function startWatching(bench, how) {
  await bench.start(how);
  await until("the check has ended", async () => /held against the disk in \d+ ms/.test(bench.log));
}

async function downloads(bench) {
  return (await bench.sandbox.log()).filter((entry) => entry.route === "download").length;
}

async function withWatched(options, body) {
  await withBench(options, async (bench) => {
    await bench.sandbox.change(START);
    await startWatching(bench);
    await body(bench);
  });
}

/* Habits of editors. Each leaves "mine" in its file. */
const HABITS = [
  { name: "writes over it", act: (file) => writeFile(file, "mine") },
  {
    name: "writes a temporary file and renames it over",
    act: async (file) => {
      await writeFile(`${file}.tmp`, "mine");
      await rename(`${file}.tmp`, file);
    },
  },
  {
    name: "renames it to a backup and writes it anew",
    act: async (file) => {
      await rename(file, `${file}~`);
      await writeFile(file, "mine");
    },
  },
];

test(`an editor ${HABITS.map((row) => row.name).join(", or ")}: noted as edited, and nothing is asked or fetched (F-25, F-30)`, async () => {
  await withWatched({}, async (bench) => {
    await bench.sandbox.resetLog();
    for (const [i, row] of HABITS.entries()) await row.act(bench.file(`docs/f${i}.txt`));
    for (const [i] of HABITS.entries()) {
      const row = await untilItem(bench, `docs/f${i}.txt`, "edited here");
      assert.equal(row.state, "local-only");
    }
    await untilLocalOnly(bench, HABITS.length);
    assert.deepEqual((await bench.sandbox.log()).map((entry) => entry.route), []);
    await writeFile(bench.file("docs/f0.txt"), "content 0");
    await untilItem(bench, "docs/f0.txt", null);
    await untilLocalOnly(bench, HABITS.length - 1); /* what is as it was is no change */
  });
});

test("a short absence is no removal (F-30)", async () => {
  await withWatched({}, async (bench) => {
    const file = bench.file("docs/f0.txt");
    const begin = Date.now();
    await rename(file, `${file}~`);
    for (let quiet = true; quiet; quiet = Date.now() - begin < 1000) {
      const count = (await bench.status()).mirrors[0].local_only;
      if (Date.now() - begin < 1900) assert.equal(count, 0, `after ${Date.now() - begin} ms`);
    }
    await rename(`${file}~`, file);
  });
});

test("what is removed is noted with all that lay in it, and put back it counts no more (F-31, F-35)", async () => {
  await withWatched({}, async (bench) => {
    const aside = path.join(bench.home, "aside");
    await rename(bench.file("docs/deep"), aside);
    await rm(bench.file("docs/f1.txt"));
    await untilItem(bench, "docs/f1.txt", "removed here");
    for (const name of ["docs/deep", "docs/deep/er", "docs/deep/er/a.txt"]) await untilItem(bench, name, "removed here");
    await untilLocalOnly(bench, 4);
    await rename(aside, bench.file("docs/deep"));
    await untilLocalOnly(bench, 1);
    /* The folder that came back is watched again. */
    await writeFile(bench.file("docs/deep/er/a.txt"), "mine");
    await untilItem(bench, "docs/deep/er/a.txt", "edited here");
  });
});

test("what both sides removed comes again when the drive makes it anew (F-31)", async () => {
  await withWatched({}, async (bench) => {
    await rm(bench.file("docs/f0.txt"));
    await untilItem(bench, "docs/f0.txt", "removed here");
    await bench.sandbox.change([{ op: "delete", path: "docs/f0.txt" }, { op: "put", path: "docs/f0.txt", content: "content 0" }]);
    await bench.untilEqual();
  });
});

test("a folder that the drive makes later is watched too (F-35)", async () => {
  await withWatched({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "new/er/x.txt", content: "x" });
    await bench.untilEqual();
    await writeFile(bench.file("new/er/x.txt"), "mine");
    await untilItem(bench, "new/er/x.txt", "edited here");
  });
});

test("our own writes are not taken for a person's (F-36)", async () => {
  await withWatched({}, async (bench) => {
    for (let i = 0; i < 5; i++)
      await bench.sandbox.change([
        ...Array.from({ length: 12 }, (_, k) => ({ op: "put", path: `docs/f${k}.txt`, content: `round ${i} ${k}` })),
        { op: "rename", path: i % 2 === 0 ? "docs/deep" : "docs/deeper", name: i % 2 === 0 ? "deeper" : "deep" },
      ]);
    await bench.untilEqual();
    await writeFile(bench.file("docs/f0.txt"), "mine");
    await untilItem(bench, "docs/f0.txt", "edited here");
    await untilLocalOnly(bench, 1);
    assert.doesNotMatch(bench.log, /F-32/);
  });
});

const MOVES = [
  { name: "a file renamed", from: "docs/f2.txt", to: "docs/other.txt" },
  { name: "a file moved to another folder", from: "docs/f3.txt", to: "empty/f3.txt" },
  { name: "a folder renamed", from: "docs/deep", to: "docs/shallow", file: "er/a.txt" },
  { name: "a folder moved", from: "docs/wide", to: "empty/wide", file: "er/a.txt" },
  { name: "a folder that went into one that moves afterwards", from: "a/b", to: "b" },
  { name: "the one that went into it", from: "a", to: "b/a", file: "a.txt" },
];

for (const running of [true, false]) {
  test(`what a person moves${running ? "" : " while no agent runs"} stays there, nothing is fetched, and the drive's changes follow it (F-32)`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([...START, { op: "put", path: "docs/wide/er/a.txt", content: "wide" }, { op: "put", path: "a/a.txt", content: "a" }, { op: "put", path: "a/b/b.txt", content: "b" }]);
      await startWatching(bench);
      if (!running) await bench.stop();
      for (const row of MOVES) await rename(bench.file(row.from), bench.file(row.to));
      if (!running) {
        bench.log = "";
        await startWatching(bench);
      }
      for (const row of MOVES) await untilItem(bench, row.from, `moved here: ${path.basename(row.to)}`);
      await untilLocalOnly(bench, MOVES.length);
      await bench.sandbox.resetLog();
      const changes = MOVES.filter((row) => row.file || row.from.endsWith(".txt")).map((row) => [row.from, row.to].map((place) => path.join(place, row.file ?? "")));
      await bench.sandbox.change(changes.map(([from]) => ({ op: "put", path: from, content: "newer" })));
      for (const [from, to] of changes) {
        await until(`${from} where it stands now`, async () => (await bench.read(to)) === "newer");
        await assert.rejects(access(bench.file(from)), "nothing comes to the old place");
      }
      assert.equal(await downloads(bench), changes.length);
      await bench.ok("verify");
      await bench.ok("sync-now", "--full");
      assert.deepEqual(await bench.differences(), [], "by wish it goes back");
      assert.equal(await downloads(bench), changes.length);
    });
  });
}

test("the drive's own moves and deletions apply to what a person moved (F-32)", async () => {
  await withWatched({}, async (bench) => {
    for (const i of [0, 1, 2]) await rename(bench.file(`docs/f${i}.txt`), bench.file(`empty/mine${i}.txt`));
    for (const i of [0, 1, 2]) await untilItem(bench, `docs/f${i}.txt`, `moved here: mine${i}.txt`);
    await bench.sandbox.change([
      { op: "move", path: "docs/f0.txt", to: "f0.txt" },
      { op: "delete", path: "docs/f1.txt" },
      { op: "put", path: "empty/mine2.txt", content: "the drive's own" },
    ]);
    await bench.untilEqual();
    assert.deepEqual(await readdir(bench.file("empty")), ["mine2.txt"]);
    const trash = path.join(bench.home, ".local/share/Trash/files");
    assert.equal(await readFile(path.join(trash, "mine1.txt"), "utf8"), "content 1");
  });
});

test("a folder that goes gives back what a person moved into it (F-32, F-88)", async () => {
  await withWatched({}, async (bench) => {
    await rename(bench.file("docs/f3.txt"), bench.file("empty/f3.txt"));
    await untilItem(bench, "docs/f3.txt", "moved here: f3.txt");
    await bench.sandbox.change({ op: "delete", path: "empty" });
    await bench.untilEqual();
  });
});

/* The folder itself, those above it and one in it: no watch is left for the others. */
const WATCHES = 5;
const mayLimit = spawnSync("unshare", ["--user", "--map-root-user", "sh", "-c", "echo 5 > /proc/sys/user/max_inotify_watches"]).status === 0;

test("where watches run out it is said once, and nothing is lost (F-34)", { skip: !mayLimit && "user namespaces are not allowed here" }, async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    const program = path.join(bench.home, "agent-limited");
    const agent = path.resolve(process.env.AGENT ?? "build/agent/agent");
    await writeFile(program, `#!/bin/sh\nexec unshare --user --map-root-user sh -c 'echo ${WATCHES} > /proc/sys/user/max_inotify_watches && exec "$0" "$@"' '${agent}' "$@"\n`, { mode: 0o755 });
    await startWatching(bench, { program });
    assert.equal(bench.log.match(/F-34/g)?.length, 1, "said once");
    await writeFile(bench.file("docs/deep/er/a.txt"), "mine");
    await bench.sandbox.change({ op: "put", path: "docs/deep/er/a.txt", content: "theirs" });
    await until("the drive's version", async () => (await bench.read("docs/deep/er/a.txt")) === "theirs");
    const copy = (await readdir(bench.file("docs/deep/er"))).find((name) => name.includes("(conflict "));
    assert.equal(await bench.read("docs/deep/er", copy), "mine");
  });
});

test("more changes than the system keeps are made up for by a check (F-33)", { skip: HIDDEN }, async () => {
  await withWatched({}, async (bench) => {
    /* The agent does not read while it is stopped: its queue holds 16,384 events. */
    bench.child.kill("SIGSTOP");
    const limit = Number(await readFile("/proc/sys/fs/inotify/max_queued_events", "utf8"));
    const noise = [bench.file("docs/noise"), bench.file("docs/more")];
    for (const file of noise) await writeFile(file, "");
    /* One after the other: equal events in a row are one. */
    for (let i = 0; i < limit + 100; i++) closeSync(openSync(noise[i % 2], "r+"));
    await writeFile(bench.file("docs/f4.txt"), "mine");
    await rm(bench.file("docs/f5.txt"));
    bench.child.kill("SIGCONT");
    await until("it says so", async () => /F-33/.test(bench.log));
    await untilItem(bench, "docs/f4.txt", "edited here");
    await untilItem(bench, "docs/f5.txt", "removed here");
    await bench.sandbox.change({ op: "put", path: "after.txt", content: "after" });
    await until("work goes on", async () => (await bench.read("after.txt")) === "after");
  });
});
