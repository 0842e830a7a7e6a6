// The agent among users, signals, packages and clocks (failure model, section L).

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { appendFile, chmod, chown, copyFile, readFile, rename, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";

import { AGENT, HIDDEN, until, withBench } from "../support/agent.mjs";

const NOBODY = 65534;
const IS_ROOT = process.getuid() === 0;
const SIGPIPE = 13;

/* Without notifications nothing but the signal brings the change in. */
const DEAF = { settings: { notify: false } };

test("SIGUSR1 brings all mirrors up to date (F-156)", async () => {
  await withBench(DEAF, async (bench) => {
    await bench.start();
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    bench.child.kill("SIGUSR1");
    await bench.untilEqual();
  });
});

test("SIGHUP takes up the configuration; one with a mistake is refused and the old one goes on (F-156, F-159)", async () => {
  await withBench(DEAF, async (bench) => {
    const good = await readFile(bench.configFile, "utf8");
    const second = path.join(bench.home, "Second");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.start();
    await writeFile(bench.configFile, `${good}\n[mirror second]\nfolder = ${second}\n`);
    bench.child.kill("SIGHUP");
    await bench.untilLive("second");
    await bench.untilEqual({ folder: second });
    await appendFile(bench.configFile, "[sync]\ntransfers = many\n");
    bench.child.kill("SIGHUP");
    await until("the mistake is told", () => /F-159 .*old configuration/.test(bench.log));
    await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
    bench.child.kill("SIGUSR1");
    await bench.untilEqual();
    await bench.untilEqual({ folder: second });
  });
});

test("a pause survives a restart, and resume takes up all work", async () => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    await bench.ok("pause");
    await bench.start({ live: false });
    await until("it rests", async () => (await bench.status()).mirrors[0]?.state === "paused");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.stop();
    await bench.start({ live: false });
    await until("it rests again", async () => (await bench.status()).mirrors[0]?.state === "paused");
    assert.equal((await bench.sandbox.stats()).sockets_joined, 0);
    await bench.ok("resume");
    await bench.untilLive();
    await bench.untilEqual();
  });
});

test("what is approved during a pause goes on when the pause is over, and a person is told so (F-90)", async () => {
  await withBench(DEAF, async (bench) => {
    const files = Array.from({ length: 40 }, (_, i) => `d/${i}.txt`);
    await bench.sandbox.change(files.map((name) => ({ op: "put", path: name, content: name })));
    await bench.start();
    await bench.untilEqual();
    await bench.sandbox.change({ op: "delete", path: "d" });
    assert.equal((await bench.run("sync-now")).code, 8);
    await bench.ok("pause");
    const { stdout, stderr } = await bench.ok("approve", "main");
    assert.equal(stdout, "");
    assert.equal(stderr, "approved, but work is paused (as you asked): it goes on after agent resume\n");
    assert.equal(await bench.read(files[0]), files[0]);
    await bench.ok("resume");
    await bench.untilEqual();
  });
});

test("its terminal closes: the agent goes on (F-156, F-167)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    bench.child.stdout.destroy();
    bench.child.stderr.destroy();
    await bench.sandbox.push("drop_sockets"); /* something to say */
    bench.child.kill("SIGHUP");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
  });
});

/** Asks the control socket for more than it can hold, and hangs up without reading. */
function askAndLeave(bench) {
  return new Promise((done) => {
    const socket = net.connect(path.join(bench.home, "drive-agent/control.sock"), () => {
      socket.write('{"command":"watch"}\n', () => socket.resetAndDestroy());
    });
    socket.on("error", () => {});
    socket.on("close", done);
  });
}

test("peers that are gone before they are answered end nothing (F-132)", { skip: HIDDEN }, async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const ignored = BigInt(`0x${/^SigIgn:\s+(\w+)/m.exec(await readFile(`/proc/${bench.child.pid}/status`, "utf8"))[1]}`);
    assert.ok(ignored & (1n << BigInt(SIGPIPE - 1)), "SIGPIPE is ignored");
    for (let i = 0; i < 20; i++) await askAndLeave(bench);
    await bench.sandbox.service("drop");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
    await bench.untilLive();
  });
});

