import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { start } from "./support/client.mjs";

const GROUP = "02bd9fd6-8f93-4758-87c3-1fb73740a315";
const SITE = "contoso.sharepoint.com,da60e844-ba1d-49bc-b4d4-d5e36bae9019,712a596e-90a1-49e3-9b48-bfa80bee8740";
const LIST = "1a0a4e0f-5b1c-4c61-9d84-3f2d8e9a7b60";

describe("what there is", async () => {
  const { sandbox, client } = await start(after, {});
  const idOf = async (name) => (await sandbox.drive({ drive: name })).id;

  test("who am I", async () => {
    const { json } = await client.get("/me?$select=id,displayName,userPrincipalName");
    assert.equal(json.userPrincipalName, "ana@contoso.com");
  });

  const DRIVES = [
    ["me", "/me/drive"],
    ["group", `/groups/${GROUP}/drive`],
    ["site", `/sites/${SITE}/drive`],
    ["site", `/sites/${SITE}/lists/${LIST}/drive`],
    ["site", "/sites/contoso.sharepoint.com:/sites/team:/drive"],
  ];
  for (const [name, path] of DRIVES) {
    test(`GET ${path} is drive "${name}"`, async () => {
      const { status, json } = await client.get(path);
      assert.equal(status, 200);
      assert.equal(json.id, await idOf(name));
      assert.match(json.id, /^b!/);
      assert.equal((await client.get(`/drives/${json.id}`)).json.driveType, json.driveType);
    });
  }

  const LISTS = [
    ["/me/drives", 1],
    ["/me/memberOf/microsoft.graph.group?$select=id,displayName", 1],
    ["/me/followedSites", 1],
    ["/sites?search=*", 1],
    ["/sites?search=TEAM", 1],
    ["/sites?search=nothing", 0],
    [`/sites/${SITE}/drives`, 1],
    [`/sites/${SITE}/lists`, 1],
    [`/groups/${GROUP}/drives`, 1],
  ];
  for (const [path, count] of LISTS) {
    test(`GET ${path} lists ${count}`, async () => {
      const { status, json } = await client.get(path);
      assert.deepEqual([status, json.value?.length], [200, count]);
    });
  }

  test("a site by its path", async () => {
    assert.equal((await client.get("/sites/contoso.sharepoint.com:/sites/team")).json.id, SITE);
    assert.equal((await client.get("/sites/contoso.sharepoint.com:/sites/none")).status, 404);
  });

  test("what is not there", async () => {
    for (const path of ["/drives/b!nothing", "/groups/none/drive/root", `/sites/${SITE}/lists/none/drive/root`, "/drives/b!nothing/root/delta"]) {
      const { status, json } = await client.get(path);
      assert.deepEqual([status, json.error.code], [404, "itemNotFound"], path);
    }
    assert.equal((await client.get("/no/such/route")).status, 400);
    assert.ok((await sandbox.violations()).some((one) => one.kind === "unknown_route"));
  });

  test("a drive may be withdrawn or removed", async () => {
    await sandbox.drive({ drive: "group", state: "forbidden" });
    assert.equal((await client.get(`/groups/${GROUP}/drive/root/delta`)).status, 403);
    await sandbox.drive({ drive: "group", state: "missing" });
    assert.equal((await client.get(`/groups/${GROUP}/drive/root/delta`)).status, 404);
    await sandbox.drive({ drive: "group", state: "ok" });
    assert.equal((await client.get(`/groups/${GROUP}/drive/root/delta`)).status, 200);
  });

  test("Files.Read covers the own drive, not those of groups and sites", async () => {
    await client.signIn("Files.Read offline_access");
    assert.equal((await client.get("/me/drive/root")).status, 200);
    assert.equal((await client.get(`/groups/${GROUP}/drive/root`)).status, 403);
    assert.equal((await client.get("/sites?search=*")).status, 403);
    assert.equal((await client.graph("DELETE", "/me/drive/root:/x")).status, 403);
    assert.equal((await client.get("/me/drive/root/subscriptions/socketIo")).status, 200);
    await client.signIn("Files.Read.All offline_access");
    assert.equal((await client.get(`/groups/${GROUP}/drive/root`)).status, 200);
    assert.equal((await client.get("/me/drive/root/subscriptions/socketIo")).status, 403);
    await client.signIn();
  });

  test("errors have the service's shape and echo the request's id", async () => {
    const { json, headers } = await client.get("/me/drive/root:/none", { "client-request-id": "abc" });
    assert.equal(json.error.code, "itemNotFound");
    assert.deepEqual(Object.keys(json.error.innerError).sort(), ["client-request-id", "date", "request-id"]);
    assert.equal(headers["request-id"], json.error.innerError["request-id"]);
    assert.equal(headers["client-request-id"], "abc");
  });

  test("items by id and by path: encoded names, any case, colons closed or not", async () => {
    const [{ id }] = await sandbox.change({ op: "put", path: "Ordner #1/100% ü.txt", content: "x" });
    const paths = [
      `/me/drive/items/${id}`,
      "/me/drive/root:/Ordner%20%231/100%25%20%C3%BC.txt",
      "/me/drive/root:/ordner%20%231/100%25%20%C3%9C.TXT:",
      `/drives/${await idOf("me")}/root:/Ordner%20%231/100%25%20%C3%BC.txt:/?$select=id`,
    ];
    for (const path of paths) assert.equal((await client.get(path)).json?.id, id, path);
    const parent = (await client.get("/me/drive/root:/Ordner%20%231")).json;
    assert.equal((await client.get(`/me/drive/items/${parent.id}:/100%25%20%C3%BC.txt`)).json.id, id);
    assert.equal(parent.parentReference.path, `/drives/${await idOf("me")}/root:`);
  });

  test("children come in pages with a link to the next", async () => {
    await sandbox.bulk({ count: 25, path: "many" });
    const seen = [];
    let path = "/me/drive/root:/many:/children?$top=10&$select=id,name";
    let pages = 0;
    while (path) {
      const { json } = await client.get(path);
      for (const item of json.value) assert.deepEqual(Object.keys(item), ["id", "name"]);
      seen.push(...json.value.map((item) => item.name));
      path = json["@odata.nextLink"];
      pages++;
    }
    assert.equal(pages, 3);
    assert.equal(new Set(seen).size, 25);
    assert.equal((await client.get("/me/drive/root/children?$skiptoken=bad")).status, 400);
  });

  test("a batch answers each part by itself", async () => {
    const requests = [
      { id: "1", method: "GET", url: "/me/drive" },
      { id: "2", method: "GET", url: "/me/drive/root:/none" },
      { id: "3", method: "GET", url: "/me", dependsOn: ["2"] },
      { id: "4", method: "POST", url: "/me/drive/root/children", body: { name: "batched", folder: {} }, headers: { "Content-Type": "application/json" } },
    ];
    const { status, json } = await client.graph("POST", "/$batch", { body: { requests } });
    assert.equal(status, 200);
    assert.deepEqual(json.responses.map((part) => [part.id, part.status]), [["1", 200], ["2", 404], ["3", 424], ["4", 201]]);
    assert.equal(json.responses[3].body.name, "batched");
    const many = Array.from({ length: 21 }, (_, i) => ({ id: String(i), method: "GET", url: "/me" }));
    assert.equal((await client.graph("POST", "/$batch", { body: { requests: many } })).status, 400);
  });

  test("a throttled client hears how long to wait, and asking earlier is noted", async () => {
    await sandbox.resetLog();
    await sandbox.settings({ throttle: { requests: 2, seconds: 5, retry_after: 2 } });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await client.get("/me"));
    assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 429]);
    assert.equal(answers[2].headers["retry-after"], "2");
    assert.equal(answers[2].json.error.innerError.code, "throttledRequest");
    await new Promise((done) => setTimeout(done, 700)); // what came sooner counts as in flight
    await client.get("/me");
    await sandbox.settings({ throttle: null });
    assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["retry_after"]);
  });
});

test("personal: hidden system drives are listed and refuse work", async (t) => {
  const { client } = await start((end) => t.after(end), { args: ["--personal"] });
  const { id } = (await client.get("/me/drive")).json;
  const drives = (await client.get("/me/drives")).json.value;
  assert.equal(drives.length, 3);
  const hidden = drives.find((drive) => drive.id !== id);
  const { status, json } = await client.get(`/drives/${hidden.id}/root`);
  assert.deepEqual([status, json.error.message], [400, "ObjectHandle is Invalid"]);
});
