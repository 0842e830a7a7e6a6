// A drive whose service has no change feed is read folder by folder (Graph 1.1, 4.11).

import assert from "node:assert/strict";
import test from "node:test";

import { withBench } from "../support/agent.mjs";

const MANY = Array.from({ length: 230 }, (_, i) => ({ op: "put", path: `many/${i}.txt`, content: `${i}` }));
const START = [
  { op: "put", path: "docs/a.txt", content: "a" },
  { op: "put", path: "docs/deep/er/c.txt", content: "c" },
  { op: "put", path: "other/d.txt", content: "d" },
  { op: "mkdir", path: "empty" },
  ...MANY,
];

const without = (status, code) => ({ route: "delta", kind: "status", status, code, count: 1_000_000 });
const routes = async (bench, route) => (await bench.sandbox.log()).filter((entry) => entry.route === route).length;

const REFUSALS = [
  [400, "invalidRequest"],
  [404, "notSupported"],
  [405, "invalidRequest"],
  [501, "notSupported"],
];

for (const [status, code] of REFUSALS) {
  test(`a first answer of ${status} ${code} leads to the folders' children`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(START);
      await bench.sandbox.faults(without(status, code));
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      assert.deepEqual(await bench.sandbox.violations(), []);
      assert.match((await bench.ok("inspect", "check")).stdout, /whole/);
      await bench.sandbox.resetLog();
      await bench.ok("sync-now");
      assert.equal(await routes(bench, "download"), 0, "what has not changed is not fetched again");
      assert.equal(await routes(bench, "children"), 8, "one pass: a page a folder, and two of the large one");
    });
  });
}

test("changes arrive by notification, deletions and moves among them", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.sandbox.faults(without(501, "notSupported"));
    await bench.start();
    await bench.untilEqual();
    await bench.sandbox.resetLog();
    await bench.sandbox.change([
      { op: "move", path: "docs/deep", to: "other/deep" },
      { op: "delete", path: "docs/a.txt" },
      { op: "delete", path: "empty" },
      { op: "rename", path: "many", name: "few" },
      { op: "put", path: "new/deep/f.txt", content: "f" },
    ]);
    await bench.untilEqual();
    assert.equal(await routes(bench, "download"), 1, "moves download nothing");
  });
});

test("what one pass has not seen is not taken for deleted", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.sandbox.faults(without(501, "notSupported"));
    await bench.ok("sync-now");
    await bench.sandbox.resetLog();
    await bench.sandbox.faults({ route: "children", kind: "set_top", set: { value: [] }, count: 1 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    assert.equal(await routes(bench, "download"), 0);
  });
});

test("a folder that is there and cannot be listed keeps what lies in it", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.sandbox.faults(without(501, "notSupported"));
    await bench.ok("sync-now");
    const docs = (await bench.sandbox.tree()).find(({ path }) => path === "docs");
    const lost = { route: "children", match: docs.id, kind: "status", status: 404, code: "itemNotFound" };
    await bench.sandbox.faults({ ...lost, count: 1 });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), [], "a second pass finds it");
    await bench.sandbox.faults({ ...lost, count: 2 });
    await bench.run("sync-now", "--timeout", "5s");
    assert.deepEqual(await bench.differences(), [], "twice is no proof either");
  });
});

test("a walk that breaks off removes nothing, and is made anew", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.sandbox.faults(without(501, "notSupported"));
    await bench.ok("sync-now");
    await bench.sandbox.faults({ route: "children", kind: "status", status: 403, code: "accessDenied", after: 2, count: 1 });
    await bench.run("sync-now");
    assert.deepEqual(await bench.differences(), []);
    await bench.sandbox.change({ op: "delete", path: "other" });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("once there is a change feed it is used", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    const fault = without(501, "notSupported");
    await bench.sandbox.faults({ ...fault, count: 1 });
    await bench.ok("sync-now");
    await bench.sandbox.resetLog();
    await bench.sandbox.change({ op: "put", path: "later.txt", content: "later" });
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    assert.equal(await routes(bench, "children"), 0);
  });
});