test("its program file is replaced while it runs, as by a package update (F-165)", async () => {
  await withBench({}, async (bench) => {
    const program = path.join(bench.home, "agent-copy");
    await copyFile(AGENT, program);
    await bench.start({ program });
    await writeFile(`${program}.new`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await rename(`${program}.new`, program);
    /* What it had not used so far: a new connection, a new download, a reload, the stop. */
    await bench.sandbox.service("drop");
    bench.child.kill("SIGHUP");
    await bench.sandbox.change({ op: "put", path: "a.bin", content: { size: 5_000_000, seed: 1 } });
    await bench.untilEqual();
    await bench.untilLive();
    assert.deepEqual(await bench.stop(), { code: 0, signal: null });
  });
});

test("a state of another user is refused before any change: exit 1 (F-166)", { skip: !IS_ROOT && "only root can give a folder away" }, async () => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await chown(bench.stateDir, NOBODY, NOBODY);
    const tokens = path.join(bench.stateDir, "tokens.json");
    const before = await stat(tokens);
    for (const command of [["sync-now"], ["run"], ["login", "--device-code"], ["logout"], ["drives"], ["pause"]]) {
      const result = await bench.run(...command);
      assert.equal(result.code, 1, `${command}: ${result.stderr}`);
      assert.match(result.stderr, /F-166.*belongs to another user/);
    }
    assert.match((await bench.run("doctor")).stdout, /^fail +sign-in +the state folder belongs to another user/m);
    assert.equal((await stat(tokens)).ino, before.ino, "the sign-in is as it was");
    await chown(bench.stateDir, 0, 0);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("another user can neither read the state nor talk to the agent (F-166, F-170)", { skip: !IS_ROOT && "only root can become somebody else" }, async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await chmod(bench.home, 0o755);
    const program = path.join(bench.home, "agent-copy");
    await copyFile(AGENT, program);
    const result = await promisify(execFile)(program, ["sync-now"], { env: bench.environment, uid: NOBODY, gid: NOBODY }).catch((error) => error);
    assert.ok(result.code >= 1, result.stderr);
    assert.match(result.stderr, /another user|permission|not allowed/i);
    assert.doesNotMatch(result.stdout, /up to date/);
    await bench.untilLive();
  });
});

/* The clocks differ for the whole test: lifetimes are counted, not compared. */
test("a token is renewed before its end, a clock that is far off is told once (F-113, F-124)", async () => {
  const life = 4;
  await withBench({ settings: { access_token_s: life, clock_skew_s: 3600 } }, async (bench) => {
    await bench.start();
    await bench.sandbox.resetLog();
    const begin = Date.now();
    for (let i = 0; Date.now() - begin < 2 * life * 1000; i++) {
      await bench.sandbox.change({ op: "put", path: "a.txt", content: `${i}` });
      await bench.untilEqual();
    }
    const requests = await bench.sandbox.log();
    assert.deepEqual(requests.filter((entry) => entry.status === 401), []);
    const renewals = requests.filter((entry) => entry.route === "token").length;
    assert.ok(renewals >= 2 && renewals <= 4, `${renewals} renewals in ${Date.now() - begin} ms`);
    assert.equal(bench.log.match(/F-124/g).length, 1);
    assert.match((await bench.run("doctor")).stdout, /warn +clock +-?3[56]\d\d s from the service's/);
  });
});

test("what was to wait by a clock that was ahead does not wait for it (F-153)", async () => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    const [id] = await bench.sandbox.faults({ route: "download", kind: "stall" });
    assert.equal((await bench.run("sync-now", "--timeout", "1s")).code, 5);
    await bench.sandbox.clearFaults(id);
    const later = Date.now() + 10 * 365 * 86_400_000;
    execFileSync("sqlite3", [bench.database, `update todo set attempts = 1, failure = 97, not_before = ${later}; update mirror set enumerated_at = ${later};`]);
    await bench.start();
    await bench.untilEqual();
    await until("it has compared all", async () => {
      const [mirror] = await bench.query("select enumerated_at from v_mirrors");
      return Date.parse(mirror.enumerated_at) <= Date.now();
    });
    assert.deepEqual(await bench.query("select path from v_pending"), []);
  });
});

/** Starts it while every download stalls, waits until one has begun, and lets it crash. */
async function crashInHand(bench, before) {
  await bench.sandbox.resetLog();
  await bench.start({ live: false });
  await until("a download has begun", async () => (await bench.sandbox.log()).some((entry) => entry.route === "download"));
  if (before > 0) assert.match((await bench.ok("status")).stdout, new RegExp(`^note +it has crashed ${before} time${before > 1 ? "s" : ""} within`, "m"));
  const how = await bench.stop("SIGABRT");
  assert.equal(how.signal, "SIGABRT");
}

