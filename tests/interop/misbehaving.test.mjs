// Servers that break the rules, below Socket.IO: what our side sends back, and how the end
// is called. Everything ends by itself, nothing hangs.

import assert from "node:assert/strict";
import net from "node:net";
import nodeTest, { describe } from "node:test";

import { acceptance, clientFrames, close, frame, ping, text } from "./frames.mjs";
import { listen, until } from "./peers.mjs";

const OPEN = '0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000}';
const JOINED = '40/n,{"sid":"def"}';
const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);

/** One client on a TCP server of ours, up to where the request is complete. */
class Peer {
  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0);
    socket.on("data", (data) => (this.bytes = Buffer.concat([this.bytes, data])));
    socket.on("error", () => {});
    socket.on("close", () => (this.closed = true));
    socket.on("end", () => (this.ended = true));
  }

  async request() {
    const end = await until("a request", () => this.bytes.indexOf("\r\n\r\n") + 1);
    this.head = this.bytes.subarray(0, end - 1).toString();
    this.bytes = this.bytes.subarray(end + 3);
    return this.head;
  }

  accept(extra = "") {
    this.socket.write(acceptance(this.head, extra));
  }

  write(...parts) {
    for (const part of parts) this.socket.write(part);
  }

  /** The whole way up to a joined namespace. */
  async live() {
    await this.request();
    this.accept();
    this.write(text(OPEN));
    await until("CONNECT", () => this.messages().includes("40/n,"));
    this.write(text(JOINED));
  }

  messages() {
    return clientFrames(this.bytes).filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString());
  }

  pongs() {
    return clientFrames(this.bytes).filter(({ opcode }) => opcode === 10).map(({ payload }) => payload.toString());
  }

  /** The code of our Close frame; undefined while there is none. */
  closeCode() {
    const close = clientFrames(this.bytes).find(({ opcode }) => opcode === 8);
    return close === undefined ? undefined : close.payload.readUInt16BE(0);
  }
}

/** Runs `script(peer, ours)` on the first connection of our client. */
async function against(script, { target = "/n?token=1", words = [] } = {}) {
  let connected;
  const first = new Promise((done) => (connected = done));
  const peers = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    peers.push(new Peer(socket));
    connected(peers[0]);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const ours = listen(`http://127.0.0.1:${server.address().port}${target}`, ...words);
  try {
    await script(await first, ours, peers);
  } finally {
    server.close(); /* first, so that no failure below leaves it behind */
    for (const { socket } of peers) socket.destroy();
    await ours.close();
    for (const { socket } of peers) socket.destroy(); /* it may have come again meanwhile */
  }
}

const isEnd = ({ what }) => what === "end";

