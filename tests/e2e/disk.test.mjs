// The disks under folder and state: full, read-only, away, emptied, swapped. Nothing is
// deleted, nothing is fetched twice, the exit code says it, and when the cause is gone the
// agent goes on by itself (failure model, sections B and E).
//
// Runs itself again where it may mount; skipped where the system does not allow that.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readdir, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { openBench, until, withBench } from "../support/agent.mjs";

const LONG = process.env.TEST_LONG === "1";
/* The agent looks again once a minute. */
const BY_ITSELF_MS = 100_000;

if (process.env.IN_NAMESPACE === "1") inside();
else outside();

function outside() {
  const user = process.getuid() === 0 ? [] : ["--user", "--map-root-user"];
  const options = [...user, "--mount", "--propagation", "private"];
  const may = spawnSync("unshare", [...options, "sh", "-c", "mount -t tmpfs none /mnt && mount -o remount,ro /mnt"]);
  const skip = may.status !== 0 && "nothing can be mounted here";
  test("disks that are full, read-only, away or swapped", { skip, timeout: 900_000 }, () => {
    const env = { ...process.env, IN_NAMESPACE: "1" };
    delete env.NODE_TEST_CONTEXT;
    const child = spawnSync("unshare", [...options, process.execPath, fileURLToPath(import.meta.url)], { env, encoding: "utf8", maxBuffer: 1 << 28 });
    assert.equal(child.status, 0, child.stdout + child.stderr);
  });
}

function sh(line) {
  execFileSync("sh", ["-e", "-c", line], { stdio: ["ignore", "ignore", "inherit"] });
}

async function mountAt(folder, options) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  sh(`mount -t tmpfs -o mode=0700,${options} none '${folder}'`);
}

const remount = (folder, options) => sh(`mount -o remount,${options} '${folder}'`);

/** As withBench(), with `prepare` before the sign-in; what is mounted goes with the bench. */
async function withDisk(prepare, body) {
  const bench = await openBench();
  try {
    await prepare(bench);
    await bench.login();
    await bench.add();
    await body(bench);
  } catch (error) {
    console.error(bench.log.split("\n").slice(-60).join("\n"));
    throw error;
  } finally {
    if (bench.child) await bench.stop("SIGKILL");
    sh(`for i in 1 2 3; do umount -q -l '${bench.folder}' '${bench.stateDir}' || true; done`);
    await bench.close();
  }
}

const files = (count, size, folder = "d") => Array.from({ length: count }, (_, i) => ({ op: "put", path: `${folder}/${i}.bin`, content: { size, seed: i } }));
const only = (list, ...routes) => list.filter((entry) => routes.includes(entry.route));
const fetched = async (bench) => only(await bench.sandbox.log(), "download").filter((entry) => entry.status === 200).length;

/** Whatever stands under its name is whole (I-2, I-4). */
async function onlyWhole(bench) {
  await mkdir(bench.folder, { recursive: true });
  const lines = (await bench.differences()).filter((line) => !line.startsWith("only "));
  assert.deepEqual(lines, []);
}

const failureOf = async (bench) => (await bench.status()).mirrors[0].failure;

/** The message of a mirror or of an item, by number. */
async function untilTold(bench, number) {
  await until(`F-${number} is told`, async () => {
    const problems = await bench.query("select failure from v_problems");
    return (await failureOf(bench)) === number || problems.some((row) => row.failure === `F-${number}`);
  });
}

