// Work is in proportion to the change, not to the drive: requests, bytes written and rows are
// counted here, so that no figure rots unseen; times are for tests/bench.

import assert from "node:assert/strict";
import { readdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { HIDDEN, until, withBench } from "../support/agent.mjs";

const FILES = 1200;
const FOLDERS = 12;
const PAGE = 200; /* the service's own, whatever is asked for */

async function writtenBytes(pid) {
  const io = await readFile(`/proc/${pid}/io`, "utf8");
  return Number(/^write_bytes: (\d+)/m.exec(io)[1]);
}

/** Requests by route, and bytes that the disk was given, while `action` runs. */
async function costOf(bench, action) {
  await bench.sandbox.resetLog();
  const before = await writtenBytes(bench.child.pid);
  await action();
  return { requests: await bench.sandbox.counts(), written: (await writtenBytes(bench.child.pid)) - before };
}

async function localOnly(bench) {
  const [row] = await bench.query("select local_only from v_mirrors");
  return row.local_only;
}

test("requests, writes and rows follow the change", { skip: HIDDEN, timeout: 180_000 }, async (t) => {
  await withBench({ settings: { page_size: PAGE, notify_delay_ms: [0, 0] } }, async (bench) => {
    const { sandbox } = bench;
    await sandbox.bulk({ path: "All", count: FILES, folders: FOLDERS, depth: 1, size: 64, notify: false });
    const items = await sandbox.tree();
    const [one, two, three] = items.filter((item) => item.type === "file").map((item) => item.path);

    await t.test("the first mirror asks for each page once and for each content once", async () => {
      await sandbox.resetLog();
      await bench.ok("sync-now", "--timeout", "2m");
      const counts = await sandbox.counts();
      /* The addresses of the listing are used; a connection that breaks may cost a few. */
      assert.ok(counts.download >= FILES && counts.download <= FILES * 1.01, `${counts.download} downloads`);
      assert.ok((counts.content ?? 0) <= FILES / 100, `${counts.content} addresses asked for`);
      /* What changed while it was listed comes with a second set. */
      assert.ok(counts.delta <= Math.ceil((items.length + 1) / PAGE) + 2, `${counts.delta} pages`);
    });

    await t.test("the check at the start finds what was changed meanwhile", async () => {
      await writeFile(bench.file(one), "mine");
      await unlink(bench.file(two));
      await bench.start();
      await until("the check is done", () => /held against the disk in \d+ ms/.test(bench.log));
      assert.match(bench.log, new RegExp(`${FILES + FOLDERS + 1} files and folders held against the disk`));
      assert.equal(await localOnly(bench), 2);
      await bench.ok("sync-now", "--full");
      assert.equal(await localOnly(bench), 1, "what was removed is back, what was edited stays");
    });

    await t.test("a round that finds nothing is one request and writes nothing", async () => {
      const database = await stat(bench.database);
      const { requests, written } = await costOf(bench, () => bench.ok("sync-now"));
      assert.deepEqual(requests, { delta: 1 });
      assert.equal(written, 0);
      assert.equal((await stat(bench.database)).mtimeMs, database.mtimeMs);
    });

    await t.test("one change is two requests, and some pages of the database", async () => {
      const { requests, written } = await costOf(bench, async () => {
        await sandbox.change({ op: "put", path: three, content: "changed on another device" });
        await until("it has arrived", async () => (await bench.read(three)) === "changed on another device");
        await until("it is recorded", async () => (await bench.query(`select 1 from v_history where operation = 'update' and path = '${three}'`)).length === 1);
      });
      assert.deepEqual(requests, { delta: 1, download: 1 });
      assert.ok(written <= 256 * 1024, `${written} bytes`);
    });

    await t.test("the rename of a folder above everything is one row, and nothing is fetched", async () => {
      const { ino } = await stat(bench.file(three));
      const { requests } = await costOf(bench, async () => {
        await sandbox.change({ op: "rename", path: "All", name: "Everything" });
        await until("it is renamed", () => stat(bench.file("Everything")));
        await until("it is recorded", async () => (await bench.query("select 1 from v_history where operation = 'move'")).length === 1);
      });
      assert.deepEqual(requests, { delta: 1 });
      assert.equal((await stat(bench.file(three.replace("All", "Everything")))).ino, ino);
    });
    await bench.stop();
  });
});

test("a change of the filters costs no request but for what they let in (F-162)", { timeout: 180_000 }, async () => {
  await withBench({}, async (bench) => {
    const { sandbox } = bench;
    await sandbox.bulk({ path: "Kept", count: 300, folders: 3, depth: 1, size: 64, notify: false });
    await sandbox.bulk({ path: "Left", count: 300, folders: 3, depth: 1, size: 64, prefix: "l", notify: false });
    await bench.ok("sync-now");
    const config = await readFile(bench.configFile, "utf8");
    const inStep = async () => (await bench.query("select count(*) as n from v_items where path like 'Left/%' and kind = 'file' and state = 'synced'"))[0].n;

    await writeFile(bench.configFile, config.replace("[mirror main]\n", "[mirror main]\nexclude = /Left/\n"));
    await sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal((await sandbox.counts()).download ?? 0, 0);
    assert.equal(await inStep(), 0);
    await stat(bench.file("Left")); /* what stands stays, as a person's */

    await writeFile(bench.configFile, config);
    await sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal((await sandbox.counts()).download ?? 0, 0, "what still stands there is found, not fetched");
    assert.equal(await inStep(), 300);
    await bench.untilEqual();
  });
});

test("a folder that the drive renames into the filters, or out of them, takes along all that is in it (F-162)", { timeout: 180_000 }, async () => {
  for (const count of [3, 1200]) { // with the page, and by a walk of its own
    await withBench({}, async (bench) => {
      await bench.writeConfig({ "mirror main": { folder: bench.folder, drive: "me", exclude: "Left" } });
      const { sandbox } = bench;
      const recorded = async () => (await bench.query("select count(*) as n from v_items where kind = 'file' and state = 'synced'"))[0].n;
      await sandbox.bulk({ path: "Left", count, folders: 3, depth: 1, size: 16, notify: false });
      await bench.start();
      assert.equal(await recorded(), 0);
      await sandbox.change({ op: "rename", path: "Left", name: "Shown" });
      await bench.ok("sync-now");
      assert.equal(await recorded(), count, "sync-now waits for what is let in");
      await bench.untilEqual();
      await sandbox.change({ op: "rename", path: "Shown", name: "Left" });
      await bench.ok("sync-now");
      assert.equal(await recorded(), 0);
      await stat(bench.file("Shown")); /* what stands stays, as a person's */
      await bench.stop();
    });
  }
});

test("--dry-run tells the whole plan and changes nothing", { timeout: 180_000 }, async () => {
  await withBench({}, async (bench) => {
    const count = 2000;
    await bench.ok("sync-now");
    await bench.start();
    await bench.sandbox.bulk({ path: "New", count, folders: 20, depth: 1, size: 64, notify: false });
    const { stdout } = await bench.ok("sync-now", "--dry-run");
    assert.equal(stdout.match(/^download /gm).length, count);
    assert.match(stdout, /this is what would be done/);
    await bench.stop();
  });
});

test("--full --dry-run tells what would be brought back, with and without an agent (F-31, F-32)", { timeout: 60_000 }, async () => {
  await withBench({}, async (bench) => {
    const paths = ["a.txt", "edited.txt", "left/b.txt", "moved.txt"];
    await bench.sandbox.change(paths.map((name) => ({ op: "put", path: name, content: name })));
    await bench.ok("sync-now");
    await unlink(bench.file("a.txt"));
    await rm(bench.file("left"), { recursive: true });
    await rename(bench.file("moved.txt"), bench.file("here.txt"));
    await writeFile(bench.file("edited.txt"), "mine");
    const tells = async () => {
      const { stdout } = await bench.ok("sync-now", "--full", "--dry-run");
      assert.deepEqual(stdout.split("\n").map((line) => line.replace(/ +/, " ")).sort(), [
        "", "download a.txt (5 B)", "download left/b.txt (10 B)", "main: this is what would be done", "mkdir left", "move moved.txt",
      ]);
      assert.match((await bench.ok("sync-now", "--dry-run")).stdout, /nothing to do/, "not without --full");
      assert.deepEqual((await readdir(bench.folder)).sort(), [".drive-agent", "edited.txt", "here.txt"]);
    };
    await tells();
    await bench.start();
    await tells();
    await bench.ok("sync-now", "--full");
    await bench.untilEqual({ except: ["edited.txt"] });
    assert.equal(await bench.read("moved.txt"), "moved.txt");
    assert.equal(await bench.read("edited.txt"), "mine");
  });
});

test("a single --dry-run ends with what it says, also while another mirror still asks", { timeout: 60_000 }, async () => {
  await withBench({}, async (bench) => {
    const other = path.join(bench.home, "Other");
    await bench.add(other, "other");
    await bench.sandbox.change([
      { op: "put", path: "a/b.txt", content: "b" },
      { op: "put", path: "c.txt", content: "c" },
    ]);
    await bench.sandbox.resetLog();
    await bench.sandbox.faults({ route: "delta", kind: "delay", ms: 1500, count: 1 });
    const { stdout } = await bench.ok("sync-now", "--dry-run");
    assert.equal(stdout.match(/^(mkdir|download) /gm).length, 6);
    assert.equal((await bench.sandbox.counts()).download ?? 0, 0);
    for (const folder of [bench.folder, other]) assert.deepEqual(await readdir(folder), [".drive-agent"]);
    for (const mirror of (await bench.status()).mirrors) assert.equal(mirror.synced_at, null, "nothing was brought in step");
    await bench.ok("sync-now");
    await bench.untilEqual();
    await bench.untilEqual({ folder: other });
  });
});
