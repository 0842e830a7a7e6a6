import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { quickXorHash } from "../quickxor.mjs";
import { start } from "./support/client.mjs";

const SIZE = 1_000_003;

describe("content", async () => {
  const { sandbox, client } = await start(after, {});
  await sandbox.change([
    { op: "put", path: "text.txt", content: "hello world" },
    { op: "put", path: "empty.txt", content: "" },
    { op: "put", path: "big.bin", content: { seed: 5, size: SIZE } },
  ]);

  async function addressOf(name) {
    const { status, headers } = await client.get(`/me/drive/root:/${name}:/content`);
    assert.equal(status, 302);
    return headers.location;
  }

  test("the address is on another host and takes no token", async () => {
    const address = await addressOf("text.txt");
    assert.notEqual(new URL(address).host, new URL(sandbox.graph_url).host);
    await sandbox.resetLog();
    const { status } = await client.request("GET", address, { headers: { authorization: `Bearer ${client.token}` } });
    assert.equal(status, 401);
    assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["token_on_content_host"]);
    const answer = await client.request("GET", address);
    assert.equal(answer.text, "hello world");
    await sandbox.settings({ content_refuses_token: false });
    assert.equal((await client.request("GET", address, { headers: { authorization: "Bearer x" } })).status, 200);
    assert.equal((await sandbox.violations()).length, 2);
    await sandbox.settings({ content_refuses_token: true });
  });

  test("generated content matches the hash of the listing, over both protocols", async () => {
    const item = (await client.get("/me/drive/root:/big.bin")).json;
    const one = await client.request("GET", item["@microsoft.graph.downloadUrl"]);
    const two = await client.get2(item["@microsoft.graph.downloadUrl"]);
    assert.equal(one.bytes.length, SIZE);
    assert.deepEqual(one.bytes, two.bytes);
    assert.equal(quickXorHash(one.bytes), item.file.hashes.quickXorHash);
  });

  const RANGES = [
    ["bytes=0-0", 206, 0, 1],
    ["bytes=500000-", 206, 500000, SIZE],
    ["bytes=10-19", 206, 10, 20],
    ["bytes=-5", 206, SIZE - 5, SIZE],
    ["bytes=999999-99999999", 206, 999999, SIZE],
    [`bytes=${SIZE}-`, 416],
    ["bytes=9-5", 416],
    ["lines=1-2", 200, 0, SIZE],
  ];
  for (const [range, status, start_, end] of RANGES) {
    test(`Range: ${range}`, async () => {
      const address = await addressOf("big.bin");
      const whole = (await client.request("GET", address)).bytes;
      const part = await client.request("GET", address, { headers: { range } });
      assert.equal(part.status, status);
      if (status === 416) {
        assert.equal(part.headers["content-range"], `bytes */${SIZE}`);
        return;
      }
      assert.deepEqual(part.bytes, whole.subarray(start_, end));
      if (status === 206) assert.equal(part.headers["content-range"], `bytes ${start_}-${end - 1}/${SIZE}`);
    });
  }

  test("If-Range keeps the range only while the content is the same", async () => {
    const address = await addressOf("text.txt");
    const { headers } = await client.request("GET", address);
    assert.match(headers.etag, /^"/);
    const ask = (tag) => client.request("GET", address, { headers: { range: "bytes=6-", "if-range": tag } });
    assert.equal((await ask(headers.etag)).status, 206);
    await sandbox.change({ op: "put", path: "text.txt", content: "HELLO WORLD" });
    const after_ = await ask(headers.etag);
    assert.deepEqual([after_.status, after_.text], [200, "HELLO WORLD"]);
  });

  test("unchanged content is a 304, at the content host and before it", async () => {
    const item = (await client.get("/me/drive/root:/big.bin")).json;
    for (const tag of [item.eTag, item.cTag]) {
      assert.equal((await client.get(`/me/drive/items/${item.id}/content`, { "if-none-match": tag })).status, 304);
    }
    const address = await addressOf("big.bin");
    const { headers } = await client.request("GET", address);
    assert.equal((await client.request("GET", address, { headers: { "if-none-match": headers.etag } })).status, 304);
  });

  test("an empty file has no range", async () => {
    const address = await addressOf("empty.txt");
    assert.equal((await client.request("GET", address)).headers["content-length"], "0");
    assert.equal((await client.request("GET", address, { headers: { range: "bytes=0-" } })).status, 416);
  });

  test("addresses expire, by time and at a test's wish", async () => {
    await sandbox.settings({ download_url_s: 0.05 });
    const short = await addressOf("text.txt");
    await sandbox.settings({ download_url_s: 3600, expired_download_status: 403 });
    const long = await addressOf("text.txt");
    await new Promise((done) => setTimeout(done, 80));
    assert.equal((await client.request("GET", short)).status, 403);
    await sandbox.expireDownloads();
    assert.equal((await client.request("GET", long)).status, 403);
    assert.equal((await client.request("GET", await addressOf("text.txt"))).status, 200);
    assert.equal((await client.request("GET", long.replace("tempauth=v1.", "tempauth=v1.x"))).status, 401);
  });

  test("what was deleted meanwhile is not there", async () => {
    await sandbox.change({ op: "put", path: "short.txt", content: "x" });
    const address = await addressOf("short.txt");
    await sandbox.change({ op: "delete", path: "short.txt" });
    assert.equal((await client.request("GET", address)).status, 404);
  });

  test("malware is refused with its header", async () => {
    await sandbox.change({ op: "put", path: "virus.exe", content: "x", set: { malware: {} } });
    const { status, json, headers } = await client.get("/me/drive/root:/virus.exe:/content");
    assert.deepEqual([status, json.error.code, headers["x-virus-infected"]], [403, "malwareDetected", "true"]);
  });

  test("HEAD tells the length", async () => {
    const { status, headers, bytes } = await client.request("HEAD", await addressOf("big.bin"));
    assert.deepEqual([status, headers["content-length"], bytes.length], [200, String(SIZE), 0]);
  });
});
