// The units and the AppArmor profile are read by their own tools, and say what the product
// promises: which exits are final, how a reload is asked for, how much is kept away.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const AGENT = process.env.AGENT ?? path.join(ROOT, "build/agent/agent");
const GENERATED = path.resolve(process.env.BUILD_TESTS ?? path.join(ROOT, "build/tests"), "../packaging");
const MOST_EXPOSURE = 2.0;

const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

const UNITS = [
  { file: "user/drive-agent.service", scope: "--user", name: "drive-agent.service" },
  { file: "system/drive-agent@.service", scope: "--system", name: "drive-agent@ana.service" },
];

/** Runs systemd-analyze on a unit that starts the binary of this build. */
function analyze(unit, ...words) {
  const home = mkdtempSync(path.join(tmpdir(), "units-"));
  try {
    const file = path.join(home, unit.name);
    mkdirSync(path.join(home, "run"), { mode: 0o700 });
    writeFileSync(file, readFileSync(path.join(GENERATED, unit.file), "utf8").replace(/^ExecStart=\S+/m, `ExecStart=${AGENT}`));
    const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: path.join(home, "run"), SYSTEMD_COLORS: "0" };
    return spawnSync("systemd-analyze", [...words, file], { encoding: "utf8", env });
  } finally {
    rmSync(home, { recursive: true });
  }
}

for (const unit of UNITS) {
  test(`${unit.name} says what the product promises`, () => {
    const lines = readFileSync(path.join(GENERATED, unit.file), "utf8").split("\n");
    for (const line of ["Type=notify", "Restart=on-failure", "RestartPreventExitStatus=2 3 4 7 8", 'ExecReload=/bin/sh -c "kill -HUP $MAINPID"', "NoNewPrivileges=yes"])
      assert.ok(lines.includes(line), line);
    assert.ok(lines.some((line) => line.startsWith("WatchdogSec=")));
    assert.match(lines.find((line) => line.startsWith("ExecStart=")), /\/agent run -v --log-format journal$/);
  });

  test(`systemd reads ${unit.name} without a complaint`, { skip: !has("systemd-analyze") }, () => {
    const result = analyze(unit, "verify", unit.scope, "--man=no", "--recursive-errors=no");
    assert.equal(result.stdout + result.stderr, "");
    assert.equal(result.status, 0);
  });
}

test(`the system unit's exposure is at most ${MOST_EXPOSURE}`, { skip: !has("systemd-analyze") }, () => {
  const result = analyze(UNITS[1], "security", "--offline=yes", "--no-pager", `--threshold=${MOST_EXPOSURE * 10}`);
  assert.match(result.stdout, /Overall exposure level/);
  assert.equal(result.status, 0, result.stdout);
});

test("the AppArmor profile compiles", { skip: !has("apparmor_parser") }, () => {
  const result = spawnSync("apparmor_parser", ["--skip-kernel-load", "--skip-cache", path.join(ROOT, "packaging/apparmor/usr.bin.agent")], { encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  assert.doesNotMatch(readFileSync(path.join(ROOT, "packaging/apparmor/usr.bin.agent"), "utf8"), /complain/);
});
