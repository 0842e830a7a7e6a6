// Packages of the last commit: built by the one command that is documented, looked into,
// and built twice for one checksum. Their life on a machine is in life.test.mjs.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import test from "node:test";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const isDebian = has("dpkg") && has("apt-get");
const canInstall = process.getuid() === 0 || has("sudo");
const isLong = process.env.TEST_LONG === "1";
const CANNOT = !(isDebian && canInstall) && "needs a Debian and the right to install";
/* Building, linting and using the packages takes minutes. */
const LONG = { skip: CANNOT || (!isLong && "only with TEST_LONG=1") };

const VERSION = execFileSync("sed", ["-n", "s/^project(drive-agent VERSION \\([0-9.]*\\).*/\\1/p", "CMakeLists.txt"], { cwd: ROOT, encoding: "utf8" }).trim();

const FILES = [
  "bin/agent",
  "libexec/drive-agent/ask-units",
  "lib/systemd/system/drive-agent@.service",
  "lib/systemd/user/drive-agent.service",
  "share/drive-agent/schema/status.json",
  "share/locale/de/LC_MESSAGES/drive-agent.mo",
  "share/locale/ru/LC_MESSAGES/drive-agent.mo",
  "bin/agent-tray",
  "share/applications/drive-agent-tray.desktop",
  "share/icons/hicolor/scalable/apps/drive-agent.svg",
  "share/icons/hicolor/scalable/status/drive-agent-attention.svg",
  "share/man/man1/agent.1",
  "share/man/man1/agent-tray.1",
  "share/man/man5/agent-config.5",
  "share/man/man5/agent-state.5",
  "share/bash-completion/completions/agent",
  "share/fish/vendor_completions.d/agent.fish",
];

function run(program, ...words) {
  const result = spawnSync(program, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error ?? ""}${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Builds one form; the package's path from its last line. */
const build = (form) => run("packaging/package", form).trim().split("\n").at(-1);

function hasFiles(listing, prefix, files) {
  for (const file of files) assert.match(listing, new RegExp(`${prefix}${file.replace(/[.]/g, "\\.")}(\\.gz)?$`, "m"));
}

test("the .deb passes lintian and has everything", LONG, () => {
  const deb = build("deb");
  const field = (name) => run("dpkg-deb", "-f", deb, name).trim();
  assert.equal(field("Package"), "drive-agent");
  assert.equal(field("Version"), VERSION);
  for (const library of ["libc6", "libcurl4", "libuv1", "libsqlite3-0", "libcjson1", "libinih1", "libmbedtls"])
    assert.ok(field("Depends").includes(library), library);
  const listing = run("dpkg-deb", "-c", deb);
  hasFiles(listing, "\\./usr/", [...FILES, "share/zsh/vendor-completions/_agent", "share/doc/drive-agent/copyright"]);
  hasFiles(listing, "\\./etc/", ["apparmor.d/usr.bin.agent"]);
});

test("the .rpm has its metadata and everything", LONG, () => {
  const rpm = build("rpm");
  const format = "%{NAME} %{VERSION} %{LICENSE}|%{SUMMARY}";
  assert.equal(run("rpm", "-qp", "--qf", format, rpm), `drive-agent ${VERSION} MIT|Keeps a folder in step with a OneDrive or SharePoint drive`);
  const wants = run("rpm", "-qp", "--requires", rpm);
  for (const library of ["libcurl.so.4", "libuv.so.1", "libsqlite3.so.0", "ca-certificates"]) assert.ok(wants.includes(library), library);
  hasFiles(run("rpm", "-qpl", rpm), "^/usr/", [...FILES, "share/zsh/site-functions/_agent"]);
});

test("the tarball runs where it is unpacked and names its libraries", LONG, () => {
  const tarball = build("tarball");
  const home = run("mktemp", "-d").trim();
  try {
    run("tar", "-xzf", tarball, "-C", home, "--strip-components=1");
    assert.equal(run(path.join(home, "bin/agent"), "--version"), `agent ${VERSION}\n`);
    assert.match(run("cat", path.join(home, "LIBRARIES")), /^ {4}libcurl\.so\.4$/m);
    hasFiles(run("find", home, "-type", "f"), `${home}/`, [...FILES, "share/zsh/site-functions/_agent"]);
  } finally {
    run("rm", "-r", home);
  }
});

test("two builds in two places have one checksum", LONG, () => {
  const said = run("packaging/package", "--check-reproducible");
  assert.equal(said.match(/^reproducible: /gm).length, 3);
});
