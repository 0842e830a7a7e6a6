import assert from "node:assert/strict";
import { afterEach, after, describe, test } from "node:test";
import { start } from "./support/client.mjs";

const SIZE = 300_000;

describe("faults", async () => {
  const { sandbox, client } = await start(after, {});
  await sandbox.change([{ op: "put", path: "f.bin", content: { seed: 1, size: SIZE } }, { op: "put", path: "g.txt", content: "g" }]);
  const address = (await client.get("/me/drive/root:/f.bin")).json["@microsoft.graph.downloadUrl"];
  const good = (await client.request("GET", address)).bytes;
  afterEach(() => sandbox.clearFaults());

  const delta = () => client.get("/me/drive/root/delta");
  const download = (headers) => client.request("GET", address, { headers });

  test("a fault has a place: after, every, count", async () => {
    await sandbox.faults({ route: "delta", kind: "status", status: 500, after: 1, every: 2, count: 2 });
    const seen = [];
    for (let i = 0; i < 7; i++) seen.push((await delta()).status);
    assert.deepEqual(seen, [200, 500, 200, 500, 200, 200, 200]);
  });

  test("a fault with a probability is the same for the same seed", async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      await sandbox.faults({ route: "me", kind: "status", probability: 0.5, seed: 3 });
      const seen = [];
      for (let i = 0; i < 12; i++) seen.push((await client.get("/me")).status);
      await sandbox.clearFaults();
      runs.push(seen.join());
    }
    assert.equal(runs[0], runs[1]);
    assert.match(runs[0], /500/);
    assert.match(runs[0], /200/);
  });

  test("429 with a wait opens a window in which requests are noted", async () => {
    await sandbox.resetLog();
    await sandbox.faults({ route: "delta", kind: "status", status: 429, retry_after: 2, count: 1 });
    const { status, headers, json } = await delta();
    assert.deepEqual([status, headers["retry-after"], json.error.code], [429, "2", "activityLimitReached"]);
    await new Promise((done) => setTimeout(done, 800));
    await delta();
    await new Promise((done) => setTimeout(done, 2000));
    await delta();
    assert.equal((await sandbox.violations()).filter((one) => one.kind === "retry_after").length, 1);
  });

  test("the wait may be a date", async () => {
    await sandbox.faults({ route: "me", kind: "status", status: 503, retry_after: "date", seconds: 30, count: 1 });
    assert.match((await client.get("/me")).headers["retry-after"], /GMT$/);
    await sandbox.resetLog();
  });

  test("the sign-in host fails in its own shape", async () => {
    await sandbox.faults({ route: "token", kind: "status", status: 503 });
    const { status, json } = await client.login("token", { grant_type: "refresh_token" });
    assert.deepEqual([status, json.error], [503, "temporarily_unavailable"]);
  });

  for (const kind of ["reset", "close"]) {
    test(`${kind} ends the connection`, async () => {
      await sandbox.faults({ route: "delta", kind });
      await assert.rejects(delta(), { code: "ECONNRESET" });
    });
  }

  for (const at of [0, 1, SIZE - 1]) {
    test(`a body cut at ${at}`, async () => {
      await sandbox.faults({ route: "download", kind: "cut", at });
      await assert.rejects(download(), { code: "ECONNRESET" });
      await assert.rejects(client.get2(address));
    });
  }

  test("one flipped bit", async () => {
    await sandbox.faults({ route: "download", kind: "flip", at: 70_000, bit: 3 });
    const { bytes } = await download();
    const changed = Buffer.from(good);
    changed[70_000] ^= 8;
    assert.deepEqual(bytes, changed);
    await sandbox.clearFaults();
    assert.deepEqual((await download()).bytes, good);
  });

  test("a body that stalls and goes on", async () => {
    await sandbox.faults({ route: "download", kind: "stall", at: 1000, for_ms: 200 });
    const started = Date.now();
    assert.deepEqual((await download()).bytes, good);
    assert.ok(Date.now() - started >= 190);
  });

  test("a range that is not honoured", async () => {
    await sandbox.faults({ route: "download", kind: "ignore_range" });
    assert.equal((await download({ range: "bytes=5-" })).status, 200);
    await sandbox.clearFaults();
    await sandbox.faults({ route: "download", kind: "wrong_range" });
    assert.equal((await download({ range: "bytes=5-" })).headers["content-range"], "bytes 0-0/1");
  });

  const JSON_FAULTS = [
    ["empty_value_object", (json) => assert.deepEqual(json, {})],
    ["no_value", (json) => assert.equal(json.value, undefined)],
    ["no_links", (json) => assert.ok(json.value && !Object.keys(json).some((name) => name.endsWith("Link")))],
    ["both_links", (json) => assert.ok(json["@odata.nextLink"] && json["@odata.deltaLink"])],
    ["loop_links", (json) => assert.ok(json["@odata.nextLink"].endsWith("/me/drive/root/delta"))],
    ["bad_host_links", (json) => assert.match(json["@odata.deltaLink"], /^https:\/\/graph\.attacker\.invalid\//)],
    ["no_hash", (json) => assert.ok(json.value.every((item) => !item.file?.hashes))],
    ["wrong_size", (json) => assert.equal(json.value.find((item) => item.name === "f.bin").size, SIZE + 1)],
    ["truncated", (json) => assert.equal(json, undefined)],
    ["garbage", (json) => assert.equal(json, undefined)],
  ];
  for (const [kind, check] of JSON_FAULTS) {
    test(`delta with ${kind}`, async () => {
      await sandbox.faults({ route: "delta", kind });
      const { status, json } = await delta();
      assert.equal(status, 200);
      check(json);
    });
  }

  test("410 names its code", async () => {
    await sandbox.faults({ route: "delta", kind: "gone410", code: "resyncChangesApplyDifferences" });
    const { status, json, headers } = await delta();
    assert.deepEqual([status, json.error.code], [410, "resyncChangesApplyDifferences"]);
    assert.ok(headers.location);
  });

  test("the address of content may point anywhere", async () => {
    await sandbox.faults([{ route: "content", kind: "location_bad_host", count: 1 }, { route: "content", kind: "location_http", count: 1 }]);
    const get = async () => (await client.get("/me/drive/root:/g.txt:/content")).headers.location;
    assert.match(await get(), /^https:\/\/download\.attacker\.invalid\//);
    assert.match(await get(), /^http:\/\/127/);
  });

  test("http without TLS is noted", async () => {
    await sandbox.resetLog();
    await fetch(sandbox.content_url.replace("https:", "http:")).catch(() => {});
    assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["plain_http"]);
  });

  test("an endless body goes on", async () => {
    await sandbox.faults({ route: "download", kind: "endless" });
    const { default: https } = await import("node:https");
    const received = await new Promise((done) => {
      let sum = 0;
      const req = https.get(address, { ca: client.ca }, (res) => {
        res.on("data", (part) => {
          sum += part.length;
          if (sum > 5 * SIZE) req.destroy();
        });
        res.on("close", () => done(sum));
        res.on("error", () => {});
      });
    });
    assert.ok(received > 5 * SIZE);
  });

  test("unknown kinds, settings, actions and operations are refused with a reason", async () => {
    await assert.rejects(sandbox.faults({ kind: "nonsense" }), /no fault is called nonsense/);
    await assert.rejects(sandbox.settings({ nonsense: 1 }), /no setting is called nonsense/);
    await assert.rejects(sandbox.push("nonsense"), /no action is called nonsense/);
    await assert.rejects(sandbox.change({ op: "nonsense" }), /no operation is called nonsense/);
    await assert.rejects(sandbox.change({ op: "delete", path: "none" }), /no item none/);
  });

  for (const kind of ["expired", "future", "wrong_host", "unknown_ca", "self_signed"]) {
    test(`a certificate of the kind ${kind} is not accepted`, async () => {
      client.agent.destroy();
      await sandbox.certificate(kind, "login");
      const codes = { expired: "CERT_HAS_EXPIRED", future: "CERT_NOT_YET_VALID", wrong_host: "ERR_TLS_CERT_ALTNAME_INVALID", unknown_ca: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", self_signed: "DEPTH_ZERO_SELF_SIGNED_CERT" };
      await assert.rejects(client.deviceCode(), { code: codes[kind] });
      await sandbox.certificate("good", "login");
      assert.equal((await client.deviceCode()).status, 200);
    });
  }

  test("a host may go away and come back on its port", async () => {
    await sandbox.service("stop", "graph");
    await assert.rejects(delta());
    await sandbox.service("start", "graph");
    assert.equal((await delta()).status, 200);
  });

  test("the clock may be wrong", async () => {
    await sandbox.settings({ clock_skew_s: -3600 });
    const { headers } = await client.get("/me");
    await sandbox.settings({ clock_skew_s: 0 });
    assert.ok(Math.abs(Date.parse(headers.date) + 3_600_000 - Date.now()) < 5000);
  });
});

describe("items that no good service has", async () => {
  const { sandbox, client } = await start(after, {});

  test("names of any kind", async () => {
    await sandbox.change([
      { op: "put", name: "..", content: "x" },
      { op: "put", name: "a/b", content: "x" },
      { op: "put", name: "lone \ud800", content: "x" },
      { op: "put", name: "nul\0", content: "x" },
      { op: "put", name: "twice", content: "1" },
      { op: "put", name: "twice", content: "2", force: true },
      { op: "put", name_base64: Buffer.from([0x78, 0xff, 0xfe]).toString("base64"), content: "x" },
    ]);
    const { text, bytes, json } = await client.get("/me/drive/root/delta");
    assert.ok(text.includes('"lone \\ud800"'));
    assert.ok(bytes.includes(Buffer.from([0x22, 0x78, 0xff, 0xfe, 0x22])));
    assert.equal(json.value.filter((item) => item.name === "twice").length, 2);
    for (const name of ["..", "a/b", "nul\0"]) assert.ok(json.value.some((item) => item.name === name), name);
  });

  test("members of any kind, also numbers that no double holds", async () => {
    await sandbox.change({ op: "put", path: "odd", content: "x", set: { size: { $raw: "9223372036854775808" }, file: null, extra: { $raw: '"a"' } } });
    const { text } = await client.get("/me/drive/root:/odd");
    assert.match(text, /"size":9223372036854775808,/);
    assert.match(text, /"extra":"a"/);
    assert.doesNotMatch(text, /"file"/);
  });

  test("packages, shortcuts, vaults, items with an error of their own", async () => {
    await sandbox.change([
      { op: "package", path: "Notebook" },
      { op: "put", path: "Notebook/section.one", content: "x" },
      { op: "shortcut", path: "Shared by Bo" },
      { op: "vault", path: "Personal Vault" },
      { op: "bare", path: "neither" },
      { op: "put", path: "locked.txt", content: "x", error: { status: 423, code: "resourceLocked" } },
    ]);
    const found = async (headers) => Object.fromEntries((await client.get("/me/drive/root/children", headers)).json.value.map((item) => [item.name, item]));
    const plain = await found();
    assert.deepEqual(plain.Notebook.package, { type: "oneNote" });
    assert.equal(plain.Notebook.folder, undefined);
    assert.equal(plain["neither"].file, undefined);
    assert.equal("Shared by Bo" in plain, false);
    assert.ok((await found({ prefer: "Include-Feature=AddToOneDrive" }))["Shared by Bo"].remoteItem.id);
    assert.equal((await client.get("/me/drive/root:/Personal%20Vault:/children")).json.error.message, "ObjectHandle is Invalid");
    assert.equal((await client.get("/me/drive/root:/locked.txt:/content")).status, 423);
  });
});

test("a hundred thousand items in bulk", async (t) => {
  const { sandbox, client } = await start((end) => t.after(end), { settings: { page_size: 1000 } });
  await sandbox.bulk({ count: 100_000, folders: 500, depth: 3, size: 64 });
  assert.equal((await sandbox.tree()).length, 100_500);
  const { items } = await client.delta("/me/drive/root/delta?$select=id,name");
  assert.equal(new Set(items.map((item) => item.id)).size, 100_501);
});
