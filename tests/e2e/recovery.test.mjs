// Done on disk, killed before it was recorded: seen as done at the next start (F-03, F-83).
// The records of before are laid beside the disk of afterwards.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { withBench } from "../support/agent.mjs";

const INTENT_MOVE = 2; /* store_intent.h */

const START = [
  { op: "put", path: "a.txt", content: "content of a" },
  { op: "put", path: "b.txt", content: "content of b" },
  { op: "put", path: "c.txt", content: "content of c" },
  { op: "put", path: "docs/in docs.txt", content: "docs" },
  { op: "put", path: "pics/in pics.txt", content: "pics" },
];

/* What the drive says; which moves were begun, as [from, to]; what had been done on disk,
 * where that is not all of it. */
const CASES = [
  {
    name: "a file removed, another moved into its place",
    ops: [{ op: "delete", path: "a.txt" }, { op: "move", path: "b.txt", to: "a.txt" }],
    moves: [["b.txt", "a.txt"]],
  },
  {
    name: "a folder removed, a file moved into its place",
    ops: [{ op: "delete", path: "docs" }, { op: "move", path: "b.txt", to: "docs" }],
    moves: [["b.txt", "docs"]],
  },
  {
    name: "a chain of moves",
    ops: [{ op: "move", path: "c.txt", to: "d.txt" }, { op: "move", path: "b.txt", to: "c.txt" }, { op: "move", path: "a.txt", to: "b.txt" }],
    moves: [["a.txt", "b.txt"], ["b.txt", "c.txt"], ["c.txt", "d.txt"]],
  },
  {
    name: "two folders swapped",
    ops: [{ op: "swap", path: "docs", with: "pics" }],
    moves: [["docs", "pics"], ["pics", "docs"]],
  },
  {
    name: "two folders half swapped: one waits aside, the other has its place",
    ops: [{ op: "swap", path: "docs", with: "pics" }],
    moves: [["docs", "pics"], ["pics", "docs"]],
    async onDisk(bench, keys) {
      await rename(bench.file("docs"), bench.file(".drive-agent", `${keys.docs}.stage`));
      await rename(bench.file("pics"), bench.file("docs"));
    },
  },
  {
    name: "two files half swapped",
    ops: [{ op: "swap", path: "a.txt", with: "b.txt" }],
    moves: [["a.txt", "b.txt"], ["b.txt", "a.txt"]],
    async onDisk(bench, keys) {
      await rename(bench.file("a.txt"), bench.file(".drive-agent", `${keys["a.txt"]}.stage`));
      await rename(bench.file("b.txt"), bench.file("a.txt"));
    },
  },
];

async function copyState(bench, to) {
  for (const name of ["state.db", "state.db-wal", "state.db-shm"]) await rm(path.join(bench.stateDir, name), { force: true });
  await copyFile(to, bench.database);
}

for (const row of CASES) {
  test(`killed before the records: ${row.name}`, async () => {
    await withBench({ config: { sync: { big_delete_threshold: 100 } } }, async (bench) => {
      await bench.sandbox.change(START);
      await bench.ok("sync-now");
      const rows = await bench.query("select key, parent, name from base");
      const keys = Object.fromEntries(rows.map(({ name, key }) => [name, key]));
      const root = rows.find(({ name }) => name === "a.txt").parent;
      const before = path.join(bench.home, "before.db");
      await copyFile(bench.database, before);
      await bench.sandbox.change(row.ops);
      if (row.onDisk === undefined) await bench.ok("sync-now");
      else await row.onDisk(bench, keys);
      await copyState(bench, before);
      for (const [from, to] of row.moves)
        execFileSync("sqlite3", [bench.database, `insert into intent(key, mirror, kind, parent, name, hash_kind) select key, mirror, ${INTENT_MOVE}, ${root}, '${to}', 0 from base where name = '${from}'`]);
      await bench.sandbox.resetLog();
      const result = await bench.ok("sync-now", "-v");
      assert.deepEqual(await bench.differences(), []);
      assert.doesNotMatch(result.stderr, /F-88|F-26|conflict/);
      assert.deepEqual((await bench.sandbox.log()).filter((entry) => entry.route === "download"), [], "nothing is fetched twice");
      assert.ok(!(await readdir(bench.file(".drive-agent"))).some((name) => /stage|out/.test(name)));
      assert.match((await bench.ok("inspect", "check")).stdout, /whole/);
    });
  });
}
