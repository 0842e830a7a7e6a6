// A service that means harm: nothing is written outside the folder (I-7), nothing is sent
// where it does not belong (I-8), memory stays bounded (I-10), and what is sound arrives.

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";

import { AGENT, HIDDEN, until, withBench } from "../support/agent.mjs";

const MIB = 1024 * 1024;
const DEPTH = process.env.TEST_LONG === "1" ? 10_000 : 1000;
const IS_SANITIZED = (await readFile(AGENT)).includes("__asan_init");
/* The sanitizer puts a fence around each block. What is freed must not be kept for long. */
const LIMIT = (IS_SANITIZED ? 160 : 64) * MIB;
const ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ""}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64`;

const OWN = ["Drive", "state", "config.ini", "drive-agent", ".local", "trace"];

/** Everything beside the folder, as text: a byte more or less shows. */
async function around(bench) {
  const lines = [];
  for (const name of (await readdir(bench.home, { recursive: true })).sort()) {
    if (OWN.includes(name.split("/")[0])) continue;
    const file = path.join(bench.home, name);
    const facts = await lstat(file);
    const content = facts.isFile() ? createHash("sha256").update(await readFile(file)).digest("hex") : "";
    lines.push(`${name} ${facts.mode} ${facts.mtimeMs} ${facts.size} ${content}`);
  }
  return lines;
}

async function plantCanaries(bench) {
  await mkdir(path.join(bench.home, "canary/deep"), { recursive: true });
  await writeFile(path.join(bench.home, "canary/file.txt"), "canary");
  await writeFile(path.join(bench.home, "canary/deep/file.txt"), "canary");
  await mkdir(bench.folder, { recursive: true });
  await symlink("../canary", bench.file("way-out"));
}

const NAMES = [
  ".", "..", "", "/", "//", "a/b", "../canary", "../canary/file.txt", "../../../../../../../../tmp/evil", "/etc/evil", "..\0", "a\0b",
  ".drive-agent", "half \ud83d pair", "é".repeat(128), "n".repeat(100_000),
];
const BYTES = [[0x61, 0xff, 0x62], [0xc0, 0xae, 0xc0, 0xae], [0xed, 0xa0, 0x80], [0x2e, 0x2e, 0xc0, 0xaf]];
const LEGAL = ["-rf", "--help", "$(touch evil)", "`id`", "CON", "line\nfeed \x1b[2J", "\u202egpj.exe", "e\u0301", "...", ".. ", "\\..\\evil", "%2e%2e%2f"];
const SIZES = [-1, 1.5, "12", { $raw: "9223372036854775808" }, { $raw: "-9223372036854775809" }, { $raw: "1e999" }, { $raw: "9007199254740993" }, true, [], { bytes: 1 }];
const LINKS = [
  "https://evil.example/x", "http://127.0.0.1/x", "file:///etc/passwd", "https://graph.microsoft.com@evil.example/x", "https://169.254.169.254/latest/meta-data",
  "gopher://127.0.0.1:6379/_SET", "/etc/passwd", "", "javascript:alert(1)", `https://${"a".repeat(20_000)}.example/`, "https://127.0.0.1\r\nX-Evil: 1/x",
];
const IDS = ["", "../../evil", "a/b?c=d#e", "%2e%2e", " ", "x".repeat(4096), "id\nwith\nlines"];

/** What a drive may look like whose owner means harm. Each row is in the drive at once. */
function hostileDrive() {
  return [
    { op: "put", path: "good/file.txt", content: "good" },
    { op: "put", path: "way-out/file.txt", content: "evil" },
    ...NAMES.flatMap((name) => [{ op: "put", name, content: "evil", force: true }, { op: "put", path: "good", name, content: "evil", force: true }]),
    ...NAMES.map((name) => ({ op: "mkdir", path: "folders", name })),
    ...BYTES.map((bytes) => ({ op: "put", name_base64: Buffer.from(bytes).toString("base64"), content: "evil" })),
    ...LEGAL.map((name) => ({ op: "put", path: "legal", name, content: name })),
    ...SIZES.map((size, i) => ({ op: "put", path: `sizes/${i}.bin`, content: "size", set: { size } })),
    ...LINKS.map((link, i) => ({ op: "put", path: `links/${i}.bin`, content: `link ${i}`, set: { "@microsoft.graph.downloadUrl": link } })),
    ...IDS.map((id, i) => ({ op: "put", path: `ids/${i}.bin`, content: "id", set: { id } })),
    ...["__proto__", "constructor", "0", "null"].map((name) => ({ op: "put", path: "legal", name, content: name })),
  ];
}

