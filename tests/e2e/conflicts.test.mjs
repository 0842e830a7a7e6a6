// What a person wrote in the folder is never lost (I-1).

import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

async function copiesOf(bench, folder, name) {
  const stem = name.replace(/\.[^.]*$/, "");
  return (await readdir(bench.file(folder))).filter((entry) => entry.startsWith(`${stem} (conflict `));
}

test("an edited file is kept as a conflict copy when the drive has a new version (F-26)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "docs/plan.txt", content: "theirs 1" });
    await bench.ok("sync-now");
    await writeFile(bench.file("docs/plan.txt"), "mine");
    await bench.start();
    await bench.sandbox.change({ op: "put", path: "docs/plan.txt", content: "theirs 2" });
    await until("the drive's version", async () => (await bench.read("docs/plan.txt")) === "theirs 2");
    const copies = await until("the copy", async () => {
      const found = await copiesOf(bench, "docs", "plan.txt");
      return found.length > 0 && found;
    });
    assert.equal(copies.length, 1);
    assert.match(copies[0], /^plan \(conflict \d{4}-\d\d-\d\d \d{6} .+\)\.txt$/);
    assert.equal(await bench.read("docs", copies[0]), "mine");
    const rows = await until("the row", async () => {
      const found = await bench.query("select * from v_conflicts");
      return found.length > 0 && found;
    });
    assert.equal(rows.length, 1);
    const shown = await bench.ok("inspect", "conflicts");
    assert.match(shown.stdout, /plan/);
  });
});

test("an edited file stays as it is while the drive has nothing newer (F-25)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "theirs" });
    await bench.ok("sync-now");
    await writeFile(bench.file("a.txt"), "mine");
    await bench.ok("sync-now");
    await bench.ok("sync-now");
    assert.equal(await bench.read("a.txt"), "mine");
    assert.deepEqual(await copiesOf(bench, "", "a.txt"), []);
  });
});

test("a file that a person removed comes back only by wish or with a new version (F-31)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "a.txt", content: "a" }, { op: "put", path: "b.txt", content: "b" }]);
    await bench.ok("sync-now");
    await rm(bench.file("a.txt"));
    await rm(bench.file("b.txt"));
    await bench.ok("sync-now");
    assert.deepEqual((await readdir(bench.folder)).sort(), [".drive-agent"]);
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a2" });
    await bench.ok("sync-now");
    assert.equal(await bench.read("a.txt"), "a2");
    await bench.ok("sync-now", "--full");
    assert.equal(await bench.read("b.txt"), "b");
  });
});

test("an untracked file stands in the way: it is kept, the drive's version comes (F-28)", async () => {
  await withBench({}, async (bench) => {
    await mkdir(bench.file("docs"), { recursive: true });
    await writeFile(bench.file("docs/new.txt"), "mine");
    await writeFile(bench.file("docs/same.txt"), "same");
    await bench.sandbox.change([
      { op: "put", path: "docs/new.txt", content: "theirs" },
      { op: "put", path: "docs/same.txt", content: "same" },
    ]);
    await bench.ok("sync-now");
    assert.equal(await bench.read("docs/new.txt"), "theirs");
    const copies = await copiesOf(bench, "docs", "new.txt");
    assert.equal(copies.length, 1);
    assert.equal(await bench.read("docs", copies[0]), "mine");
    assert.deepEqual(await copiesOf(bench, "docs", "same.txt"), [], "equal content is adopted");
  });
});

test("an untracked file survives the deletion of its folder (F-88)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "put", path: "docs/b.txt", content: "b" }]);
    await bench.ok("sync-now");
    await writeFile(bench.file("docs/mine.txt"), "mine");
    await bench.start();
    await bench.sandbox.change({ op: "delete", path: "docs" });
    await until("the drive's files are gone", async () => (await readdir(bench.file("docs"))).join() === "mine.txt");
    assert.equal(await bench.read("docs/mine.txt"), "mine");
  });
});

test("an edited file survives its deletion on the drive (F-88)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "put", path: "docs/b.txt", content: "b" }]);
    await bench.ok("sync-now");
    await writeFile(bench.file("docs/a.txt"), "mine");
    await bench.sandbox.change({ op: "delete", path: "docs" });
    assert.match((await bench.ok("sync-now", "-v")).stderr, /F-88 .*kept: deleted on the drive, but it has your changes: a\.txt/);
    assert.deepEqual(await readdir(bench.file("docs")), ["a.txt"]);
    assert.equal(await bench.read("docs/a.txt"), "mine");
  });
});

test("what the cloud deletes goes to the desktop trash", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "gone.txt", content: "find me" });
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "delete", path: "gone.txt" });
    await bench.ok("sync-now");
    const trash = path.join(bench.home, ".local/share/Trash");
    assert.equal(await readFile(path.join(trash, "files/gone.txt"), "utf8"), "find me");
    assert.match(await readFile(path.join(trash, "info/gone.txt.trashinfo"), "utf8"), /^\[Trash Info\]\nPath=.*gone\.txt\nDeletionDate=/);
  });
});

