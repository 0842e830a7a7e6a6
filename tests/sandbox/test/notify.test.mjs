import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { io } from "socket.io-client";
import { start } from "./support/client.mjs";
import { openSocket } from "./support/socket.mjs";

const GROUP = "02bd9fd6-8f93-4758-87c3-1fb73740a315";
const SITE = "contoso.sharepoint.com,da60e844-ba1d-49bc-b4d4-d5e36bae9019,712a596e-90a1-49e3-9b48-bfa80bee8740";
const LIST = "1a0a4e0f-5b1c-4c61-9d84-3f2d8e9a7b60";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

describe("notifications", async () => {
  const { sandbox, client } = await start(after, { settings: { notify_delay_ms: 0 } });
  const drive = (await client.get("/me/drive")).json.id;

  const subscribe = async (form = "/me/drive/root") => (await client.get(`${form}/subscriptions/socketIo`, { "content-type": "application/json" })).json;
  const change = (name = "me") => sandbox.change({ op: "put", drive: name, path: "n.txt", content: String(Math.random()) });

  async function joined(subscription) {
    const socket = await openSocket(client, subscription.notificationUrl);
    const open = await socket.next();
    socket.send("40/notifications,");
    return { ...socket, open, answer: await socket.next() };
  }

  const FORMS = [
    ["me", "/me/drive/root"],
    ["me", `/drives/${drive}/root`],
    ["me", `/drives/${drive}/list`],
    ["group", `/groups/${GROUP}/drive/root`],
    ["site", `/sites/${SITE}/lists/${LIST}/drive/root`],
  ];
  for (const [name, form] of FORMS) {
    test(`GET ${form}/subscriptions/socketIo hears of changes of "${name}"`, async () => {
      const subscription = await subscribe(form);
      assert.match(subscription.notificationUrl, /^https:\/\/localhost:\d+\/notifications\?token=[\w-]+&applicationId=[\w-]+$/);
      assert.match(subscription.expirationDateTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
      const socket = await joined(subscription);
      assert.match(socket.open, /^0\{"sid":"[^"]+","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/);
      assert.match(socket.answer, /^40\/notifications,\{"sid":"[^"]+"\}$/);
      await change(name);
      const event = await socket.next();
      assert.match(event, /^42\/notifications,\["notification","\{\\"value\\":\[\{\\"subscriptionId\\":\\"/);
      const [, text] = JSON.parse(event.slice("42/notifications,".length));
      assert.deepEqual(Object.keys(JSON.parse(text).value[0]), ["subscriptionId", "clientState", "expirationDateTime", "resource", "tenantId", "siteUrl", "webId"]);
      socket.socket.destroy();
    });
  }

  test("each subscription has a fresh address", async () => {
    assert.notEqual((await subscribe()).notificationUrl, (await subscribe()).notificationUrl);
  });

  test("a subscription hears of its own drive only", async () => {
    const socket = await joined(await subscribe());
    await change("group");
    await sandbox.push("emit", { drive: "me", event: "marker", args: [{ n: 1 }] });
    assert.equal(await socket.next(), '42/notifications,["marker",{"n":1}]');
    socket.socket.destroy();
  });

  test("the official client gets it as well, in the documented shape of the address too", async () => {
    for (const url_shape of ["real", "documented"]) {
      await sandbox.settings({ url_shape });
      const { notificationUrl } = await subscribe();
      const socket = io(notificationUrl, { transports: ["websocket"], ca: client.ca, forceNew: true });
      await new Promise((done, failed) => socket.on("connect", done).on("connect_error", failed));
      assert.equal(socket.nsp, new URL(notificationUrl).pathname);
      const event = new Promise((done) => socket.on("notification", done));
      await change();
      assert.equal(typeof (await event), "string");
      socket.close();
    }
    await sandbox.settings({ url_shape: "real" });
  });

  test("the peer's way, without a comma and with the root namespace, works", async () => {
    const socket = await openSocket(client, (await subscribe()).notificationUrl);
    await socket.next();
    socket.send("40");
    socket.send("40/notifications");
    assert.match(await socket.next(), /^40\{"sid"/);
    assert.match(await socket.next(), /^40\/notifications,\{"sid"/);
    socket.socket.destroy();
  });

  test("an unknown namespace and a bad token are refused", async () => {
    const { notificationUrl } = await subscribe();
    const lost = await openSocket(client, notificationUrl);
    await lost.next();
    lost.send("40/elsewhere,");
    assert.equal(await lost.next(), '44/elsewhere,{"message":"Invalid namespace"}');
    const bad = await openSocket(client, notificationUrl.replace(/token=[^&]+/, "token=bad"));
    await bad.next();
    bad.send("40/notifications,");
    assert.equal(await bad.next(), '44/notifications,{"message":"Not authorized","data":{"code":401}}');
    await sandbox.settings({ push_auth: "http" });
    await assert.rejects(openSocket(client, notificationUrl.replace(/token=[^&]+/, "token=bad")), { statusCode: 401 });
    await sandbox.settings({ push_auth: "connect_error" });
  });

  test("polling is not served unless set", async () => {
    const url = `${sandbox.push_url}/socket.io/?EIO=4&transport=polling`;
    const refused = await client.request("GET", url);
    assert.deepEqual([refused.status, refused.json], [400, { code: 0, message: "Transport unknown" }]);
    await sandbox.settings({ polling: true });
    assert.match((await client.request("GET", url)).text, /^0\{/);
    await sandbox.settings({ polling: false });
  });

  test("a token on the push host is noted", async () => {
    await sandbox.resetLog();
    const socket = await openSocket(client, (await subscribe()).notificationUrl, { headers: { authorization: "Bearer x" } });
    socket.socket.destroy();
    assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["token_on_push_host"]);
  });

  const ENDS = [["disconnect", "41/notifications,"], ["leave", "41/notifications,"], ["close", "close"]];
  for (const [expiry, last] of ENDS) {
    test(`at its expiry a subscription ends by ${expiry}`, async () => {
      await sandbox.settings({ subscription_s: 1, expiry });
      const subscription = await subscribe();
      await sandbox.settings({ subscription_s: 3600 });
      const socket = await joined(subscription);
      assert.equal(await socket.next(), last);
      socket.socket.destroy();
      await sandbox.settings({ expiry: "disconnect" });
    });
  }

  test("pings come from the server at the set interval", async () => {
    await sandbox.settings({ ping_interval_ms: 50, ping_timeout_ms: 5000 });
    const socket = await joined(await subscribe());
    assert.equal(await socket.next(), "2");
    socket.send("3");
    assert.equal(await socket.next(), "2");
    await sandbox.settings({ ping_interval_ms: 25000, ping_timeout_ms: 20000 });
    socket.socket.destroy();
  });

  test("a silenced connection says nothing more", async () => {
    await sandbox.settings({ ping_interval_ms: 50 });
    const socket = await joined(await subscribe());
    await sandbox.push("silent");
    await sandbox.settings({ ping_interval_ms: 25000 });
    await change();
    assert.equal(await Promise.race([socket.next(), pause(200)]), undefined);
    socket.socket.destroy();
  });

  test("the push host may be dropped, stopped and started again on the same port", async () => {
    const socket = await joined(await subscribe());
    await sandbox.push("drop_sockets");
    await socket.closed;
    await sandbox.push("stop");
    const subscription = await subscribe();
    await assert.rejects(openSocket(client, subscription.notificationUrl), { code: "ECONNREFUSED" });
    await sandbox.push("start");
    const again = await joined(subscription);
    await change();
    assert.match(await again.next(), /^42/);
    again.socket.destroy();
  });

  test("lost, repeated and coalesced events", async () => {
    const socket = await joined(await subscribe());
    await sandbox.settings({ notify_drop: 1 });
    await change();
    await sandbox.settings({ notify_drop: 0, notify_times: 2 });
    await change();
    assert.match(await socket.next(), /^42/);
    assert.match(await socket.next(), /^42/);
    await sandbox.settings({ notify_times: 1, notify_coalesce_ms: 50 });
    for (let i = 0; i < 5; i++) await change();
    assert.match(await socket.next(), /^42/);
    await sandbox.push("emit", { event: "marker" });
    assert.equal(await socket.next(), '42/notifications,["marker"]');
    await sandbox.settings({ notify_coalesce_ms: 0 });
    socket.socket.destroy();
  });

  test("faults at the upgrade", async () => {
    const { notificationUrl } = await subscribe();
    await sandbox.faults([
      { route: "upgrade", kind: "status", status: 503, retry_after: 1, count: 1 },
      { route: "upgrade", kind: "wrong_accept", count: 1 },
      { route: "upgrade", kind: "close", count: 1 },
    ]);
    await assert.rejects(openSocket(client, notificationUrl), (res) => res.statusCode === 503 && res.headers["retry-after"] === "1");
    await openSocket(client, notificationUrl).then(({ socket }) => socket.destroy());
    await assert.rejects(openSocket(client, notificationUrl), { code: "ECONNRESET" });
    await sandbox.clearFaults();
  });

  test("a form may be unsupported, a folder cannot be subscribed, a token is wanted", async () => {
    await sandbox.settings({ not_supported: ["me"] });
    const refused = await client.get("/me/drive/root/subscriptions/socketIo");
    assert.deepEqual([refused.status, refused.json.error.code], [400, "notSupported"]);
    assert.equal((await client.get(`/drives/${drive}/root/subscriptions/socketIo`)).status, 200);
    await sandbox.settings({ not_supported: [] });
    const [{ id }] = await sandbox.change({ op: "mkdir", path: "folder" });
    assert.equal((await client.get(`/me/drive/items/${id}/subscriptions/socketIo`)).status, 400);
    const bare = await client.request("GET", `${sandbox.graph_url}/me/drive/root/subscriptions/socketIo`);
    assert.equal(bare.status, 401);
  });

  test("the statistics tell when what was emitted to how many", async () => {
    const socket = await joined(await subscribe());
    const [{ seq, time }] = await change();
    await socket.next();
    const { events, sockets_joined } = await sandbox.stats();
    assert.ok(sockets_joined >= 1);
    const event = events.at(-1);
    assert.ok(event.seq >= seq && event.time >= time && event.drive === "me" && event.sockets >= 1);
    socket.socket.destroy();
  });
});