describe("frames that break RFC 6455 (F-140, F-141)", { concurrency: 4 }, () => {
  const BAD = [
    { name: "masked (WS-37)", send: [text("x", { mask: true })], code: 1002 },
    { name: "RSV1: compressed, though not offered (F-142, WS-38)", send: [text("x", { rsv: 4 })], code: 1002 },
    { name: "RSV2 (WS-38)", send: [text("x", { rsv: 2 })], code: 1002 },
    { name: "a reserved opcode (WS-39)", send: [frame(3, "x")], code: 1002 },
    { name: "a reserved control opcode (WS-39)", send: [frame(11, "")], code: 1002 },
    { name: "a length of 2^63 (WS-42)", send: [text("", { size: 1n << 63n })], code: 1002 },
    { name: "a length of 2^62 (WS-43)", send: [text("", { size: 1n << 62n })], code: 1009 },
    { name: "one byte above the limit (WS-43)", send: [text("", { size: (1n << 20n) + 1n })], code: 1009 },
    { name: "fragments that together are above the limit (WS-43)", send: [text("x".repeat(1 << 19), { fin: false }), frame(0, "x".repeat((1 << 19) + 1))], code: 1009 },
    { name: "1,025 fragments (WS-44)", send: [text("x", { fin: false }), ...Array(1024).fill(frame(0, "", { fin: false }))], code: 1009 },
    { name: "a continuation of nothing (WS-46)", send: [frame(0, "x")], code: 1002 },
    { name: "a message inside another (WS-47)", send: [text("x", { fin: false }), text("y")], code: 1002 },
    { name: "a ping of 126 bytes (WS-48)", send: [ping("x".repeat(126))], code: 1002 },
    { name: "a fragmented ping (WS-49)", send: [frame(9, "", { fin: false })], code: 1002 },
    { name: "bad UTF-8, seen at its first byte (WS-50, WS-52)", send: [frame(1, [0x78, 0xff], { size: 100n })], code: 1007 },
    { name: "half a code point (WS-51)", send: [frame(1, [0xe2, 0x82])], code: 1007 },
    { name: "a close of one byte (WS-58)", send: [frame(8, [3])], code: 1002 },
    { name: "a close with code 1005 (WS-59)", send: [frame(8, [0x03, 0xed])], code: 1002 },
    { name: "a close with code 999 (WS-59)", send: [frame(8, [0x03, 0xe7])], code: 1002 },
    { name: "a close whose reason is no text (WS-60)", send: [frame(8, [0x03, 0xe8, 0xff])], code: 1007 },
    { name: "61 pings in a minute", send: Array(61).fill(ping("p")), code: 1008 },
    { name: "61 pongs in a minute", send: Array(61).fill(frame(10, "")), code: 1008 },
  ];
  for (const { name, send, code } of BAD) {
    test(`${name}: Close with ${code}, and an end`, async () => {
      await against(async (peer, ours) => {
        await peer.live();
        await ours.untilLive();
        peer.write(text('42/n,["notification",1]'), ...send, text('42/n,["notification",2]'));
        const end = await ours.until(isEnd);
        assert.equal(end.number, 141);
        await until("our Close", () => peer.closeCode() !== undefined);
        assert.equal(peer.closeCode(), code);
        assert.deepEqual(ours.events(), [["notification", 1]], "what came before is delivered, what came behind is not");
        await until("our side hangs up", () => peer.ended || peer.closed, 2000);
      });
    });
  }

  test("60 pings in a minute are answered, each with its own payload (WS-53)", async () => {
    await against(async (peer, ours) => {
      await peer.live();
      await ours.untilLive();
      for (let i = 0; i < 60; i++) peer.write(ping(`${i}`));
      await until("60 pongs", () => peer.pongs().length === 60);
      assert.deepEqual(peer.pongs(), Array.from({ length: 60 }, (_, i) => `${i}`));
      assert.equal(ours.count(isEnd), 0);
    });
  });

  test("a message in 1,024 fragments, byte by byte, is one event (WS-36, WS-44)", async () => {
    await against(async (peer, ours) => {
      await peer.live();
      await ours.untilLive();
      const packet = `42/n,["notification","${"€".repeat(500)}"]`;
      const bytes = Buffer.from(packet);
      const parts = Array.from({ length: 1024 }, (_, i) => bytes.subarray(Math.floor((i * bytes.length) / 1024), Math.floor(((i + 1) * bytes.length) / 1024)));
      parts.forEach((part, i) => peer.write(frame(i === 0 ? 1 : 0, part, { fin: i === 1023 })));
      await ours.until(({ what }) => what === "notification");
      assert.deepEqual(ours.events(), [["notification", "€".repeat(500)]]);
    });
  });
});

