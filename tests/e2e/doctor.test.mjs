// Every check of `agent doctor`, provoked: what it finds, its mend, and the exit code.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { HIDDEN, until, withBench } from "../support/agent.mjs";

const AGENT = process.env.AGENT ?? path.resolve("build/agent/agent");
const NAMESPACES = ["--user", "--map-root-user", "--mount"];
const cannotMount = spawnSync("unshare", [...NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"]).status !== 0 && "namespaces are not allowed here";

/** The rows of the doctor by check, and its exit code. */
function read({ code, stdout, stderr }) {
  assert.ok(stdout.startsWith("["), stdout + stderr);
  return { code, rows: Object.fromEntries(JSON.parse(stdout).map((row) => [row.check, row])) };
}

const examine = async (bench) => read(await bench.run("doctor", "--json"));

/** The same where `mounts` were made first; nobody else sees them. */
function examineBehind(bench, mounts) {
  const script = `${mounts}\nexec "$AGENT" doctor --json`;
  const result = spawnSync("unshare", [...NAMESPACES, "sh", "-ec", script], { env: { ...bench.environment, AGENT, FOLDER: bench.folder, HOME_FOLDER: bench.home }, encoding: "utf8" });
  return read({ code: result.status, ...result });
}

function holds(row, result, finding, mend) {
  assert.ok(row !== undefined, "the check was made");
  assert.equal(row.result, result, JSON.stringify(row));
  assert.match(row.finding, finding);
  assert.match(row.mend, mend);
}

const account = (bench, keys) => bench.writeConfig({ account: keys, "mirror main": { folder: bench.folder } });
const service = (bench, keys) => bench.writeConfig({ service: keys, "mirror main": { folder: bench.folder } });

/* `mend` undoes what `spoil` did; every row begins with a signed-in bench and ends with one. */
const FAULTS = [
  { name: "no mirror", check: "configuration", result: "warn", finding: /0 mirrors$/, mend: /^agent add FOLDER$/, code: 0, spoil: (bench) => bench.writeConfig() },
  { name: "a configuration that others may write", check: "configuration", result: "warn", finding: /^others may change it/, mend: /^chmod 600/, code: 0, spoil: (bench) => chmod(bench.configFile, 0o622), mended: (bench) => chmod(bench.configFile, 0o600) },
  { name: "no client id", check: "client id", result: "fail", finding: /^there is none$/, mend: /^register an app/, code: 3, spoil: (bench) => account(bench, { client_id: "" }) },
  { name: "a state folder that others may read", check: "state folder", result: "warn", finding: /^others may look into it$/, mend: /^chmod 700/, code: 0, spoil: (bench) => chmod(bench.stateDir, 0o755), mended: (bench) => chmod(bench.stateDir, 0o700) },
  {
    name: "a damaged state database",
    check: "state database",
    result: "fail",
    finding: /damaged|not a database/,
    mend: /^start the agent: it sets a damaged one aside/,
    code: 1,
    spoil: async (bench) => {
      await rename(bench.database, `${bench.database}.good`);
      await writeFile(bench.database, "this is no database, but long enough to look like one".repeat(100));
    },
    mended: async (bench) => {
      for (const end of ["", "-wal", "-shm"]) await rm(`${bench.database}${end}`, { force: true });
      await rename(`${bench.database}.good`, bench.database);
    },
  },
  { name: "an agent that does not run", check: "agent", result: "warn", finding: /^not running$/, mend: /^agent run$/, code: 0 },
  { name: "an authority that is not there", check: "network", result: "fail", finding: /ca_file|nowhere\.pem/, mend: /ca_file/, code: 3, spoil: (bench) => service(bench, { ca_file: "/nowhere.pem" }) },
  { name: "an authority that nobody knows", check: "Graph", result: "fail", finding: /is not trusted: nothing was sent/, mend: /ca_file/, code: 5, spoil: (bench) => bench.sandbox.certificate("unknown_ca", "graph"), mended: (bench) => bench.sandbox.certificate("good", "graph") },
  { name: "a certificate that has expired", check: "Graph", result: "fail", finding: /has expired.*clock/, mend: /clock/, code: 5, spoil: (bench) => bench.sandbox.certificate("expired", "graph"), mended: (bench) => bench.sandbox.certificate("good", "graph") },
  { name: "a service that is down", check: "sign-in service", result: "fail", finding: /^cannot reach localhost/, mend: /network/, code: 5, spoil: (bench) => bench.sandbox.service("stop", "login"), mended: (bench) => bench.sandbox.service("start", "login") },
  { name: "a proxy that is not there (F-128)", check: "Graph", result: "fail", finding: /^cannot reach/, mend: /proxy/, code: 5, spoil: (bench) => service(bench, { proxy: "http://127.0.0.1:1" }) },
  { name: "a clock that is an hour late", check: "clock", result: "warn", finding: /^-?3\d\d\d s from the service's$/, mend: /timesyncd/, code: 0, spoil: (bench) => bench.sandbox.settings({ clock_skew_s: 3600 }), mended: (bench) => bench.sandbox.settings({ clock_skew_s: 0 }) },
  { name: "a keyring that is not there (F-117)", check: "sign-in", result: "fail", finding: /keyring/, mend: /^agent login$/, code: 4, spoil: (bench) => account(bench, { token_store: "keyring" }) },
  { name: "a sign-in that was revoked (F-114)", check: "sign-in", result: "fail", finding: /./, mend: /^agent login$/, code: 4, spoil: (bench) => bench.sandbox.signin("revoke"), mended: (bench) => bench.login() },
  { name: "nobody signed in", check: "sign-in", result: "fail", finding: /^nobody is signed in$/, mend: /^agent login$/, code: 4, spoil: (bench) => bench.ok("logout"), mended: (bench) => bench.login() },
];

test("doctor finds what is wrong and names the mend", async (context) => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    for (const fault of FAULTS) {
      await context.test(fault.name, async () => {
        await fault.spoil?.(bench);
        const { code, rows } = await examine(bench);
        await fault.mended?.(bench);
        await bench.writeConfig({ "mirror main": { folder: bench.folder } });
        holds(rows[fault.check], fault.result, fault.finding, fault.mend);
        assert.equal(code, fault.code);
      });
    }
    await context.test("and nothing when all is well", async () => {
      await bench.start();
      const { code, rows } = await examine(bench);
      const known = Object.values(rows).filter((row) => !HIDDEN || row.check !== "inotify watches"); /* its limit is hidden as well */
      for (const row of known) assert.equal(row.result, "ok", JSON.stringify(row));
      assert.ok(Object.keys(rows).length >= 10);
      assert.equal(code, 0);
    });
  });
});

