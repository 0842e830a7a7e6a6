// What is wrong is said in one clear line with its own exit code, and nothing is changed.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";

import { AGENT, openBench, until, withBench } from "../support/agent.mjs";

/** Every line on standard error; one is wanted, and it names something. */
function oneLine(result, pattern) {
  const lines = result.stderr.split("\n").filter(Boolean);
  assert.equal(lines.length, 1, result.stderr);
  assert.match(lines[0], pattern);
}

async function withClosedBench(body) {
  const bench = await openBench();
  try {
    await body(bench);
  } catch (error) {
    console.error(bench.log);
    throw error;
  } finally {
    await bench.close();
  }
}

const CONFIGS = [
  { name: "an unknown key", text: "[sync]\ntransfer = 8\n", wants: /config\.ini:2.*transfer/ },
  { name: "a bad value", text: "[sync]\n\ntransfers = many\n", wants: /config\.ini:3.*transfers/ },
  { name: "an unknown section", text: "[mirrors]\n", wants: /config\.ini:1.*mirrors/ },
  { name: "a relative folder (F-159)", text: "[mirror a]\nfolder = here\n", wants: /config\.ini:2.*here/ },
  { name: "no known form of drive", text: "[mirror a]\nfolder = /tmp/x\ndrive = mine\n", wants: /config\.ini:3.*mine/ },
  { name: "two mirrors in one folder (F-96)", text: "[mirror a]\nfolder = /tmp/x\n[mirror b]\nfolder = /tmp/x/y\n", wants: /config\.ini:\d.*(overlap|inside|same|within)/i },
  { name: "http for Graph", text: "[service]\ngraph_url = http://localhost/v1.0\n", wants: /config\.ini:2.*https/ },
];

for (const row of CONFIGS) {
  test(`configuration: ${row.name} is exit 3`, async () => {
    await withClosedBench(async (bench) => {
      await writeFile(bench.configFile, row.text);
      const result = await bench.run("sync-now");
      assert.equal(result.code, 3, result.stderr);
      assert.match(result.stderr, row.wants);
      assert.deepEqual(await readdir(bench.stateDir), []);
    });
  });
}

const USAGE = [
  { name: "no command", words: [], code: 2 },
  { name: "an unknown command suggests the near one", words: ["snyc-now"], code: 2, wants: /sync-now/ },
  { name: "an unknown option", words: ["status", "--jsn"], code: 2, wants: /--jsn/ },
  { name: "an option without its value", words: ["sync-now", "--timeout"], code: 2, wants: /--timeout/ },
  { name: "a bad duration", words: ["sync-now", "--timeout", "soon"], code: 2, wants: /soon/ },
  { name: "an unknown mirror", words: ["sync-now", "nowhere"], code: 2, wants: /nowhere/ },
];

for (const row of USAGE) {
  test(`usage: ${row.name} is exit ${row.code}`, async () => {
    await withClosedBench(async (bench) => {
      const result = await bench.run(...row.words);
      assert.equal(result.code, row.code, result.stderr);
      if (row.wants) assert.match(result.stderr, row.wants);
    });
  });
}

const UNMADE = [
  ...[["status"], ["sync-now"], ["run"], ["inspect"], ["pause"], ["remove", "x"], ["logout"]].map((words) => ({ words, wants: /^error F-159 there is no configuration file \S+\/new\.ini: .*agent add FOLDER$/ })),
  { words: ["login"], wants: /^client_id is missing in \S+\/new\.ini/ },
  { words: ["doctor"], wants: /^$/, out: /^fail +configuration +there is no file \S+\/new\.ini[^]*^\S+ +state folder/m },
  { words: ["add", "Drive"], code: 0, out: /Added the mirror/ },
];

for (const how of ["on the command line", "in the environment"]) {
  test(`a configuration file that is named ${how} and not there: exit 3 but for what makes it (F-159)`, async () => {
    await withClosedBench(async (bench) => {
      const named = how === "in the environment" ? { AGENT_CONFIG: "new.ini" } : {};
      /* What examines the service finds none: this is not about it. */
      const environment = { ...named, https_proxy: "http://127.0.0.1:9" };
      const option = how === "in the environment" ? [] : ["--config", "new.ini"];
      for (const { words, wants, out, code } of UNMADE) {
        const result = await bench.runWith({ environment, cwd: bench.home }, ...words, ...option);
        assert.equal(result.code, code ?? 3, `${words}: ${result.stdout}${result.stderr}`);
        if (wants) assert.match(result.stderr.trimEnd().split("\n")[0], wants);
        if (out) assert.match(result.stdout, out);
      }
      assert.match(await readFile(path.join(bench.home, "new.ini"), "utf8"), /^\[mirror /m);
    });
  });
}

test("a folder that is a file", async () => {
  await withClosedBench(async (bench) => {
    await bench.login();
    const file = path.join(bench.home, "file");
    await writeFile(file, "mine");
    const result = await bench.run("add", file, "--name", "x");
    assert.notEqual(result.code, 0);
    oneLine(result, /file/);
  });
});

test("nobody is signed in: exit 4", async () => {
  await withClosedBench(async (bench) => {
    await bench.add();
    const result = await bench.run("sync-now");
    assert.equal(result.code, 4, result.stderr);
    oneLine(result, /agent login/);
    const run = await bench.run("run");
    assert.equal(run.code, 4, run.stderr);
  });
});

test("no network: exit 5 within the time limit (F-125)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.service("stop", "graph");
    const result = await bench.run("sync-now", "--timeout", "2s");
    assert.equal(result.code, 5, result.stderr);
    oneLine(result, /graph|localhost|reach/i);
  });
});