describe("answers to the upgrade (F-136, F-137)", { concurrency: 4 }, () => {
  const ANSWERS = [
    { name: "401", head: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", urlRefused: true },
    { name: "403", head: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", urlRefused: true },
    { name: "404", head: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", urlRefused: true },
    { name: "410", head: "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", urlRefused: true },
    { name: "400", head: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" },
    { name: "429 with seconds (WS-17)", head: "HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", retryAfter: 17_000 },
    { name: "503 with seconds (WS-17)", head: "HTTP/1.1 503 Away\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", retryAfter: 3_000 },
    { name: "429 with more than an hour (WS-17)", head: "HTTP/1.1 429 x\r\nRetry-After: 99999\r\nContent-Length: 0\r\n\r\n", retryAfter: 3_600_000 },
    { name: "500", head: "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n" },
    { name: "200 with a page (F-127)", head: "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>terms</html>" },
    { name: "302, not followed (WS-15)", head: "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" },
    { name: "a wrong accept key (WS-11)", head: "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" },
    { name: "no accept key (WS-11)", head: "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" },
    { name: "garbage (WS-18)", head: "SSH-2.0-OpenSSH_9.2\r\n" },
    { name: "an endless head (F-148, WS-19)", head: `HTTP/1.1 101 x\r\n${"X: y\r\n".repeat(200)}` },
    { name: "a line without end (F-148, WS-19)", head: `HTTP/1.1 101 x\r\nX: ${"y".repeat(20_000)}` },
  ];
  for (const { name, head, urlRefused = false, retryAfter = 0 } of ANSWERS) {
    test(name, async () => {
      await against(async (peer, ours, peers) => {
        await peer.request();
        peer.write(head);
        peer.socket.end();
        const end = await ours.until(isEnd);
        assert.equal(end.urlRefused, urlRefused);
        assert.equal(end.retryAfter, retryAfter);
        assert.equal(ours.count(({ what }) => what === "live"), 0);
        assert.equal(peers.length, 1);
      });
    });
  }

  test("429 with a date (WS-17)", async () => {
    await against(async (peer, ours) => {
      await peer.request();
      peer.write(`HTTP/1.1 429 x\r\nRetry-After: ${new Date(Date.now() + 60_000).toUTCString()}\r\nContent-Length: 0\r\n\r\n`);
      const { retryAfter } = await ours.until(isEnd);
      assert.ok(retryAfter > 50_000 && retryAfter <= 60_000, `${retryAfter} ms`);
    });
  });

  for (const extra of ["Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: chat\r\n"]) {
    test(`forced on us: ${extra.trim()} (WS-12)`, async () => {
      await against(async (peer, ours) => {
        assert.doesNotMatch(await peer.request(), /extensions|protocol:/i);
        peer.accept(extra);
        peer.write(text(OPEN));
        const end = await ours.until(isEnd);
        assert.match(end.why, /upgrade|handshake/i);
      });
    });
  }

  test("raw HTTP behind the 101: the other generation is tried next", async () => {
    await against(async (peer, ours, peers) => {
      assert.match(await peer.request(), /EIO=4/);
      peer.accept();
      peer.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: 28\r\n\r\nUnsupported protocol version");
      await until("another connection", () => peers.length === 2);
      assert.match(await peers[1].request(), /EIO=3/);
    });
  });
});

describe("what is said above the frames", { concurrency: 4 }, () => {
  const BAD = [
    { name: "something before the open packet", send: ["2"] },
    { name: "an open packet without a sid", send: ['0{"upgrades":[]}'] },
    { name: "an open packet above 4 KiB", send: [`0{"sid":"${"x".repeat(5000)}"}`] },
    { name: "an open packet that is no JSON", send: ["0{"] },
    { name: "a second open packet", send: [OPEN, OPEN] },
    { name: "an unknown packet type", send: [OPEN, "9"] },
    { name: "an empty message", send: [OPEN, ""] },
    { name: "bad JSON in an event", send: [OPEN, '42["notification"'] },
    { name: "JSON nested a million deep (F-143)", send: [OPEN, `42["x",${"[".repeat(1_000_000)}`] },
    { name: "eleven attachments", send: [OPEN, '4511-["x"]'] },
    { name: "text while attachments are awaited", send: [OPEN, '451-["x",{"_placeholder":true,"num":0}]', "42[1]"] },
  ];
  for (const { name, send } of BAD) {
    test(`${name}: an end, with a Close of 1000`, async () => {
      await against(async (peer, ours) => {
        await peer.request();
        peer.accept();
        peer.write(...send.map((message) => text(message)));
        await ours.until(isEnd);
        await until("our Close", () => peer.closeCode() !== undefined);
        assert.equal(peer.closeCode(), 1000);
      });
    });
  }

  const JOINS = ["40/n", "40/n,", '40/n,{"sid":"x"}'];
  for (const answer of JOINS) {
    test(`"${answer}" is an answer to "40/n,", with and without comma and payload`, async () => {
      await against(async (peer, ours) => {
        await peer.request();
        peer.accept();
        peer.write(text(OPEN));
        await until("CONNECT", () => peer.messages().includes("40/n,"));
        peer.write(text("40"), text(answer));
        const { namespace } = await ours.untilLive();
        assert.equal(namespace, "/n");
        assert.equal(ours.lines.find(({ phase }) => phase === "live").generation, answer.includes("sid") ? 4 : 3);
      });
    });
  }

  test("a refused namespace is a URL that is no longer good (F-136)", async () => {
    await against(async (peer, ours) => {
      await peer.request();
      peer.accept();
      peer.write(text(OPEN));
      await until("CONNECT", () => peer.messages().includes("40/n,"));
      peer.write(text('44/n,{"message":"Invalid namespace"}'));
      assert.equal((await ours.until(isEnd)).urlRefused, true);
    });
  });

  test("a refused /callback is tried once without it, on the same connection", async () => {
    await against(
      async (peer, ours) => {
        await peer.request();
        peer.accept();
        peer.write(text(OPEN));
        await until("CONNECT", () => peer.messages().includes("40/a/callback,"));
        peer.write(text('44/a/callback,{"message":"Invalid namespace"}'));
        await until("the other CONNECT", () => peer.messages().includes("40/a,"));
        peer.write(text('40/a,{"sid":"x"}'));
        assert.equal((await ours.untilLive()).namespace, "/a");
      },
      { target: "/a/callback?t=1" },
    );
  });

  const ABSURD = [
    { name: "0", interval: 0, timeout: 0, want: [1000, 1000] },
    { name: "negative", interval: -5, timeout: -1, want: [1000, 1000] },
    { name: "years", interval: 1e12, timeout: 1e15, want: [300_000, 120_000] },
    { name: "text", interval: '"25"', timeout: "null", want: [25_000, 20_000] },
  ];
  for (const { name, interval, timeout, want } of ABSURD) {
    test(`absurd ping timings are clamped: ${name} (F-138)`, async () => {
      await against(
        async (peer, ours) => {
          await peer.request();
          peer.accept();
          peer.write(text(`0{"sid":"abc","pingInterval":${interval},"pingTimeout":${timeout}}`), text(JOINED));
          const { pingInterval, pingTimeout } = await ours.until(({ phase }) => phase === "live");
          assert.deepEqual([pingInterval, pingTimeout], want);
        },
        { words: ["--min-ping", "1000"] },
      );
    });
  }
});

test("our farewell has its limit, though the server answers it and does not hang up (WS-62)", async () => {
  await against(
    async (peer, ours) => {
      await peer.live();
      await ours.untilLive();
      const begin = Date.now();
      ours.child.kill("SIGTERM");
      await until("our Close", () => peer.closeCode() !== undefined);
      peer.write(close(1000));
      await ours.ended;
      assert.ok(Date.now() - begin < 1700, `${Date.now() - begin} ms`);
    },
    { words: ["--leave", "300"] },
  );
});

describe("silence", { concurrency: 8 }, () => {
  const STAGES = [
    { name: "after the connection", reach: async () => {} },
    { name: "after half a head (F-149)", reach: async (peer) => { await peer.request(); peer.write("HTTP/1.1 101 x\r\nUpgr"); } },
    { name: "after the 101", reach: async (peer) => { await peer.request(); peer.accept(); } },
    { name: "after half an open packet", reach: async (peer) => { await peer.request(); peer.accept(); peer.write(text(OPEN).subarray(0, 20)); } },
    { name: "after the open packet", reach: async (peer) => { await peer.request(); peer.accept(); peer.write(text(OPEN)); }, nextVariant: 1 },
    { name: "within the body of a refusal, which is one all the same (WS-14)", reach: async (peer) => { await peer.request(); peer.write("HTTP/1.1 401 x\r\nContent-Length: 10\r\n\r\nabc"); }, urlRefused: true },
  ];
  for (const { name, reach, nextVariant = 0, urlRefused = false } of STAGES) {
    test(`${name}: an end after 10 s (WS-29)`, async () => {
      await against(async (peer, ours) => {
        const begin = Date.now();
        await reach(peer);
        const end = await ours.until(isEnd, { patience: 15_000 });
        assert.ok(Date.now() - begin >= 7_000 && Date.now() - begin <= 13_000, `${Date.now() - begin} ms`);
        assert.equal(end.nextVariant, nextVariant);
        assert.equal(end.urlRefused, urlRefused);
      });
    });
  }

  test("a byte a second is not progress (F-149)", async () => {
    await against(async (peer, ours) => {
      await peer.request();
      const drip = setInterval(() => peer.write("H"), 1000);
      await ours.until(isEnd, { patience: 15_000 });
      clearInterval(drip);
    });
  });

  test("once live: an end after interval and timeout, whatever else is sent (F-129)", async () => {
    await against(async (peer, ours) => {
      await peer.request();
      peer.accept();
      peer.write(text('0{"sid":"abc","pingInterval":500,"pingTimeout":300}'), text(JOINED));
      await ours.untilLive();
      const begin = Date.now();
      const chatter = setInterval(() => peer.write(text('42/n,["notification"]')), 100);
      const end = await ours.until(isEnd);
      clearInterval(chatter);
      assert.equal(end.number, 129);
      assert.ok(Date.now() - begin < 1500, `${Date.now() - begin} ms`);
    });
  });
});
