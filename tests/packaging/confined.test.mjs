// The e2e suite within the restrictions of the system's unit, in a booted system of its own;
// the steps are in ./confined. CONFINED names the tests, all of them when it is not set.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import test from "node:test";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const isLong = process.env.TEST_LONG === "1";
const skip = (!isLong && "only with TEST_LONG=1") || (!(has("dpkg") && has("apt-get")) && "needs a Debian") || (process.getuid() !== 0 && "needs root");

function run(program, ...words) {
  const result = spawnSync(program, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error ?? ""}${result.stdout}${result.stderr}`);
  return result.stdout.trim();
}

test("the e2e suite passes within the restrictions of drive-agent@.service (F-172)", { skip }, () => {
  const deb = run("packaging/package", "deb").split("\n").at(-1);
  const suite = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME");
  const said = run("tests/clean-root", "--boot", "--with", deb, suite, `tests/packaging/confined ${process.env.CONFINED ?? ""}`);
  assert.match(said, /^confined: the restrictions hold$/m);
  assert.match(said, /^# fail 0$/m);
});