const crashes = async (bench) => (await bench.status()).crashes;

test("after five crashes it goes on with one item at a time, holds the one that it fails at, and says so (F-07)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "bad.bin", content: { size: 100_000, seed: 1 } });
    const [id] = await bench.sandbox.faults({ route: "download", kind: "stall", at: 1000 });
    for (let i = 0; i < 5; i++) await crashInHand(bench, i);
    assert.match((await bench.run("doctor")).stdout, /warn +crashes +5 within the hour/);

    await crashInHand(bench, 5); /* careful now: the item is known */
    await bench.sandbox.clearFaults(id);
    await bench.sandbox.change({ op: "put", path: "good.txt", content: "good" });
    await bench.start({ live: false });
    await until("the good one arrives", () => bench.read("good.txt").then((text) => text === "good", () => false));
    const held = await bench.query("select path, failure from v_problems");
    assert.deepEqual(held, [{ path: "bad.bin", failure: "F-07" }]);
    assert.equal(await crashes(bench), 6);
    assert.match((await bench.ok("status")).stdout, /crashed 6 times/);
    assert.match(bench.log, /error F-07 .*one item at a time/);

    await bench.stop();
    await bench.ok("sync-now", "--full");
    assert.deepEqual(await bench.differences(), []);
    await bench.start();
    assert.equal(await crashes(bench), 0, "a stop in good order is a new beginning");
  });
});

test("an agent that does not answer is no fault of the service", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    bench.child.kill("SIGSTOP");
    try {
      const status = await bench.run("status");
      assert.equal(status.code, 1, "status knows no code 5");
      assert.match(status.stderr, /^error the running agent has not answered for 10 s: .*stop and start it\n$/);
      const work = await bench.run("sync-now", "--timeout", "1s");
      assert.equal(work.code, 5);
      assert.match(work.stderr, /gave up after 1 s/);
    } finally {
      bench.child.kill("SIGCONT");
    }
  });
});

test("kills from outside are no crashes (F-07)", async () => {
  await withBench({}, async (bench) => {
    for (let i = 0; i < 6; i++) {
      await bench.start();
      await bench.stop("SIGKILL");
    }
    await bench.start();
    assert.equal(await crashes(bench), 0);
  });
});

/** The answer's Location, or its body where there is none. */
function visit(url, ca) {
  return new Promise((done, failed) => {
    const request = (url.startsWith("https:") ? https : http).get(url, { ca }, async (answer) => {
      let body = "";
      for await (const part of answer) body += part;
      done(answer.headers.location ?? body);
    });
    request.on("error", failed);
  });
}

const BROWSERS = [
  { name: "hangs", script: "sleep 600" },
  { name: "fails", script: "exit 4" },
  { name: "is not there" },
];

for (const row of BROWSERS) {
  test(`a browser that ${row.name}: the address is told, and the sign-in can be done by hand (F-171)`, async (t) => {
    await withBench({ settings: { auto_approve: true } }, async (bench) => {
      const opener = path.join(bench.home, "xdg-open");
      const seen = path.join(bench.home, "seen");
      if (row.script !== undefined)
        await writeFile(opener, `#!/bin/sh\nls -l /proc/$$/fd > '${seen}.new' && mv '${seen}.new' '${seen}'\n${row.script}\n`, { mode: 0o755 });
      const env = { ...bench.environment, DISPLAY: ":0", PATH: row.script === undefined ? bench.home : `${bench.home}:/usr/bin:/bin` };
      const child = spawn(AGENT, ["login", "--browser"], { env, stdio: ["ignore", "pipe", "inherit"] });
      const ended = new Promise((done) => child.once("exit", done));
      t.after(() => child.kill());
      let said = "";
      child.stdout.on("data", (data) => (said += data));
      const [url] = await until("the address is told", () => /https:\S+authorize\S+/.exec(said));
      if (row.script !== undefined) {
        const open = (await until("it was called", () => readFile(seen, "utf8"))).split("\n").filter((line) => line.includes("->"));
        for (const line of open) assert.match(line, /-> \/dev\/null$|xdg-open$|seen.new$/, "no descriptor of ours goes along");
      }
      await visit(await visit(url, await readFile(bench.sandbox.ca_file)));
      assert.equal(await ended, 0, said);
    });
  });
}
