// The state database lost, damaged, foreign or newer; the folder rebuilt from what stands
// there, without one download and without one conflict copy (failure model, section F).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, open, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const FILES = Array.from({ length: 60 }, (_, i) => ({ op: "put", path: `d${i % 5}/f${i}.txt`, content: { size: 100 + i * 30, seed: i } }));

async function copies(bench) {
  return (await readdir(bench.folder, { recursive: true })).filter((name) => name.includes("(conflict "));
}

async function dropDatabase(bench) {
  for (const name of await readdir(bench.stateDir)) if (name.startsWith("state.db")) await rm(path.join(bench.stateDir, name));
}

async function flip(file, offset) {
  const handle = await open(file, "r+");
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0] ^= 0xff;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}

const LOSSES = [
  { name: "is gone (F-62)", act: dropDatabase },
  { name: "is cut short (F-61)", act: async (bench) => truncate(bench.database, 5000) },
  { name: "is something else (F-61)", act: async (bench) => writeFile(bench.database, "not a database at all, but long enough to be looked at".repeat(200)) },
  { name: "has zeroed pages (F-61)", act: async (bench) => writeFile(bench.database, Buffer.alloc((await stat(bench.database)).size)) },
  { name: "has a flipped header (F-61)", act: (bench) => flip(bench.database, 5) },
];

for (const row of LOSSES) {
  test(`a database that ${row.name} is rebuilt without a download or a conflict copy`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(FILES);
      await bench.ok("sync-now");
      await row.act(bench);
      await bench.sandbox.resetLog();
      await bench.ok("sync-now");
      const downloads = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
      assert.equal(downloads.length, 0);
      assert.deepEqual(await copies(bench), []);
      assert.deepEqual(await bench.differences(), []);
      await bench.sandbox.change({ op: "move", path: "d1", to: "moved" });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
    });
  });
}

test("a rebuild keeps what a person changed, as a conflict copy (F-61)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    await writeFile(bench.file("d0/f0.txt"), "mine");
    await dropDatabase(bench);
    await bench.ok("sync-now");
    assert.equal((await copies(bench)).length, 1);
    assert.deepEqual((await bench.differences()).filter((line) => !line.includes("(conflict ")), []);
  });
});

test("the damaged database is kept aside, never deleted (F-61)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    await writeFile(bench.database, "damaged".repeat(1000));
    const result = await bench.ok("sync-now");
    assert.match(result.stderr, /rebuilt/);
    const kept = (await readdir(bench.stateDir)).filter((name) => name.startsWith("state.db") && !["state.db", "state.db-wal", "state.db-shm"].includes(name));
    assert.ok(kept.length >= 1, `${await readdir(bench.stateDir)}`);
  });
});

test("a database that is damaged under a running agent ends it; the next start rebuilds it (F-61)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.start();
    await bench.untilEqual();
    /* Once it has come to rest it keeps no page of the database in memory. */
    await until("the log is folded in", async () => (await stat(`${bench.database}-wal`)).size === 0);
    const size = (await stat(bench.database)).size;
    const handle = await open(bench.database, "r+");
    await handle.write(Buffer.alloc(size - 4096, 0x5a), 0, size - 4096, 4096);
    await handle.close();
    await bench.sandbox.change({ op: "put", path: "new.txt", content: "new" });
    assert.deepEqual(await bench.ended, { code: 1, signal: null });
    assert.match(bench.log, /F-61 .*damaged|F-61 .*malformed/);
    bench.child = undefined;
    const result = await bench.ok("sync-now");
    assert.match(result.stderr, /F-61 .*rebuilt/);
    assert.deepEqual(await copies(bench), []);
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a database of another drive is refused before any change: exit 8 (F-64)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("login", "--device-code", "--all-drives");
    await bench.ok("sync-now");
    const before = await readdir(bench.folder, { recursive: true });
    const config = await readFile(bench.configFile, "utf8");
    await writeFile(bench.configFile, config.replace(/^drive = .*$/m, `drive = drive:${(await bench.sandbox.drive({ drive: "site" })).id}`));
    const result = await bench.run("sync-now", "--timeout", "5s");
    assert.equal(result.code, 8, result.stderr);
    assert.deepEqual(await readdir(bench.folder, { recursive: true }), before);
  });
});

test("a newer schema is refused and not touched: exit 1 (F-65, F-164)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    execFileSync("sqlite3", [bench.database, "pragma user_version = 9999"]);
    const result = await bench.run("sync-now");
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /newer/);
    assert.equal(execFileSync("sqlite3", [bench.database, "pragma user_version"]).toString().trim(), "9999");
  });
});

test("a restored copy of the folder is not taken for the folder, until a person says so (F-60)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    await cp(bench.folder, `${bench.folder}.copy`, { recursive: true, preserveTimestamps: true });
    await rename(bench.folder, `${bench.folder}.old`);
    await rename(`${bench.folder}.copy`, bench.folder);
    await writeFile(bench.file("d0/f0.txt"), "mine");
    const result = await bench.run("sync-now");
    assert.equal(result.code, 8, result.stderr);
    assert.match(result.stderr, /F-60 .*agent approve/);
    await bench.ok("approve");
    await bench.ok("sync-now");
    assert.equal(await bench.read("d0/f0.txt"), "mine");
    assert.deepEqual((await bench.differences()).filter((line) => !line.includes("d0/f0.txt")), []);
  });
});

test("verify finds what has changed without a trace, and repairs it without losing it (F-23)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(FILES);
    await bench.ok("sync-now");
    await bench.ok("verify");
    const file = bench.file("d1/f1.txt");
    const facts = await stat(file);
    await flip(file, 3);
    await utimes(file, facts.atime, facts.mtime);
    const result = await bench.run("verify");
    assert.equal(result.code, 6, result.stderr + result.stdout);
    assert.match(result.stdout + result.stderr, /d1\/f1\.txt/);
    await bench.ok("verify", "--repair");
    const told = await bench.query("select path, trigger from v_history where operation = 'conflict'");
    assert.deepEqual(told, (await copies(bench)).map((name) => ({ path: name, trigger: "sync-now" })));
    await bench.ok("sync-now");
    assert.deepEqual((await bench.differences()).filter((line) => !line.includes("(conflict ")), []);
    assert.equal((await copies(bench)).length, 1);
  });
});
