// The way to the server: TLS with resumption, and through a proxy.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import nodeTest, { after } from "node:test";

import { Authority } from "../sandbox/tls.mjs";
import { text } from "./frames.mjs";
import { listen, startServer, until } from "./peers.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "drive-agent-interop-"));
const authority = new Authority(folder);
const good = authority.certificate();
after(() => rmSync(folder, { recursive: true }));

const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);
const isNotification = ({ what }) => what === "notification";
const isEnd = ({ what }) => what === "end";

/** A proxy: `answer(head, client, connect)` says what happens to a request. */
async function startProxy(answer) {
  const heads = [];
  const server = net.createServer((client) => {
    client.on("error", () => {});
    client.once("data", (data) => {
      const head = data.toString();
      const [, host, port] = /^CONNECT (.*):(\d+) HTTP\/1.1\r\n/.exec(head);
      heads.push(head);
      answer(head, client, () => {
        const far = net.connect(Number(port), host, () => client.write("HTTP/1.1 200 Connection established\r\n\r\n"));
        far.on("error", () => client.destroy());
        client.on("close", () => far.destroy());
        far.on("close", () => client.destroy());
        far.pipe(client).pipe(far);
      });
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { heads, address: `127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function withSecureServer(body) {
  const server = await startServer(4, { tls: { key: good.key, cert: good.cert } });
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

function forEachTransport(server, act) {
  for (const connection of Object.values(server.io.engine.clients)) act(connection.transport);
}

async function withPeers(peers, body) {
  try {
    await body();
  } finally {
    for (const peer of peers) await peer.close();
  }
}

test("over TLS, and the session is resumed on reconnect", async () => {
  await withSecureServer(async (server) => {
    const reused = [];
    server.http.on("secureConnection", (socket) => reused.push(socket.isSessionReused()));
    const ours = listen(`${server.url}/notifications?token=1`, "--ca", authority.caFile, "--again", "10");
    await withPeers([ours], async () => {
      await ours.untilLive();
      await server.untilJoined(1);
      for (const socket of server.sockets) socket.disconnect(true);
      await ours.untilLive(2);
      await server.untilJoined(1);
      server.emit("notification", 1);
      await ours.until(isNotification);
      assert.deepEqual(reused, [false, true]);
    });
  });
});

/* The end of TLS must not overtake our Close: nobody reads what comes behind it. */
const CLOSES = [
  { name: "a Close of the server's is answered with its own code (WS-57)", act: (server) => forEachTransport(server, (transport) => transport.socket.close(4001)), code: 4001 },
  { name: "5 MB are answered by 1009 (WS-65)", act: (server) => server.emit("notification", "y".repeat(5_000_000)), code: 1009 },
  { name: "a reserved bit is answered by 1002 (WS-65)", act: (server) => forEachTransport(server, (transport) => transport.socket._socket.write(text("x", { rsv: 1 }))), code: 1002 },
];
for (const { name, act, code } of CLOSES) {
  test(`over TLS: ${name}`, async () => {
    await withSecureServer(async (server) => {
      const ours = listen(`${server.url}/notifications?token=1`, "--ca", authority.caFile);
      await withPeers([ours], async () => {
        await ours.untilLive();
        await server.untilJoined(1);
        act(server);
        await ours.until(isEnd);
        await until("the server saw our Close", () => server.closeCodes.length > 0);
        assert.deepEqual(server.closeCodes, [code]);
      });
    });
  });
}

for (const kind of ["expired", "future", "wrong_host", "unknown_ca", "self_signed"]) {
  test(`a bad certificate (${kind}) is refused before the request is sent (F-126)`, async () => {
    const server = await startServer(4, { tls: authority.certificate(kind) });
    const ours = listen(`${server.url}/notifications?token=1`, "--ca", authority.caFile);
    await withPeers([ours, server], async () => {
      const end = await ours.until(isEnd);
      assert.equal(end.number, 126);
      assert.equal(server.joins, 0);
    });
  });
}

test("a server of old TLS only is refused, and said to be one (F-126)", async () => {
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
  const server = await startServer(4, { tls: { key: good.key, cert: good.cert, ...old } });
  const ours = listen(`${server.url}/notifications?token=1`, "--ca", authority.caFile);
  await withPeers([ours, server], async () => {
    const end = await ours.until(isEnd);
    assert.equal(end.number, 126);
    assert.match(end.why, /is its TLS too old/);
    assert.equal(server.joins, 0);
  });
});

test("through a proxy, which hears neither path nor token (WS-20)", async () => {
  await withSecureServer(async (server) => {
    const proxy = await startProxy((head, client, connect) => connect());
    const ours = listen(`${server.url}/notifications?token=secret`, "--ca", authority.caFile, "--proxy", `http://${proxy.address}`);
    await withPeers([ours, proxy], async () => {
      await ours.untilLive();
      await server.untilJoined(1);
      server.emit("notification", 1);
      await ours.until(isNotification);
      assert.equal(proxy.heads.length, 1);
      assert.match(proxy.heads[0], /^Host: 127\.0\.0\.1:\d+\r$/m);
      assert.doesNotMatch(proxy.heads[0], /secret|socket\.io|notifications/);
    });
  });
});

test("a proxy that wants a name and a password gets them (WS-21)", async () => {
  await withSecureServer(async (server) => {
    const wanted = `Basic ${Buffer.from("ana:p@ss").toString("base64")}`;
    const proxy = await startProxy((head, client, connect) => {
      if (head.includes(`Proxy-Authorization: ${wanted}\r\n`)) connect();
      else client.end('HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n');
    });
    const ours = listen(`${server.url}/notifications?token=1`, "--ca", authority.caFile, "--proxy", `http://ana:p%40ss@${proxy.address}`);
    await withPeers([ours, proxy], () => ours.untilLive());
  });
});

const ANSWERS = [
  { name: "407", bytes: "HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", why: /name and a password/ },
  { name: "403", bytes: "HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", why: /refuses/ },
  { name: "an endless head", bytes: `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(5000)}`, why: /unusable/ },
  { name: "a line without end", bytes: `HTTP/1.1 200 OK\r\nX: ${"y".repeat(100_000)}`, why: /unusable/ },
  { name: "bytes behind the head (WS-22)", bytes: "HTTP/1.1 200 OK\r\n\r\nhello", why: /unusable/ },
  { name: "something else", bytes: "\x05\x00", why: /unusable/ },
];

for (const { name, bytes, why } of ANSWERS) {
  test(`a proxy that answers with ${name}: the message says so (F-128)`, async () => {
    const proxy = await startProxy((head, client) => client.write(bytes));
    const ours = listen("https://127.0.0.1:9/notifications?token=1", "--proxy", `http://${proxy.address}`);
    await withPeers([ours, proxy], async () => {
      const end = await ours.until(isEnd);
      assert.equal(end.number, 128);
      assert.match(end.why, /proxy/);
      assert.match(end.why, why);
    });
  });
}
