import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { start } from "./support/client.mjs";

const names = (items) => items.filter((item) => !item.root).map((item) => item.name).sort();
const last = (items) => [...new Map(items.map((item) => [item.id, item])).values()];

for (const kind of ["business", "personal"]) {
  describe(`delta, ${kind}`, async () => {
    const { sandbox, client } = await start(after, { args: [`--${kind}`], settings: { page_size: 5 } });
    let link;

    beforeEach(async () => {
      link = (await client.delta("/me/drive/root/delta?token=latest")).link;
    });

    test("an enumeration has every live item, parents first, the root with its facet and no parent", async () => {
      await sandbox.bulk({ count: 23, folders: 6, depth: 3, prefix: "enum" });
      const { items, pages } = await client.delta();
      assert.ok(pages.every((page) => page.length <= 5) && pages.length > 5);
      const seen = new Set();
      for (const item of items) {
        if (item.root) assert.equal(item.parentReference.id, undefined);
        else assert.ok(seen.has(item.parentReference.id), item.name);
        assert.equal(item.deleted, undefined);
        assert.equal(item.parentReference.path, undefined);
        seen.add(item.id);
      }
      assert.equal(last(items).length, (await sandbox.tree()).length + 1);
    });

    test("nothing changed: an empty page with a new link", async () => {
      const { items, link: next } = await client.delta(link);
      assert.deepEqual(items, []);
      assert.notEqual(next, link);
    });

    test("a change shows the item and its unchanged ancestors up to the root", async () => {
      await sandbox.change({ op: "put", path: "deep/er/est/file.txt", content: "1" });
      link = (await client.delta(link)).link;
      await sandbox.change({ op: "put", path: "deep/er/est/file.txt", content: "22" });
      const { items } = await client.delta(link);
      assert.deepEqual(items.map((item) => item.name), ["root", "deep", "er", "est", "file.txt"]);
      assert.equal(items.at(-1).size, 2);
    });

    test("five changes of an item show its newest state once", async () => {
      for (const content of ["1", "22", "333", "4444", "55555"]) await sandbox.change({ op: "put", path: "five.txt", content });
      const { items } = await client.delta(link);
      assert.deepEqual(items.filter((item) => item.name === "five.txt").map((item) => item.size), [5]);
    });

    test("renaming a folder shows the folder and not what is in it", async () => {
      await sandbox.change([{ op: "put", path: "old/inside.txt", content: "x" }]);
      link = (await client.delta(link)).link;
      await sandbox.change({ op: "move", path: "old", to: "new" });
      assert.deepEqual(names((await client.delta(link)).items), ["new"]);
      await sandbox.change({ op: "delete", path: "new" });
    });

    test("tombstones have the members of their kind of drive, and a folder's content is reported too", async () => {
      await sandbox.change({ op: "put", path: "gone/file.txt", content: "x" });
      link = (await client.delta(link)).link;
      await sandbox.change({ op: "delete", path: "gone" });
      const dead = (await client.delta(link)).items.filter((item) => item.deleted);
      assert.equal(dead.length, 2);
      for (const item of dead) {
        assert.ok(item.parentReference.id);
        assert.equal("cTag" in item, false);
        assert.equal("name" in item, kind === "personal");
        assert.equal("size" in item, kind === "business");
      }
      const file = dead.find((item) => item.file);
      assert.equal(file?.file.hashes.quickXorHash, kind === "personal" ? "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" : undefined);
      assert.ok((await client.delta()).items.every((item) => !item.deleted));
    });

    test("cTag is in the feed on personal drives only", async () => {
      await sandbox.change({ op: "put", path: "tags.txt", content: String(Date.now()) });
      const item = (await client.delta(link)).items.find((one) => one.name === "tags.txt");
      assert.equal("cTag" in item, kind === "personal");
      assert.match(item.eTag, /^"\{[0-9A-F-]{36}\},\d+"$/);
      assert.equal("sha256Hash" in item.file.hashes, kind === "personal");
    });

    test("$select is baked into the links, the download address comes only when named", async () => {
      const select = "id,name,file,@microsoft.graph.downloadUrl";
      const { items } = await client.delta(`/me/drive/root/delta?$select=${select}&$top=3`);
      for (const item of items) assert.ok(Object.keys(item).every((name) => select.split(",").includes(name)), JSON.stringify(item));
      assert.ok(items.some((item) => item["@microsoft.graph.downloadUrl"]));
      const plain = await client.delta("/me/drive/root/delta?$select=id,name,file");
      assert.ok(plain.items.every((item) => item["@microsoft.graph.downloadUrl"] === undefined));
    });

    test("changes between the pages of a chain are not lost", async () => {
      await sandbox.bulk({ count: 12, prefix: "mid" });
      const first = await client.get("/me/drive/root/delta");
      await sandbox.change([{ op: "delete", path: "mid0.bin" }, { op: "put", path: "mid-new.txt", content: "n" }, { op: "rename", path: "mid11.bin", name: "mid-renamed.bin" }]);
      const rest = await client.delta(first.json["@odata.nextLink"]);
      const later = await client.delta(rest.link);
      const state = new Map();
      for (const item of [...first.json.value, ...rest.items, ...later.items]) {
        if (item.deleted) state.delete(item.id);
        else state.set(item.id, item.name);
      }
      const tree = await sandbox.tree();
      assert.deepEqual([...state.values()].filter((name) => name !== "root").sort(), tree.map((item) => item.path.split("/").at(-1)).sort());
    });

    for (const order of ["shuffle", "reverse", "shuffle_page"]) {
      test(`order ${order}: the same set`, async () => {
        await sandbox.settings({ order, repeats: 0.3, stale_repeats: true, empty_pages: 0.5 });
        const { items } = await client.delta();
        await sandbox.settings({ order: "log", repeats: 0, stale_repeats: false, empty_pages: 0 });
        assert.equal(last(items).length, (await sandbox.tree()).length + 1);
        assert.deepEqual(names(last(items)), (await sandbox.tree()).map((item) => item.path.split("/").at(-1)).sort());
      });
    }

    test("an unknown token is a bad request", async () => {
      const { status, json } = await client.get("/me/drive/root/delta?token=bm9uc2Vuc2U");
      assert.deepEqual([status, json.error.code], [400, "invalidRequest"]);
    });

    test("a forgotten token is gone, and the answer names a fresh start", async () => {
      await sandbox.drive({ drive: "me", forget_tokens: true });
      const { status, json, headers } = await client.get(link);
      assert.deepEqual([status, json.error.code], [410, "resyncRequired"]);
      assert.match(headers.location, /\/root\/delta\?token=$/);
    });

    test("a token beyond the horizon is gone with the code that was set", async () => {
      await sandbox.settings({ token_horizon: 3, gone_code: "resyncChangesUploadDifferences" });
      await sandbox.bulk({ count: 5, prefix: "horizon" });
      const { status, json } = await client.get(link);
      await sandbox.settings({ token_horizon: 0, gone_code: "resyncRequired" });
      assert.deepEqual([status, json.error.code], [410, "resyncChangesUploadDifferences"]);
    });

    test("with a lag the feed is behind, a full enumeration does not lose what is being changed", async () => {
      await sandbox.change({ op: "put", path: "lag.txt", content: "1" });
      link = (await client.delta(link)).link;
      await sandbox.settings({ delta_lag_ms: 1000 });
      await new Promise((done) => setTimeout(done, 1050));
      await sandbox.change({ op: "put", path: "lag.txt", content: "22" });
      const early = await client.delta(link);
      const full = await client.delta();
      await new Promise((done) => setTimeout(done, 1050));
      const late = await client.delta(early.link);
      await sandbox.settings({ delta_lag_ms: 0 });
      assert.deepEqual(names(early.items), []);
      assert.ok(names(full.items).includes("lag.txt"));
      assert.deepEqual(names(late.items), ["lag.txt"]);
    });

    test("tokens in the function form work as well", async () => {
      await sandbox.settings({ link_form: "function" });
      const { link: next } = await client.delta();
      await sandbox.settings({ link_form: "query" });
      assert.match(next, /\/delta\(token='[\w-]+'\)$/);
      assert.deepEqual((await client.delta(next)).items, []);
    });

    test("a link that was taken apart and encoded anew is noted", async () => {
      await sandbox.resetLog();
      await client.get(link);
      assert.deepEqual(await sandbox.violations(), []);
      await client.get(link.replace("%3d", "%3D"));
      assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["link_rewritten"]);
    });

    test("a deletion that the service forgets to report shows in an enumeration only", async () => {
      await sandbox.change({ op: "put", path: "lost.txt", content: "x" });
      link = (await client.delta(link)).link;
      await sandbox.change({ op: "delete", path: "lost.txt", lost: true });
      assert.deepEqual((await client.delta(link)).items, []);
      assert.ok(!names((await client.delta()).items).includes("lost.txt"));
    });

    test("what older clients lean on may be switched on: paths, facets of tombstones; and what irritates them: odd drive ids", async () => {
      await sandbox.change({ op: "put", path: "lean/on me.txt", content: "x" });
      await sandbox.settings({ delta_paths: true, tombstone_facets: true, drive_id_quirks: true });
      const shown = (await client.delta(link)).items.find((item) => item.name === "on me.txt");
      const driveIds = new Set((await client.delta()).items.map((item) => item.parentReference.driveId));
      await sandbox.change({ op: "delete", path: "lean/on me.txt" });
      const dead = (await client.delta(link)).items.find((item) => item.deleted);
      await sandbox.settings({ delta_paths: false, tombstone_facets: false, drive_id_quirks: false });
      assert.match(shown.parentReference.path, /root:\/lean$/);
      assert.ok(dead.file);
      assert.equal(driveIds.size, kind === "personal" ? 3 : 1);
    });

    test("$filter is not supported", async () => {
      assert.equal((await client.get("/me/drive/root/delta?$filter=name%20eq%20'x'")).status, 400);
    });

    test("the feed of a folder is for personal drives", async () => {
      const [{ id }] = await sandbox.change({ op: "mkdir", path: "scoped" });
      await sandbox.change({ op: "put", path: "scoped/in.txt", content: "x" });
      const { status, json } = await client.get(`/me/drive/items/${id}/delta`);
      assert.equal(status, kind === "personal" ? 200 : 400);
      if (kind === "personal") assert.deepEqual(names(json.value), ["in.txt", "scoped"]);
    });

    test("two items that change places keep their ids", async () => {
      const [a, b] = await sandbox.change([{ op: "put", path: "swap-a", content: "a" }, { op: "put", path: "swap-b", content: "bb" }]);
      link = (await client.delta(link)).link;
      await sandbox.change({ op: "swap", path: "swap-a", with: "swap-b" });
      const found = Object.fromEntries((await client.delta(link)).items.map((item) => [item.id, item.name]));
      assert.equal(found[a.id], "swap-b");
      assert.equal(found[b.id], "swap-a");
    });
  });
}

test("changes since a time are for business drives", async (t) => {
  const { sandbox, client } = await start((end) => t.after(end), {});
  await sandbox.change({ op: "put", path: "before.txt", content: "x" });
  await new Promise((done) => setTimeout(done, 20));
  const now = new Date().toISOString();
  await sandbox.change({ op: "put", path: "since.txt", content: "x" });
  const { items } = await client.delta(`/me/drive/root/delta?token=${encodeURIComponent(now)}`);
  assert.deepEqual(names(items), ["since.txt"]);
});
