import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "../world.mjs";

const KINDS = [
  ["business", "new", /^01[A-Z2-7]{32}$/],
  ["personal", "new", /^[0-9A-F]{16}!s[0-9a-f]{32}$/],
  ["personal", "old", /^[0-9A-F]{16}!\d+$/],
];

for (const [kind, style, shape] of KINDS) {
  test(`${kind} (${style}): an id has its shape and finds its item again`, () => {
    const drive = new World({ kind, style }).driveNamed("me");
    for (let i = 0; i < 2000; i++) drive.put(drive.root, `f${i}`, { bytes: Buffer.alloc(0) });
    const ids = new Set();
    for (const item of drive.items) {
      const id = drive.idOf(item);
      assert.match(id, shape);
      assert.equal(drive.byId(id), item);
      ids.add(id);
    }
    assert.equal(ids.size, drive.items.length);
    assert.equal(drive.byId("01WHAEF4DNXG2K7QWRLZAJ5YVH3MFTB4CE"), null);
    assert.equal(drive.byId("nonsense"), null);
  });
}

test("business ids keep their case, personal ones do not care", () => {
  const business = new World({ kind: "business", style: "new" }).driveNamed("me");
  const personal = new World({ kind: "personal", style: "new" }).driveNamed("me");
  for (const drive of [business, personal]) drive.put(drive.root, "a", { bytes: Buffer.alloc(0) });
  assert.equal(business.byId(business.idOf(business.items[1]).toLowerCase()), null);
  assert.equal(personal.byId(personal.idOf(personal.items[1]).toLowerCase()), personal.items[1]);
});

test("a personal drive is found without its leading zero and in any case", () => {
  const world = new World({ kind: "personal", style: "new" });
  const { id } = world.driveNamed("me");
  assert.match(id, /^0[0-9a-f]{15}$/);
  assert.equal(world.driveById(id.slice(1).toUpperCase()), world.driveNamed("me"));
});