/** Lets a folder lie in what lies in it, and files in what is no folder, or is held. */
async function bendParents(sandbox) {
  const folders = ["loop/a/b/c", "self"].map((one) => ({ op: "mkdir", path: one }));
  const made = await sandbox.change([...folders, { op: "put", path: "file.txt", content: "x" }]);
  const [c, self, file] = made.map(({ id }) => id);
  const into = (id) => ({ parentReference: { id } });
  const [dots] = await sandbox.change({ op: "mkdir", path: "dots", name: ".." });
  await sandbox.change([
    { op: "put", path: "loop/a/b/c/inside.txt", content: "x" },
    { op: "touch", path: "loop/a", set: into(c) },
    { op: "touch", path: "self", set: into(self) },
    { op: "put", path: "in-a-file.txt", content: "x", set: into(file) },
    { op: "put", path: "in-dots.txt", content: "evil", set: into(dots.id) },
    { op: "put", path: "nowhere.txt", content: "x", set: into("NOWHERE") },
    { op: "put", path: "in-itself.txt", content: "x", set: { id: "ITSELF", ...into("ITSELF") } },
  ]);
}

const WRITES = /\b(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC)\b|^\d+ +(mk|ren|link|sym|unlink|rmdir|ch|fch|lch|trunc|utim|fut|setx|lsetx|removex)/;

/** Paths that were opened for writing, made, renamed or removed, and are none of ours. */
function strayPaths(trace, bench) {
  const ours = [bench.folder, bench.stateDir, path.join(bench.home, ".local"), path.join(bench.home, "drive-agent"), "/dev/null", "/proc/self"];
  const stray = [];
  for (const line of trace.split("\n").filter((one) => WRITES.test(one))) {
    for (const [, name] of line.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
      const isOurs = name.startsWith("/") ? ours.some((one) => name === one || name.startsWith(`${one}/`) || one.startsWith(`${name}/`)) : true;
      if (!isOurs || name.split("/").includes("..")) stray.push(line);
    }
  }
  return stray;
}

const CAN_TRACE = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;

