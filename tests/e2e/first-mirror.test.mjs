// A first mirror of everything that names and shapes can be; and a second pass that does
// nothing (I-5, I-6).

import assert from "node:assert/strict";
import test from "node:test";

import { withBench } from "../support/agent.mjs";

const NAMES = [
  "plain.txt", "with space.txt", " inner  spaces .txt", "emoji 😀🎉.txt", "NFC-é.txt", "NFD-e\u0301.txt",
  "hash#percent%25&plus+quote'.txt", "100%.txt", "%41.txt", ".hidden", "-dash", "~tilde.txt", "[brackets](and).txt",
  "日本語.txt", "עברית.txt", "semi;colon,comma.txt", "dollar$ `back`.txt", "a".repeat(251) + ".txt",
];

/** Ten levels deep, about `count` items, some of each kind. */
function tree(count) {
  const ops = [];
  let folder = "";
  for (let level = 1; level <= 10; level++) {
    folder = `${folder}level ${level}/`;
    ops.push({ op: "mkdir", path: folder.slice(0, -1) });
    ops.push({ op: "mkdir", path: `${folder}empty folder` });
    for (const name of NAMES) ops.push({ op: "put", path: folder + name, content: `${folder}${name}\n` });
    ops.push({ op: "put", path: `${folder}empty.bin`, content: "" });
  }
  for (let i = ops.length; i < count; i++)
    ops.push({ op: "put", path: `many/${i % 17}/file ${i}.bin`, content: { size: (i * 37) % 9000, seed: i }, mtime: "2021-03-04T05:06:07Z" });
  return ops;
}

for (const kind of ["--business", "--personal"]) {
  test(`2,000 items of a ${kind.slice(2)} drive are mirrored, and a second pass does nothing`, async () => {
    await withBench({ args: [kind] }, async (bench) => {
      await bench.sandbox.change(tree(2000));
      if (kind === "--business") await bench.sandbox.change({ op: "put", path: "huge.bin", content: { size: 300_000_000, seed: 9 } });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);

      await bench.sandbox.resetLog();
      const [before] = await bench.query("select count(*) as n from v_history");
      await bench.ok("sync-now");
      const requests = await bench.sandbox.log();
      assert.deepEqual(requests.filter((entry) => /content|download/.test(entry.route)).map((entry) => entry.route), []);
      assert.deepEqual(await bench.query("select count(*) as n from v_history"), [before]);
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });
}

test("pages in any order, with repeats, give the same folder (F-72, F-73)", async () => {
  await withBench({ settings: { page_size: 7, order: "shuffle", repeats: 0.3, empty_pages: 0.2 } }, async (bench) => {
    await bench.sandbox.change(tree(300));
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});
