// The package's life in a bare system that is booted: what a new user does, an update while
// the agent runs, the removal, and nothing left. The steps are in ./new-user.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

import { startSandbox } from "../support/sandbox.mjs";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const isDebian = has("dpkg") && has("apt-get");
const isLong = process.env.TEST_LONG === "1";
const skip = (!isLong && "only with TEST_LONG=1") || (!isDebian && "needs a Debian") || (process.getuid() !== 0 && "needs root");

function run(program, ...words) {
  const result = spawnSync(program, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error ?? ""}${result.stdout}${result.stderr}`);
  return result.stdout.trim();
}

/** As run(), while this process goes on: it has the sandbox to feed. */
function runBeside(program, ...words) {
  return new Promise((done, failed) => {
    const child = spawn(program, words, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    child.on("error", failed);
    child.on("close", (code) => (code === 0 ? done(said) : failed(new Error(`${program} ended with ${code}:\n${said}`))));
  });
}

/** The same package under a higher version, as the next build would be. */
function successor(deb, home) {
  const tree = path.join(home, "successor");
  const version = `${run("dpkg-deb", "-f", deb, "Version")}+next`;
  run("dpkg-deb", "-R", deb, tree);
  const control = path.join(tree, "DEBIAN/control");
  writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, `Version: ${version}`));
  const next = path.join(home, "next.deb");
  run("dpkg-deb", "--root-owner-group", "-b", tree, next);
  return next;
}

test("installed, used, updated while it runs and removed, it leaves nothing (F-165)", { skip }, async () => {
  const home = mkdtempSync(path.join(tmpdir(), "drive-agent-life-"));
  const deb = path.join(ROOT, run("packaging/package", "deb").split("\n").at(-1));
  const sandbox = await startSandbox({ settings: { auto_approve: true, device_interval_s: 1 } });
  try {
    const about = path.join(home, "sandbox.json");
    const authority = path.join(home, "ca.pem");
    writeFileSync(about, JSON.stringify(sandbox));
    copyFileSync(sandbox.ca_file, authority);
    const files = [deb, successor(deb, home), about, authority].flatMap((file) => ["--with", file]);
    const suite = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME");
    const said = await runBeside("tests/clean-root", "--boot", ...files, suite, "tests/packaging/new-user");
    assert.match(said, /nothing is left but the people's own/);
    assert.deepEqual(await sandbox.violations(), []);
  } finally {
    await sandbox.stop();
    rmSync(home, { recursive: true });
  }
});