const MOUNTS = [
  { name: "a folder that cannot be written (F-13)", check: "folder of main", result: "fail", finding: /Read-only/, mend: /^make it writable/, code: 1, mounts: 'mount --bind "$FOLDER" "$FOLDER"; mount -o remount,bind,ro "$FOLDER"' },
  { name: "a disk that is nearly full", check: "folder of main", result: "warn", finding: /^only .* are free there$/, mend: /^make room/, code: 0, mounts: 'mount -t tmpfs -o size=1m none "$FOLDER"' },
  { name: "too few watches of inotify", check: "inotify watches", result: "warn", finding: /^100$/, mend: /^sysctl /, code: 0, mounts: 'echo 100 >"$HOME_FOLDER/few"; mount --bind "$HOME_FOLDER/few" /proc/sys/fs/inotify/max_user_watches' },
];

test("doctor looks at disks and limits", { skip: cannotMount }, async (context) => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    for (const { name, check, result, finding, mend, code, mounts } of MOUNTS) {
      await context.test(name, () => {
        const found = examineBehind(bench, mounts);
        holds(found.rows[check], result, finding, mend);
        assert.equal(found.code, code);
      });
    }
  });
});

test("doctor names who holds the state without listening (F-160)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.settings({ latency_ms: { delta: 60_000 } });
    const pass = spawn(AGENT, ["sync-now"], { env: bench.environment, stdio: "ignore" });
    try {
      await until("the pass asks", async () => (await bench.sandbox.counts()).delta > 0);
      const { rows } = await examine(bench);
      holds(rows.agent, "warn", new RegExp(`^process ${pass.pid} holds the state`), /^wait for its end, or stop it$/);
    } finally {
      pass.kill("SIGKILL");
    }
  });
});