function inside() {
  /* They wait for a minute each: side by side. */
  test("by itself", { concurrency: true }, async (t) => {
    const running = [];
    const byItself = (name, prepare, body) => running.push(t.test(name, { timeout: 300_000 }, () => withDisk(prepare, body)));

    byItself("the disk of the folder is full, then has room again (F-10)", (bench) => mountAt(bench.folder, "size=8m"), async (bench) => {
      await bench.start();
      await bench.sandbox.change(files(20, 1_000_000));
      await untilTold(bench, 10);
      await onlyWhole(bench);
      await bench.sandbox.resetLog();
      const stood = (await readdir(bench.file("d"))).length;
      assert.ok(stood > 3 && stood < 9, `${stood} files found room`);
      remount(bench.folder, "size=64m");
      await bench.untilEqual({ patience: BY_ITSELF_MS });
      assert.ok((await fetched(bench)) <= 20 - stood + 2, "what stands is not fetched again");
    });

    /* Nobody may be writing when it is remounted: the agent starts on it. */
    byItself("the disk of the folder is read-only, then writable again (F-13)", (bench) => mountAt(bench.folder, "size=64m"), async (bench) => {
      await bench.sandbox.change(files(10, 1000));
      await bench.ok("sync-now");
      remount(bench.folder, "ro");
      await bench.sandbox.change([{ op: "put", path: "new.txt", content: "new" }, { op: "delete", path: "d/1.bin" }, { op: "move", path: "d/2.bin", to: "moved.bin" }]);
      const once = await bench.run("sync-now", "--timeout", "5s");
      assert.equal(once.code, 1, once.stderr);
      assert.match(once.stderr, /F-13 /);
      await bench.start({ live: false });
      await untilTold(bench, 13);
      await bench.sandbox.resetLog();
      await new Promise((done) => setTimeout(done, 5000));
      assert.ok(only(await bench.sandbox.log(), "delta", "download").length <= 3, "it does not go round in circles");
      remount(bench.folder, "rw");
      await bench.untilEqual({ patience: BY_ITSELF_MS, except: [".Trash-"] });
    });

    byItself("the disk of the state is full, then has room again (F-12)", (bench) => mountAt(bench.stateDir, "size=3m"), async (bench) => {
      await bench.sandbox.change(files(10, 1000));
      await bench.start();
      await bench.untilEqual();
      /* The agent itself makes room when it tidies up. */
      const fill = () => sh(`cat /dev/zero >> '${bench.stateDir}/filler' 2>/dev/null || true`);
      fill();
      await bench.sandbox.change([...files(400, 100, "more"), { op: "delete", path: "d/1.bin" }]);
      await until("it is told", async () => {
        fill();
        await bench.sandbox.change({ op: "put", path: "again.bin", content: { size: 100, seed: Date.now() } });
        return [12, 68].includes(await failureOf(bench));
      });
      await onlyWhole(bench);
      await unlink(path.join(bench.stateDir, "filler"));
      await bench.untilEqual({ patience: BY_ITSELF_MS });
      assert.match((await bench.ok("inspect", "check")).stdout, /whole/);
    });

    const bound = async (bench) => {
      await mkdir(path.join(bench.home, "disk"));
      await mkdir(bench.folder);
      sh(`mount --bind '${bench.home}/disk' '${bench.folder}'`);
    };
    byItself("the disk is taken away while it runs, and comes back (F-57, F-58, F-158)", bound, async (bench) => {
      await bench.sandbox.change(files(30, 1000));
      await bench.start();
      await bench.untilEqual();
      sh(`umount -l '${bench.folder}'`);
      await bench.sandbox.resetLog();
      await bench.sandbox.change([{ op: "put", path: "new.txt", content: "new" }, { op: "delete", path: "d/1.bin" }]);
      await until("the guard stands", async () => (await bench.status()).mirrors[0].state === "guard");
      assert.deepEqual(await readdir(bench.folder), [], "nothing is written to the empty mount point");
      assert.equal((await readdir(path.join(bench.home, "disk/d"))).length, 30, "nor to the disk that is away");
      sh(`mount --bind '${bench.home}/disk' '${bench.folder}'`);
      await bench.untilEqual({ patience: BY_ITSELF_MS });
      assert.ok((await fetched(bench)) <= 2, "nothing is fetched twice");
    });
    await Promise.all(running);
  });

  test("the disk was not mounted at the start: exit 8, nothing touched; then it is, and all is well (F-57)", async () => {
    await withDisk((bench) => mountAt(bench.folder, "size=64m"), async (bench) => {
      await bench.sandbox.change(files(30, 1000));
      await bench.ok("sync-now");
      await mkdir(path.join(bench.home, "away"));
      sh(`mount --move '${bench.folder}' '${bench.home}/away'`);
      try {
        await bench.sandbox.resetLog();
        await bench.sandbox.change({ op: "delete", path: "d" });
        const result = await bench.run("sync-now");
        assert.equal(result.code, 8, result.stderr);
        assert.match(result.stderr, /F-57/);
        assert.deepEqual(await readdir(bench.folder), []);
        assert.equal(await fetched(bench), 0);
        await bench.sandbox.change(files(30, 1000));
      } finally {
        sh(`mount --move '${bench.home}/away' '${bench.folder}'`);
      }
      await bench.ok("sync-now", "--allow-big-delete");
      assert.deepEqual(await bench.differences(), []);
    });
  });

  test("the folder is emptied, its marker too: exit 8, nothing is fetched or deleted (F-57)", async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(files(30, 1000));
      await bench.ok("sync-now");
      await rm(bench.folder, { recursive: true });
      await mkdir(bench.folder);
      await bench.sandbox.resetLog();
      const result = await bench.run("sync-now");
      assert.equal(result.code, 8, result.stderr);
      assert.deepEqual(await readdir(bench.folder), []);
      assert.equal(await fetched(bench), 0);
      await bench.ok("approve");
      await bench.ok("sync-now", "--full");
      assert.deepEqual(await bench.differences(), [], "a person's word brings all back");
    });
  });

  test("all files are gone, the marker is there: nothing is fetched against a person's will (F-31, F-57)", async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(files(30, 1000));
      await bench.ok("sync-now");
      await rm(bench.file("d"), { recursive: true });
      await bench.sandbox.resetLog();
      const result = await bench.run("sync-now");
      assert.ok([0, 8].includes(result.code), `${result.code} ${result.stderr}`);
      assert.equal(await fetched(bench), 0);
      assert.equal((await bench.sandbox.tree()).filter((item) => item.type === "file").length, 30);
      await bench.ok("sync-now", "--full");
      assert.deepEqual(await bench.differences(), []);
    });
  });

  test("two mirrors' folders are swapped: exit 8, both untouched (F-57, F-64)", async () => {
    await withBench({}, async (bench) => {
      const other = path.join(bench.home, "Team");
      await bench.ok("login", "--device-code", "--all-drives");
      const { id } = await bench.sandbox.drive({ drive: "group" });
      await bench.add(other, "team", `drive:${id}`);
      await bench.sandbox.change([...files(30, 1000), ...files(5, 500, "team").map((op) => ({ ...op, drive: "group" }))]);
      await bench.ok("sync-now");
      const swap = async () => {
        await rename(bench.folder, `${bench.folder}.x`);
        await rename(other, bench.folder);
        await rename(`${bench.folder}.x`, other);
      };
      const all = async () => (await readdir(bench.home, { recursive: true })).filter((name) => /^(Drive|Team)/.test(name)).sort();
      await swap();
      const before = await all();
      await bench.sandbox.resetLog();
      await bench.sandbox.change([{ op: "delete", path: "d/1.bin" }, { op: "delete", path: "team/1.bin", drive: "group" }]);
      const result = await bench.run("sync-now");
      assert.equal(result.code, 8, result.stderr);
      assert.deepEqual(await all(), before);
      assert.equal(await fetched(bench), 0);
      await swap();
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.differences("group", other), []);
    });
  });

  const SIZES = LONG ? Array.from({ length: 60 }, (_, i) => 64 + 24 * i) : [160, 800];
  test("a disk that is full at any moment: exit 1, all that stands is whole, the rest comes (F-10)", async () => {
    for (const kib of SIZES) {
      await withDisk((bench) => mountAt(bench.folder, `size=${kib}k`), async (bench) => {
        await bench.sandbox.change([...files(12, 100_000), { op: "put", path: "edited.txt", content: "one" }]);
        const first = await bench.run("sync-now", "--timeout", "5s");
        assert.equal(first.code, 1, `${kib} KiB: ${first.stderr}`);
        assert.match(first.stderr, /F-1[01] .*(full|room)/);
        await onlyWhole(bench);
        const stood = await readdir(bench.file("d")).then((names) => names.length, () => 0);
        await bench.sandbox.resetLog();
        remount(bench.folder, "size=64m");
        await bench.ok("sync-now", "--full");
        assert.deepEqual(await bench.differences(), [], `${kib} KiB`);
        assert.ok((await fetched(bench)) <= 13 - stood, `${kib} KiB: nothing is fetched twice`);
      });
    }
  });

  test("no inodes left: exit 1, told as such, the rest comes (F-11)", async () => {
    await withDisk((bench) => mountAt(bench.folder, "size=64m,nr_inodes=40"), async (bench) => {
      await bench.sandbox.change(files(100, 100));
      const result = await bench.run("sync-now", "--timeout", "5s");
      assert.equal(result.code, 1, result.stderr);
      assert.match(result.stderr, /F-11 .*inodes/);
      await onlyWhole(bench);
      remount(bench.folder, "nr_inodes=10k");
      await bench.ok("sync-now", "--full");
      assert.deepEqual(await bench.differences(), []);
    });
  });

  const STATE_SIZES = LONG ? Array.from({ length: 40 }, (_, i) => 40 + 16 * i) : [100];
  test("the disk of the state is full at any moment: exit 1, then all comes right (F-12, F-68)", async () => {
    for (const kib of STATE_SIZES) {
      await withDisk(
        (bench) => mountAt(bench.stateDir, "size=64m"),
        async (bench) => {
          const room = path.join(bench.stateDir, "filler");
          const free = Number(execFileSync("df", ["--output=avail", "-k", bench.stateDir]).toString().split("\n")[1]);
          await writeFile(room, Buffer.alloc((free - kib) * 1024));
          await bench.sandbox.change(files(300, 500));
          const result = await bench.run("sync-now", "--timeout", "5s");
          assert.equal(result.code, 1, `${kib} KiB: ${result.stderr}`);
          assert.match(result.stderr, /F-(12|68)/);
          await onlyWhole(bench);
          await unlink(room);
          await bench.ok("sync-now");
          assert.deepEqual(await bench.differences(), [], `${kib} KiB`);
          assert.equal((await stat(bench.database)).isFile(), true);
        },
      );
    }
  });
}