test("a link planted in place of a folder is not followed (F-50)", async () => {
  await withBench({}, async (bench) => {
    const outside = path.join(bench.home, "outside");
    await mkdir(outside);
    await bench.sandbox.change({ op: "put", path: "docs/a.txt", content: "a" });
    await mkdir(bench.folder, { recursive: true });
    await symlink(outside, bench.file("docs"));
    const result = await bench.run("sync-now");
    assert.deepEqual(await readdir(outside), []);
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /docs/);
    assert.match((await bench.ok("inspect", "problems")).stdout, /docs/);
    assert.ok((await lstat(bench.file("docs"))).isSymbolicLink(), "the link is left alone");
  });
});

test("a link planted over a mirrored folder holds what lies in it, and nothing else (F-50)", async () => {
  await withBench({}, async (bench) => {
    const outside = path.join(bench.home, "outside");
    await mkdir(outside);
    await writeFile(path.join(outside, "a.txt"), "canary");
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "put", path: "docs/b.txt", content: "b" }]);
    await bench.ok("sync-now");
    await rm(bench.file("docs"), { recursive: true });
    await symlink(outside, bench.file("docs"));
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a2" }, { op: "put", path: "new.txt", content: "n" }]);
    const result = await bench.run("sync-now");
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /F-50.*docs\/a\.txt/);
    assert.equal(await readFile(path.join(outside, "a.txt"), "utf8"), "canary");
    assert.deepEqual(await readdir(outside), ["a.txt"]);
    assert.equal(await bench.read("new.txt"), "n");
    await rm(bench.file("docs"));
    await bench.ok("sync-now", "--full");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a link planted over a mirrored folder is not moved along when the drive renames the folder (F-50)", async () => {
  await withBench({}, async (bench) => {
    const outside = path.join(bench.home, "outside");
    await mkdir(outside);
    await writeFile(path.join(outside, "canary"), "canary");
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "put", path: "b.txt", content: "b" }]);
    await bench.ok("sync-now");
    await rm(bench.file("docs"), { recursive: true });
    await symlink(outside, bench.file("docs"));
    await bench.sandbox.change([{ op: "rename", path: "docs", name: "papers" }, { op: "put", path: "b.txt", content: "b2" }]);
    const result = await bench.run("sync-now");
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /F-50.*docs/);
    assert.ok((await lstat(bench.file("docs"))).isSymbolicLink(), "the link is left alone");
    assert.deepEqual(await readdir(outside), ["canary"]);
    assert.equal(await bench.read("b.txt"), "b2", "nothing else waits for it");
    await rm(bench.file("docs"));
    await bench.ok("sync-now", "--full");
    assert.deepEqual(await bench.differences(), []);
  });
});

/* Ways for a person's file to come to stand where the drive has a folder. */
const FILES_FOR_FOLDERS = [
  { name: "before the folder was ever mirrored", mirrored: false, file: "docs", then: { op: "put", path: "docs/a.txt", content: "a2" } },
  { name: "in place of a mirrored folder, in which a file changes", mirrored: true, file: "docs", then: { op: "put", path: "docs/a.txt", content: "a2" } },
  { name: "in place of a mirrored folder, in which a folder is new", mirrored: true, file: "docs", then: { op: "put", path: "docs/new/x.txt", content: "x" } },
  { name: "in place of a mirrored folder, into which a file moves", mirrored: true, file: "docs", then: { op: "move", path: "b.txt", to: "docs/b.txt" } },
  { name: "in place of a folder above a mirrored one", mirrored: true, file: "deep", then: { op: "put", path: "deep/er/a.txt", content: "a2" } },
];

for (const row of FILES_FOR_FOLDERS) {
  test(`a person's file ${row.name}: it becomes a conflict copy (F-28, F-86)`, async () => {
    await withBench({}, async (bench) => {
      if (row.mirrored) {
        await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "put", path: "deep/er/a.txt", content: "a" }, { op: "put", path: "b.txt", content: "b" }]);
        await bench.ok("sync-now");
        await rm(bench.file(row.file), { recursive: true });
      }
      await mkdir(bench.folder, { recursive: true });
      await writeFile(bench.file(row.file), "mine");
      await bench.sandbox.change(row.then);
      const result = await bench.run("sync-now");
      assert.equal(result.code, 0, result.stderr);
      const copies = await copiesOf(bench, "", row.file);
      assert.equal(copies.length, 1);
      assert.equal(await bench.read(copies[0]), "mine");
      const path = row.then.to ?? row.then.path;
      assert.equal(await bench.read(path), row.then.content ?? "b");
      assert.match((await bench.ok("inspect", "conflicts")).stdout, new RegExp(row.file));
    });
  });
}