test("a hostile drive: no write outside the folder, the rest arrives, each harm is told (F-38 … F-48, F-84, F-144, F-146, F-147)", async () => {
  await withBench({}, async (bench) => {
    await plantCanaries(bench);
    const before = await around(bench);
    await bench.sandbox.change(hostileDrive());
    await bendParents(bench.sandbox);
    const result = await bench.run("sync-now", "--timeout", "30s");
    assert.equal(result.code, 6, result.stderr);
    assert.deepEqual(await around(bench), before);
    assert.ok((await lstat(bench.file("way-out"))).isSymbolicLink());
    assert.equal(await bench.read("good/file.txt"), "good");
    for (const name of LEGAL) assert.equal(await bench.read("legal", name), name);
    for (let i = 0; i < LINKS.length; i++) assert.equal(await bench.read(`links/${i}.bin`), `link ${i}`, "fetched by its id instead");
    assert.doesNotMatch(result.stdout + result.stderr, /[\0-\x08\x0b-\x1f\x7f\u202e]/);
    const told = new Set((await bench.query("select failure from v_problems")).map((row) => row.failure));
    for (const number of [38, 39, 40, 41, 50, 74, 84, 144]) assert.ok(told.has(`F-${number}`), `F-${number} is in ${[...told]}`);
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});

test("the same, seen by its system calls: no path leads out (I-7)", { skip: !CAN_TRACE && "there is no strace, or it may not trace" }, async () => {
  await withBench({}, async (bench) => {
    await plantCanaries(bench);
    await bench.sandbox.change(hostileDrive());
    await bendParents(bench.sandbox);
    const trace = path.join(bench.home, "trace");
    const words = ["-f", "-qq", "-s", "400", "-e", "trace=%file", "-o", trace, AGENT, "sync-now", "--timeout", "30s"];
    const env = { ...bench.environment, ASAN_OPTIONS: "detect_leaks=0" };
    const result = await promisify(execFile)("strace", words, { env }).catch((error) => error);
    assert.equal(result.code, 6, result.stderr);
    const text = await readFile(trace, "utf8");
    assert.match(text, /O_CREAT/, "the trace shows writes");
    assert.deepEqual(strayPaths(text, bench), []);
  });
});

test(`${DEPTH} folders deep: what lies too deep is held, the rest stands (F-42, F-150)`, async () => {
  await withBench({}, async (bench) => {
    const deep = Array.from({ length: DEPTH }, (_, i) => `${i % 10}`);
    await bench.sandbox.change([{ op: "put", path: `${deep.join("/")}/end.txt`, content: "end" }, { op: "put", path: "near.txt", content: "near" }]);
    const result = await bench.run("sync-now", "--timeout", "30s");
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /F-42/);
    assert.equal(await bench.read("near.txt"), "near");
    await lstat(bench.file(...deep.slice(0, 200)));
  });
});

/** The most memory that the process has held so far. */
async function peakOf(child) {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${child.pid}/status`, "utf8"))[1]) * 1024;
}

const BOMBS = [
  { name: "brackets (F-143)", fault: { route: "delta", kind: "deep_json" } },
  { name: "a string without end (F-143)", fault: { route: "delta", kind: "big_string", bytes: 100 * MIB } },
  { name: "a body without end (F-143, F-148)", fault: { route: "delta", kind: "endless_json" } },
  { name: "a gigabyte of zeros (F-142)", fault: { route: "delta", kind: "bomb" } },
  { name: "header lines (F-148)", fault: { route: "delta", kind: "headers_flood" } },
  { name: "a header line (F-148)", fault: { route: "delta", kind: "long_header" } },
  { name: "a file without end (F-100, F-151)", fault: { route: "download", kind: "endless" } },
  { name: "a file of a gigabyte of zeros (F-142, F-151)", fault: { route: "download", kind: "bomb" } },
];

test("bombs of all kinds cost no memory, are told, and pass", { skip: HIDDEN }, async () => {
  await withBench({}, async (bench) => {
    await bench.start({ environment: { ASAN_OPTIONS }, words: [] });
    const base = await peakOf(bench.child);
    for (const [i, row] of BOMBS.entries()) {
      const file = `file ${i}.bin`;
      await bench.sandbox.resetLog();
      const [id] = await bench.sandbox.faults({ ...row.fault, count: 2 });
      await bench.sandbox.change({ op: "put", path: file, content: { size: 1_000_000, seed: i } });
      await until(`${row.name} was met`, async () => (await bench.sandbox.log()).some((entry) => entry.route === row.fault.route));
      await until(`${row.name} has passed`, async () => {
        await bench.sandbox.clearFaults(id);
        const result = await bench.run("sync-now");
        return result.code === 0 && (await bench.differences()).length === 0;
      });
      const grown = (await peakOf(bench.child)) - base;
      assert.ok(grown < LIMIT, `${row.name}: ${Math.round(grown / MIB)} MiB over the base`);
    }
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});

test("sizes beyond the room on the disk are held before a byte is asked for (F-10, F-151)", async () => {
  await withBench({}, async (bench) => {
    const exabyte = { $raw: `${2n ** 49n}` };
    await bench.sandbox.change([
      ...Array.from({ length: 5 }, (_, i) => ({ op: "put", path: `huge ${i}.bin`, content: "small in truth", set: { size: exabyte } })),
      { op: "put", path: "near.txt", content: "near" },
    ]);
    const result = await bench.run("sync-now", "--timeout", "10s");
    assert.ok([1, 6].includes(result.code), `${result.code} ${result.stderr}`);
    assert.match(result.stderr, /F-10 .*(room|full|free)|F-24/i);
    assert.equal(await bench.read("near.txt"), "near");
    const asked = (await bench.sandbox.log()).filter((entry) => entry.route === "download");
    assert.ok(asked.length <= 1, `${asked.length} downloads`);
  });
});
