import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { quickXorHash } from "../quickxor.mjs";
import { start } from "./support/client.mjs";

for (const kind of ["business", "personal"]) {
  describe(`changes by a client, ${kind}`, async () => {
    const { sandbox, client } = await start(after, { args: [`--${kind}`] });
    const put = (path, body, query = "") => client.graph("PUT", `/me/drive/root:/${path}:/content${query}`, { body: Buffer.from(body) });
    const folder = (name, more = {}) => client.graph("POST", "/me/drive/root/children", { body: { name, folder: {}, ...more } });
    const rootId = async () => (await client.get("/me/drive/root")).json.id;

    test("small PUT makes, then replaces; the id stays, the tags move", async () => {
      const made = await put("a/small.txt", "one");
      assert.equal(made.status, 201);
      const replaced = await put("a/small.txt", "two!");
      assert.deepEqual([replaced.status, replaced.json.id, replaced.json.size], [200, made.json.id, 4]);
      assert.notEqual(replaced.json.cTag, made.json.cTag);
      const byId = await client.graph("PUT", `/me/drive/items/${made.json.id}/content`, { body: Buffer.from("") });
      assert.deepEqual([byId.status, byId.json.size], [200, 0]);
    });

    test("conflict behaviours", async () => {
      await put("c.txt", "1");
      const refused = await put("C.TXT", "2", "?@microsoft.graph.conflictBehavior=fail");
      assert.deepEqual([refused.status, refused.json.error.code], [409, "nameAlreadyExists"]);
      const renamed = await put("c.txt", "2", "?@microsoft.graph.conflictBehavior=rename");
      assert.deepEqual([renamed.status, renamed.json.name], [201, "c 1.txt"]);
    });

    test("an upload session takes fragments in order, tells where it is, and keeps the times", async () => {
      const bytes = Buffer.alloc(400_000, "z");
      const times = { createdDateTime: "2026-03-01T08:00:00Z", lastModifiedDateTime: "2026-03-02T09:30:15Z" };
      const opened = await client.graph("POST", "/me/drive/root:/report.bin:/createUploadSession", { body: { item: { fileSystemInfo: times } } });
      assert.equal(opened.status, 200);
      const url = opened.json.uploadUrl;
      assert.notEqual(new URL(url).host, new URL(sandbox.graph_url).host);
      const send = (first, last) =>
        client.request("PUT", url, { headers: { "content-range": `bytes ${first}-${last}/400000`, "content-length": last - first + 1 }, body: bytes.subarray(first, last + 1) });
      const ahead = await send(327680, 399999);
      assert.deepEqual([ahead.status, ahead.json.error.innerError.code], [416, "fragmentOutOfOrder"]);
      const first = await send(0, 327679);
      assert.deepEqual([first.status, first.json.nextExpectedRanges], [202, ["327680-399999"]]);
      assert.equal((await send(0, 327679)).json.error.innerError.code, "fragmentOverlap");
      assert.deepEqual((await client.request("GET", url)).json.nextExpectedRanges, ["327680-399999"]);
      const done = await send(327680, 399999);
      assert.equal(done.status, 201);
      assert.equal(done.json.file.hashes.quickXorHash, quickXorHash(bytes));
      assert.deepEqual(done.json.fileSystemInfo, times);
      assert.equal((await client.request("GET", url)).status, 404);
    });

    test("a session refuses a token, may be cancelled, and fails on a taken name by default", async () => {
      const open = (path) => client.graph("POST", `/me/drive/root:/${path}:/createUploadSession`);
      const { uploadUrl } = (await open("cancel.bin")).json;
      assert.equal((await client.request("GET", uploadUrl, { headers: { authorization: "Bearer x" } })).status, 401);
      assert.equal((await client.request("DELETE", uploadUrl)).status, 204);
      assert.equal((await client.request("GET", uploadUrl)).status, 404);
      await put("taken.bin", "x");
      assert.equal((await open("taken.bin")).status, 409);
    });

    test("folders: made once, adopted after that", async () => {
      const made = await folder("Docs");
      assert.deepEqual([made.status, made.json.folder], [201, { childCount: 0 }]);
      assert.equal((await folder("docs")).status, 409);
      assert.equal((await folder("docs", { "@microsoft.graph.conflictBehavior": "rename" })).json.name, "docs 1");
    });

    for (const name of ["a:b", "con", "nul.txt", "~$x", "x.", " x", "a_vti_b", "desktop.ini", ""]) {
      test(`the name "${name}" is not allowed`, async () => assert.equal((await folder(name)).status, 400));
    }

    test("rename and move keep the id; a cycle and a taken name are refused", async () => {
      const { id } = (await put("from.txt", "x")).json;
      const target = (await folder("target")).json;
      const moved = await client.graph("PATCH", `/me/drive/items/${id}`, { body: { name: "to.txt", parentReference: { id: target.id } } });
      assert.deepEqual([moved.status, moved.json.id, moved.json.name, moved.json.parentReference.id], [200, id, "to.txt", target.id]);
      const inner = (await client.graph("POST", `/me/drive/items/${target.id}/children`, { body: { name: "inner", folder: {} } })).json;
      assert.equal((await client.graph("PATCH", `/me/drive/items/${target.id}`, { body: { parentReference: { id: inner.id } } })).status, 400);
      assert.equal((await client.graph("PATCH", `/me/drive/items/${inner.id}`, { body: { name: "TO.txt" } })).status, 409);
      assert.equal((await client.graph("PATCH", `/me/drive/items/${id}`, { body: { name: "TO.txt" } })).json.name, "TO.txt");
    });

    test("times change with the eTag, not the cTag", async () => {
      const before = (await put("times.txt", "x")).json;
      const lastModifiedDateTime = "2020-02-02T02:02:02Z";
      const { json } = await client.graph("PATCH", `/me/drive/items/${before.id}`, { body: { fileSystemInfo: { lastModifiedDateTime } } });
      assert.equal(json.fileSystemInfo.lastModifiedDateTime, lastModifiedDateTime);
      assert.notEqual(json.eTag, before.eTag);
      assert.equal(json.cTag, before.cTag);
    });

    test("If-Match guards changes", async () => {
      const { id, eTag } = (await put("guarded.txt", "x")).json;
      await put("guarded.txt", "y");
      const refused = await client.graph("DELETE", `/me/drive/items/${id}`, { headers: { "if-match": eTag } });
      assert.deepEqual([refused.status, refused.json.error.code], [412, "resourceModified"]);
      assert.equal((await client.graph("DELETE", `/me/drive/items/${id}`)).status, 204);
      assert.equal((await client.graph("DELETE", `/me/drive/items/${id}`)).status, 404);
    });

    test("the root stays where it is", async () => {
      const id = await rootId();
      assert.equal((await client.graph("DELETE", `/me/drive/items/${id}`)).status, 400);
      assert.equal((await client.graph("PATCH", `/me/drive/items/${id}`, { body: { name: "x" } })).status, 400);
      assert.equal((await client.graph("PUT", `/me/drive/items/${id}/content`, { body: Buffer.from("x") })).status, 400);
    });

    test("a copy is done when its monitor says so", async () => {
      const { id } = (await put("orig.txt", "copy me")).json;
      const answer = await client.graph("POST", `/me/drive/items/${id}/copy`, { body: { name: "copied.txt" } });
      assert.equal(answer.status, 202);
      const monitor = (await client.request("GET", answer.headers.location)).json;
      assert.equal(monitor.status, "completed");
      assert.equal((await client.get(`/me/drive/items/${monitor.resourceId}`)).json.name, "copied.txt");
    });

    test("what a client changes is in the feed", async () => {
      const { link } = await client.delta("/me/drive/root/delta?token=latest");
      const { id } = (await put("echo.txt", "x")).json;
      assert.ok((await client.delta(link)).items.some((item) => item.id === id));
    });
  });
}