for (const kind of ["expired", "wrong_host", "unknown_ca"]) {
  test(`a certificate that does not verify (${kind}): exit 5 (F-126)`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.certificate(kind, "graph");
      await bench.sandbox.service("drop", "graph");
      const result = await bench.run("sync-now", "--timeout", "3s");
      assert.equal(result.code, 5, result.stderr);
      oneLine(result, /certificate|TLS|trust/i);
    });
  });
}

test("a second agent: exit 7, nothing changed (F-160)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const result = await bench.run("run");
    assert.equal(result.code, 7, result.stderr);
    oneLine(result, new RegExp(`${bench.child.pid}`));
    await bench.untilLive();
  });
});

const CAN_TRACE = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;

test("an agent that starts while sync-now is about to is asked after all (F-160)", { skip: !CAN_TRACE && "there is no strace, or it may not trace" }, async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    /* Its first lock, that of the state, is held up until the agent has it. */
    const trace = path.join(bench.home, "trace");
    const slowly = ["-f", "-o", trace, "-e", "trace=fcntl", "-e", "inject=fcntl:delay_enter=3000000:when=1"];
    const child = spawn("strace", [...slowly, AGENT, "sync-now"], { env: { ...bench.environment, ASAN_OPTIONS: "detect_leaks=0" }, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (data) => (stderr += data));
    const ended = new Promise((done) => child.once("close", done));
    await until("it is about to", async () => (await readFile(trace, "utf8").catch(() => "")).includes("F_OFD_SETLK"));
    await bench.start({ live: false });
    assert.equal(await ended, 0, stderr);
    assert.match(await readFile(trace, "utf8"), /F_OFD_SETLK.*EAGAIN/);
    assert.equal(await bench.read("a.txt"), "a");
  });
});

test("another agent holds the folder, with a state of its own: exit 7 (F-160)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const other = path.join(bench.home, "state2");
    await mkdir(other, { mode: 0o700 });
    await bench.ok("login", "--device-code", "--state-dir", other);
    const result = await bench.run("sync-now", "--state-dir", other);
    assert.ok(result.code === 7 || result.code === 8, `${result.code} ${result.stderr}`);
  });
});

test("the folder is not the one the state knows: exit 8, nothing touched (F-57)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.ok("sync-now");
    await rename(bench.folder, `${bench.folder}.away`);
    await mkdir(bench.folder);
    const result = await bench.run("sync-now");
    assert.equal(result.code, 8, result.stderr);
    assert.deepEqual(await readdir(bench.folder), []);
    await rename(bench.folder, `${bench.folder}.empty`);
    await rename(`${bench.folder}.away`, bench.folder);
    await bench.ok("sync-now");
  });
});

test("a big deletion wants a person's word: exit 8, then approve (F-90)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 40 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
    await bench.ok("sync-now");
    await bench.sandbox.change([{ op: "delete", path: "d" }, { op: "put", path: "new.txt", content: "n" }]);
    const result = await bench.run("sync-now");
    assert.equal(result.code, 8, result.stderr);
    oneLine(result, /4[01].*agent approve/);
    assert.equal((await readdir(bench.file("d"))).length, 40);
    assert.equal(await bench.read("new.txt"), "n", "the rest of the set is applied");
    await bench.ok("sync-now", "--allow-big-delete");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("verify --repair while work is paused sets nothing aside that could not be fetched", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.ok("sync-now");
    await writeFile(bench.file("a.txt"), "mine");
    const changesNothing = async () => {
      const result = await bench.run("verify", "--repair");
      assert.equal(result.code, 1);
      oneLine(result, /paused.*agent resume/);
      assert.equal(await bench.read("a.txt"), "mine");
    };
    await bench.ok("pause");
    await changesNothing();
    await bench.start({ live: false });
    await until("it listens", async () => (await bench.status()).running);
    await changesNothing();
    await bench.ok("resume");
    await bench.ok("verify", "--repair");
    assert.equal(await bench.read("a.txt"), "a");
  });
});

test("sync-now that is overtaken by a pause has not succeeded", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await bench.sandbox.faults({ route: "download", kind: "drip", bytes: 1000, every_ms: 50 });
    await bench.sandbox.change({ op: "put", path: "slow.bin", content: { size: 1_000_000, seed: 1 } });
    const result = bench.run("sync-now");
    await until("it arrives", async () => (await bench.status()).mirrors[0].done_bytes > 0);
    await setTimeout(200); /* for the request to get there */
    await bench.ok("pause");
    assert.equal((await result).code, 1);
    oneLine(await result, /paused before the end.*agent resume/);
    await bench.sandbox.clearFaults();
    await bench.ok("resume");
    await bench.untilEqual();
  });
});

test("sync-now on a paused agent says so and changes nothing", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await bench.ok("pause");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    const result = await bench.run("sync-now");
    assert.notEqual(result.code, 0);
    oneLine(result, /paused.*agent resume/);
    assert.deepEqual((await readdir(bench.folder)).filter((name) => name !== ".drive-agent"), []);
    await bench.ok("resume");
    await bench.untilEqual();
  });
});
