// Names: mirrored byte for byte or held with a reason, never repaired, never dangerous
// (failure model, section D).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import test from "node:test";

import { withBench } from "../support/agent.mjs";

const GOOD = { op: "put", path: "good/file.txt", content: "good" };

const HELD = [
  { name: "two dots (F-38)", op: { name: ".." } },
  { name: "one dot (F-38)", op: { name: "." } },
  { name: "a slash (F-38)", op: { name: "a/b" } },
  { name: "a way out (F-38)", op: { name: "../../../../tmp/evil" } },
  { name: "a NUL (F-38)", op: { name: "a\0b" } },
  { name: "nothing (F-38)", op: { name: "" } },
  { name: "the working folder (F-39)", op: { name: ".drive-agent" } },
  { name: "the working folder in other letters (F-39)", op: { name: ".Drive-AGENT", force: true }, onlyFile: true },
  { name: "half a surrogate pair (F-40)", op: { name: "half \ud83d pair" } },
  { name: "bytes that are no UTF-8 (F-40)", op: { name_base64: Buffer.from([0x61, 0xff, 0x62]).toString("base64") } },
  { name: "256 bytes (F-41)", op: { name: "é".repeat(128) } },
  { name: "255 characters of three bytes (F-41)", op: { name: "€".repeat(255) } },
];

for (const kind of ["put", "mkdir"]) {
  test(`names that no folder can hold are held and named by their ids (${kind})`, async () => {
    await withBench({}, async (bench) => {
      /* The sandbox, as the service, folds case: a second such name is put by force, which folders have not. */
      const rows = HELD.filter((row) => kind === "put" || !row.onlyFile);
      const [, ...made] = await bench.sandbox.change([GOOD, ...rows.map((row) => ({ op: kind, ...row.op }))]);
      const plan = (await bench.ok("sync-now", "--dry-run")).stdout;
      for (const [i, { id }] of made.entries()) assert.match(plan, new RegExp(`^held .*: .* \\(item id ${id}\\)$`, "m"), `${rows[i].name}: the plan says so`);
      assert.deepEqual(plan.split("\n").filter((line) => !line.startsWith("held ")).sort(), ["", "download     good/file.txt (4 B)", "main: this is what would be done", "mkdir        good"]);
      assert.ok(!/[\0-\x08\x0b-\x1f\x7f]/.test(plan), "no raw control character");
      const result = await bench.run("sync-now", "--timeout", "20s");
      assert.equal(result.code, 6, result.stderr);
      for (const [i, { id }] of made.entries()) assert.ok(result.stderr.includes(id), `${rows[i].name}: ${result.stderr} names ${id}`);
      assert.ok(!/[\0-\x08\x0b-\x1f\x7f]/.test(result.stderr), "no raw control character");
      assert.deepEqual((await readdir(bench.folder)).sort(), [".drive-agent", "good"]);
      assert.deepEqual((await readdir(bench.home)).filter((name) => !["Drive", "state", "config.ini", "drive-agent"].includes(name) && !name.startsWith(".")), []);
      assert.equal(await bench.read("good/file.txt"), "good");
      const again = await bench.run("sync-now", "--dry-run");
      assert.deepEqual([again.code, again.stdout], [6, "main: nothing to do\n"], "what is known to be held is named once, as a problem");
    });
  });
}

test("a name of 255 bytes is mirrored (F-41)", async () => {
  await withBench({}, async (bench) => {
    const name = "é".repeat(127) + "x";
    await bench.sandbox.change({ op: "put", path: name, content: "x" });
    await bench.ok("sync-now");
    assert.equal(await bench.read(name), "x");
  });
});

test("names of two code point forms and of other letter case stand side by side (F-43, F-45)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([
      { op: "put", path: "é.txt", content: "composed" },
      { op: "put", path: "e\u0301.txt", content: "decomposed" },
      { op: "put", path: "Case.txt", content: "upper" },
      { op: "put", name: "case.txt", content: "lower", force: true },
    ]);
    await bench.ok("sync-now");
    assert.equal(await bench.read("é.txt"), "composed");
    assert.equal(await bench.read("e\u0301.txt"), "decomposed");
    assert.equal(await bench.read("Case.txt"), "upper");
    assert.equal(await bench.read("case.txt"), "lower");
  });
});

test("what Windows forbids is legal here (F-46, F-48)", async () => {
  const names = ["trailing.", "trailing ", "CON", "~$doc", "desktop.ini", "a:b", "a*b?", "-rf", "--help", "https:", "$(touch x)", "`id`", "'; drop table"];
  await withBench({}, async (bench) => {
    await bench.sandbox.change(names.map((name) => ({ op: "put", path: "odd", name, content: name })));
    await bench.ok("sync-now");
    assert.deepEqual((await readdir(bench.file("odd"))).sort(), [...names].sort());
  });
});

test("control characters are mirrored, and escaped wherever a person reads them (F-47, F-152)", async () => {
  const name = "line\nfeed \x1b[31mred \u202eevil.txt";
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", name, content: "x" });
    const { stdout, stderr } = await bench.ok("sync-now", "-vv");
    assert.equal(await bench.read(name), "x");
    const items = (await bench.ok("inspect", "items")).stdout;
    for (const text of [stdout, stderr, items]) assert.doesNotMatch(text, /\x1b|\u202e/);
  });
});

test("two hundred folders deep, each name two hundred bytes (F-42)", async () => {
  await withBench({}, async (bench) => {
    const deep = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(200, "x")).join("/");
    await bench.sandbox.change({ op: "put", path: `${deep}/end.txt`, content: "end" });
    await bench.ok("sync-now");
    let depth = 0;
    const previous = process.cwd();
    process.chdir(bench.folder);
    try {
      for (const part of deep.split("/")) {
        process.chdir(part);
        depth++;
      }
      assert.deepEqual(await readdir("."), ["end.txt"]);
    } finally {
      process.chdir(previous);
      /* rm() of node knows no path beyond PATH_MAX. */
      execFileSync("rm", ["-rf", bench.folder]);
    }
    assert.equal(depth, 200);
  });
});
