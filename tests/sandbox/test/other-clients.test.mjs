/** What other clients ask for, seen when rclone, onedrive, msal-node and microsoft-graph-client were pointed at the sandbox. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { start } from "./support/client.mjs";

const LIBRARY = "/groups/02bd9fd6-8f93-4758-87c3-1fb73740a315";

describe("what other clients ask for", async () => {
  const { sandbox, client } = await start(after, {});
  const put = (path, body) => client.graph("PUT", `/me/drive/root:/${path}:/content`, { body: Buffer.from(body) });
  const patch = (id, body) => client.graph("PATCH", `/me/drive/items/${id}`, { body });

  test("a path may come encoded as a whole, and begin with a dot", async () => {
    const { id } = (await put("whole/path/f.txt", "x")).json;
    for (const path of ["whole%2Fpath%2Ff.txt", ".%2Fwhole%2Fpath%2Ff.txt", "./whole/path/f.txt:"]) {
      assert.equal((await client.get(`/me/drive/root:/${path}`)).json.id, id, path);
    }
  });

  test("members may be selected of whatever is answered; an item's unknown one is refused", async () => {
    const keys = async (path, pick = (json) => json) => Object.keys(pick((await client.get(path)).json)).filter((key) => !key.startsWith("@"));
    assert.deepEqual(await keys("/me?$select=id"), ["id"]);
    assert.deepEqual(await keys("/me/drive?$select=id,quota"), ["id", "quota"]);
    assert.deepEqual(await keys("/me/drives?$select=id", (json) => json.value[0]), ["id"]);
    assert.deepEqual(await keys(`${LIBRARY}?$select=displayName`), ["displayName"]);
    for (const path of ["root", "root/children", "root/delta"]) {
      const { status, json } = await client.get(`/me/drive/${path}?$select=id,nonsense`);
      assert.deepEqual([status, json.error.code], [400, "BadRequest"], path);
    }
  });

  test("a folder may be listed in an order, and be shown with its children", async () => {
    await sandbox.change([1, 3, 2].map((size) => ({ op: "put", path: `order/f${size}`, content: { size } })));
    const list = async (query) => (await client.get(`/me/drive/root:/order:/children?$top=2&${query}`)).json;
    const first = await list("$orderby=size%20desc");
    assert.deepEqual(first.value.map((item) => item.size), [3, 2]);
    assert.deepEqual((await client.get(first["@odata.nextLink"])).json.value.map((item) => item.size), [1]);
    assert.equal((await list("$orderby=colour")).error.code, "invalidRequest");
    assert.equal((await client.get("/me/drive/root/children?$top=some")).status, 400);
    const { children } = (await client.get("/me/drive/root:/order?$expand=children($select=name)")).json;
    assert.deepEqual(children.map(Object.keys), [["name"], ["name"], ["name"]]);
    assert.equal((await client.get("/me/drive/root?$expand=nonsense")).status, 400);
  });

  test("a new parent is named by its real id or its path, is a folder, and lies on this drive", async () => {
    const { id } = (await put("wander.txt", "x")).json;
    await client.graph("POST", "/me/drive/root/children", { body: { name: "there is", folder: {} } });
    const moved = await patch(id, { parentReference: { path: "/drive/root:/there%20is" } });
    assert.deepEqual([moved.status, moved.json.parentReference.name], [200, "there is"]);
    const other = (await client.get(`${LIBRARY}/drive/root`)).json;
    for (const parentReference of [{ id: "root" }, { id }, { id: other.id, driveId: other.parentReference.driveId }]) {
      assert.equal((await patch(id, { parentReference })).status, 400);
    }
    assert.equal((await patch(id, { parentReference: { path: "/drive/root:/none" } })).status, 404);
  });

  test("special folders come to be when they are used, and stay so under another name", async () => {
    const made = (await client.get("/me/drive/special/photos")).json;
    assert.deepEqual([made.name, made.specialFolder], ["Pictures", { name: "photos" }]);
    await patch(made.id, { name: "Bilder" });
    const file = await client.graph("PUT", "/me/drive/special/photos:/a.jpg:/content", { body: Buffer.from("x") });
    assert.deepEqual([file.status, file.json.parentReference.id], [201, made.id]);
    assert.equal((await client.get("/me/drive/special/photos/children")).json.value.length, 1);
    assert.equal((await client.get("/me/drive/special/nonsense")).status, 400);
    await client.signIn("Files.Read");
    assert.equal((await client.get("/me/drive/special/photos")).json.id, made.id);
    assert.equal((await client.get("/me/drive/special/music")).status, 404);
    await client.signIn();
  });

  test("a sharing link leads back to its item", async () => {
    const { id } = (await put("shared.txt", "x")).json;
    const link = () => client.graph("POST", `/me/drive/items/${id}/createLink`, { body: { type: "view", scope: "anonymous" } });
    const made = await link();
    assert.equal(made.status, 201);
    assert.equal((await link()).status, 200);
    const token = `u!${Buffer.from(made.json.link.webUrl).toString("base64url")}`;
    assert.equal((await client.get(`/shares/${token}/driveItem`)).json.id, id);
  });

  test("an upload whose commit is deferred waits for it; one into a folder that has gone fails", async () => {
    const open = async (path, deferCommit) =>
      (await client.graph("POST", `/me/drive/root:/${path}:/createUploadSession`, { body: { deferCommit } })).json.uploadUrl;
    const send = (url) => client.request("PUT", url, { headers: { "content-range": "bytes 0-2/3", "content-length": 3 }, body: "abc" });
    const url = await open("later.bin", true);
    assert.equal((await client.request("POST", url)).status, 400);
    const sent = await send(url);
    assert.deepEqual([sent.status, sent.json.nextExpectedRanges], [202, []]);
    assert.equal((await client.get("/me/drive/root:/later.bin")).status, 404);
    const done = await client.request("POST", url, { headers: { "content-length": 0 } });
    assert.deepEqual([done.status, done.json.name, done.json.size], [201, "later.bin", 3]);
    const lost = await open("going/lost.bin", false);
    await sandbox.change({ op: "delete", path: "going" });
    assert.equal((await send(lost)).status, 404);
    const taken = await open("taken.bin", false);
    await put("taken.bin", "x");
    assert.equal((await send(taken)).status, 409);
  });

  test("names that a library keeps for itself, and paths that are too long", async () => {
    const make = (parent, name) => client.graph("POST", `/me/drive/${parent}/children`, { body: { name, folder: {} } });
    assert.equal((await make("root", "Forms")).status, 400);
    assert.equal((await make("root", "~x")).status, 400);
    assert.equal((await make("root", "a".repeat(250))).status, 201);
    const long = await make(`root:/${"a".repeat(250)}:`, "b".repeat(150));
    assert.deepEqual([long.status, long.json.error.innerError.code], [400, "pathIsTooLong"]);
  });

  test("users, lists, thumbnails", async () => {
    const { id } = (await client.get("/me/drive")).json;
    assert.equal((await client.get("/users/ana@contoso.com/drive")).json.id, id);
    assert.equal((await client.get("/users/nobody@contoso.com")).status, 404);
    assert.equal((await client.get("/users/nobody@contoso.com/drive/root")).status, 404);
    assert.equal((await client.get(`/drives/${id}/list`)).json.list.template, "documentLibrary");
    assert.deepEqual((await client.get("/me/drive/root/thumbnails")).json.value, []);
  });

  test("deltaExcludeParent leaves out ancestors, but for the root", async () => {
    await sandbox.change({ op: "put", path: "up/per/low.txt", content: "1" });
    const { link } = await client.delta("/me/drive/root/delta?token=latest");
    await sandbox.change({ op: "put", path: "up/per/low.txt", content: "2" });
    const { json } = await client.get(link, { deltaExcludeParent: "true" });
    assert.deepEqual(json.value.map((item) => item.name), ["root", "low.txt"]);
  });

  test("near its limit, and beyond, a client hears of it in RateLimit headers", async () => {
    await sandbox.settings({ throttle: { requests: 5, seconds: 60, retry_after: 1 } });
    const heard = [];
    for (let i = 0; i < 6; i++) heard.push((await client.get("/me")).headers["ratelimit-remaining"]);
    await sandbox.settings({ throttle: null });
    assert.deepEqual(heard, [undefined, undefined, undefined, "1", "0", "0"]);
  });
});

describe("what sign-in libraries ask for", async () => {
  const { sandbox, client } = await start(after, {});
  const claims = (idToken) => JSON.parse(Buffer.from(idToken.split(".")[1], "base64url").toString());

  test("metadata of the tenant and of the cloud", async () => {
    const { json } = await client.request("GET", `${sandbox.login_url}/common/v2.0/.well-known/openid-configuration`);
    assert.equal(json.issuer, `${sandbox.login_url}/{tenantid}/v2.0`);
    for (const name of ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "jwks_uri"]) assert.ok(json[name].startsWith(sandbox.login_url));
    assert.deepEqual((await client.request("GET", json.jwks_uri)).json, { keys: [] });
    const cloud = await client.request("GET", `${sandbox.login_url}/common/discovery/instance?api-version=1.1`);
    assert.equal(cloud.json.metadata.length, 1);
  });

  test("a token answer names the account where it is asked to, also after a refresh", async () => {
    const device = await client.deviceCode({ scope: "openid profile offline_access Files.Read" });
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    const first = (await client.login("token", { grant_type: grant, device_code: device.json.device_code, client_info: "1" })).json;
    const again = (await client.login("token", { grant_type: "refresh_token", refresh_token: first.refresh_token, client_info: "1" })).json;
    for (const { client_info: info, id_token: id } of [first, again]) {
      const { uid, utid } = JSON.parse(Buffer.from(info, "base64url").toString());
      assert.deepEqual([claims(id).oid, claims(id).tid], [uid, utid]);
    }
  });

  test("a request without its client, or a device code of another one, is refused", async () => {
    const { json } = await client.login("token", { client_id: "", grant_type: "refresh_token", refresh_token: "x" });
    assert.deepEqual([json.error, json.error_codes], ["invalid_request", [900144]]);
    const device = await client.deviceCode();
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    const stolen = await client.login("token", { client_id: "other", grant_type: grant, device_code: device.json.device_code });
    assert.equal(stolen.json.error, "bad_verification_code");
  });

  test("an id of the request in the address is no secret; a code is", async () => {
    await sandbox.resetLog();
    await client.form(`${sandbox.login_url}/common/oauth2/v2.0/token?client-request-id=1`, {});
    assert.deepEqual(await sandbox.violations(), []);
    await client.form(`${sandbox.login_url}/common/oauth2/v2.0/token?refresh_token=1`, {});
    assert.equal((await sandbox.violations())[0].kind, "credentials_in_query");
  });
});

test("--older-clients: paths in the feed, facets on tombstones, a token at the content host, no HTTP/2 there", async (t) => {
  const { sandbox, client } = await start((end) => t.after(end), { args: ["--older-clients", "--personal"] });
  const { link } = await client.delta();
  await sandbox.change({ op: "put", path: "a/b.txt", content: "x" });
  const { items, link: next } = await client.delta(link);
  const file = items.find((item) => item.name === "b.txt");
  assert.match(file.parentReference.path, /root:\/a$/);
  const download = file["@microsoft.graph.downloadUrl"];
  assert.equal((await client.request("GET", download, { headers: { authorization: "Bearer x" } })).status, 200);
  await assert.rejects(client.get2(download));
  await sandbox.change({ op: "delete", path: "a" });
  const gone = (await client.delta(next)).items.filter((item) => item.deleted);
  assert.deepEqual(gone.map((item) => Boolean(item.folder ?? item.file)), [true, true]);
});
