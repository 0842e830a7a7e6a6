// Every kind of change arrives by notification alone, within a second of the event, and
// what only moves downloads no byte. `delta_interval` is an hour: the poll does not help.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const thousand = Array.from({ length: 1000 }, (_, i) => ({ op: "put", path: `big/${i}.txt`, content: `${i}` }));

const CASES = [
  { name: "a new file", ops: [{ op: "put", path: "docs/new.txt", content: "new" }], bytes: 3 },
  { name: "new content", ops: [{ op: "put", path: "docs/a.txt", content: "changed" }], bytes: 7 },
  { name: "a new empty file needs no download (F-105)", ops: [{ op: "put", path: "docs/empty", content: "" }], bytes: 0 },
  { name: "a rename", ops: [{ op: "move", path: "docs/a.txt", to: "docs/renamed.txt" }], bytes: 0 },
  { name: "a rename that changes only letter case (F-44)", ops: [{ op: "move", path: "docs/a.txt", to: "docs/A.TXT" }], bytes: 0 },
  { name: "a move to another folder", ops: [{ op: "move", path: "docs/a.txt", to: "other/a.txt" }], bytes: 0 },
  { name: "a folder with 1,000 children is renamed", setup: thousand, ops: [{ op: "move", path: "big", to: "large" }], bytes: 0 },
  { name: "a folder moves into a sibling", ops: [{ op: "move", path: "docs", to: "other/docs" }], bytes: 0 },
  {
    name: "two files swap their names (F-83)",
    ops: [
      { op: "move", path: "docs/a.txt", to: "docs/t.txt" },
      { op: "move", path: "docs/b.txt", to: "docs/a.txt" },
      { op: "move", path: "docs/t.txt", to: "docs/b.txt" },
    ],
    bytes: 0,
  },
  {
    name: "two folders swap their names (F-83)",
    ops: [
      { op: "move", path: "docs", to: "t" },
      { op: "move", path: "other", to: "docs" },
      { op: "move", path: "t", to: "other" },
    ],
    bytes: 0,
  },
  { name: "a file is deleted", ops: [{ op: "delete", path: "docs/a.txt" }], bytes: 0 },
  { name: "a tree is deleted", ops: [{ op: "delete", path: "docs" }], bytes: 0 },
  {
    name: "a file is deleted and made anew under the same name (F-85)",
    ops: [{ op: "delete", path: "docs/a.txt" }, { op: "put", path: "docs/a.txt", content: "second life" }],
    bytes: 11,
    never: "delete", /* one replacement: the name is never without a file */
  },
  {
    name: "a file becomes a folder (F-49, F-86)",
    ops: [{ op: "delete", path: "docs/a.txt" }, { op: "put", path: "docs/a.txt/inside", content: "in" }],
    bytes: 2,
  },
  {
    name: "a file moves out of a folder that is then deleted (F-87)",
    ops: [{ op: "move", path: "docs/a.txt", to: "saved.txt" }, { op: "delete", path: "docs" }],
    bytes: 0,
  },
];

const START = [
  { op: "put", path: "docs/a.txt", content: "first" },
  { op: "put", path: "docs/b.txt", content: "second" },
  { op: "put", path: "docs/deep/c.txt", content: "third" },
  { op: "put", path: "other/d.txt", content: "fourth" },
];

for (const row of CASES) {
  test(row.name, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([...START, ...(row.setup ?? [])]);
      await bench.ok("sync-now");
      await bench.start();
      await bench.sandbox.resetLog();
      const begin = Date.now();
      await bench.sandbox.change(row.ops);
      await bench.untilEqual({ patience: 10_000 });
      const took = Date.now() - begin;
      /* The comparison itself and the sanitizers take part of it. */
      assert.ok(took < 3000, `arrived after ${took} ms`);
      const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
      assert.equal(downloads.length, row.bytes === 0 ? 0 : 1, JSON.stringify(downloads));
      if (row.never) assert.deepEqual(await bench.query(`select path from v_history where operation = '${row.never}'`), []);
    });
  });
}

test("a rename keeps the very file", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const before = await stat(bench.file("docs/deep/c.txt"));
    await bench.start();
    await bench.sandbox.change({ op: "move", path: "docs", to: "papers" });
    const after = await until("the file under its new path", () => stat(bench.file("papers/deep/c.txt")));
    assert.equal(after.ino, before.ino);
    assert.equal(after.mtimeMs, before.mtimeMs);
  });
});

test("history says how long each step took", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await bench.sandbox.change({ op: "put", path: "seen.txt", content: "x", editor: "Ana" });
    await bench.untilEqual();
    const rows = await until("the row", async () => {
      const found = await bench.query(`select * from v_history where path = 'seen.txt'`);
      return found.length > 0 && found;
    });
    assert.equal(rows[0].trigger, "event");
    assert.ok(rows[0].notified_at <= rows[0].delta_at && rows[0].delta_at <= rows[0].done_at, JSON.stringify(rows[0]));
  });
});
