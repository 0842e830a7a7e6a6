// A fuzzing server in the manner of the known conformance suite, in its order of chapters,
// and build/tests/ws_conformance as the client: every message echoed with its own type,
// every violation answered at once by the right Close.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import net from "node:net";
import path from "node:path";
import nodeTest, { after, before, describe } from "node:test";

import { acceptance, binary, clientFrames, close, frame, more, ping, pong, text } from "./frames.mjs";

const TOOL = path.join(process.env.BUILD_TESTS ?? "build/tests", "ws_conformance");
const LIMIT_MS = 60_000;
const MIB = 1 << 20;
const NOT_LAST = { fin: false };
const HELLO = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!";

const bytes = (hex) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const all = (...parts) => Buffer.concat(parts);
const isClose = (part) => (part[0] & 0x0f) === 8;
const again = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/** Splits a payload into frames of `size` bytes, the first with `opcode`. */
function split(opcode, payload, size) {
  const data = Buffer.from(payload);
  const frames = [];
  for (let at = 0; at === 0 || at < data.length; at += size)
    frames.push(frame(at === 0 ? opcode : 0, data.subarray(at, at + size), { fin: at + size >= data.length }));
  return frames;
}

/* What comes back: `echo` messages, `pongs`, and the code of the Close (1000 after ours). */
const SIZES = [0, 125, 126, 127, 128, 65535, 65536];
const FRAMING = [["text", text], ["binary", binary]].flatMap(([kind, make]) => [
  ...SIZES.map((size) => ({ name: `1: ${kind} of ${size} bytes`, send: [make("*".repeat(size))], echo: ["*".repeat(size)] })),
  { name: `1: ${kind} of 65536 bytes in chops of 997`, send: [make("*".repeat(65536))], chop: 997, echo: ["*".repeat(65536)] },
]);

const LONGEST = Buffer.alloc(125, 0xfe);
const PINGS = [
  { name: "2: a ping without payload", send: [ping("")], pongs: [""] },
  { name: "2: a ping of bytes that are no text", send: [ping(bytes("00 ff fe fd fc fb 00 ff"))], pongs: [bytes("00 ff fe fd fc fb 00 ff")] },
  { name: "2: a ping of 125 bytes, octet by octet", send: [ping(LONGEST)], chop: 1, pongs: [LONGEST] },
  { name: "2: a ping of 126 bytes", send: [ping(Buffer.alloc(126))], code: 1002 },
  { name: "2: pongs nobody asked for", send: [pong(""), pong("unsolicited"), ping("p")], pongs: ["p"] },
  { name: "2: ten pings", send: again(10, (i) => ping(`payload-${i}`)), pongs: again(10, (i) => `payload-${i}`) },
  { name: "2: ten pings, octet by octet", send: again(10, (i) => ping(`payload-${i}`)), chop: 1, pongs: again(10, (i) => `payload-${i}`) },
];

const RESERVED = [
  { name: "3: RSV 1", send: [text("x", { rsv: 1 })], code: 1002 },
  ...[0, 1, 3].map((chop) => ({ name: `3: RSV 2 after a message, chop ${chop}`, send: [text("x"), text("x", { rsv: 2 }), ping("")], chop, echo: ["x"], code: 1002 })),
  { name: "3: RSV 4 after a message", send: [text("x"), text("x", { rsv: 4 }), ping("")], echo: ["x"], code: 1002 },
  { name: "3: RSV 5 on binary", send: [binary(Buffer.alloc(8), { rsv: 5 })], code: 1002 },
  { name: "3: RSV 6 on a ping", send: [ping("x", { rsv: 6 })], code: 1002 },
  { name: "3: RSV 7 on a close", send: [frame(8, bytes("03e8"), { rsv: 7 })], code: 1002 },
];

const OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  { name: `4: opcode ${opcode}`, send: [frame(opcode, "reserved")], code: 1002 },
  { name: `4: opcode ${opcode} after a message, octet by octet`, send: [text("x"), frame(opcode, ""), ping("")], chop: 1, echo: ["x"], code: 1002 },
]);

const FRAGMENTS = [
  { name: "5: a ping in two fragments", send: [ping("f1", NOT_LAST), more("f2")], code: 1002 },
  { name: "5: a pong in two fragments", send: [pong("f1", NOT_LAST), more("f2")], code: 1002 },
  ...[0, 1].map((chop) => ({ name: `5: text in two fragments, chop ${chop}`, send: [text("f1", NOT_LAST), more("f2")], chop, echo: ["f1f2"] })),
  ...[0, 1].map((chop) => ({ name: `5: a ping between two fragments, chop ${chop}`, send: [text("f1", NOT_LAST), ping("p"), more("f2")], chop, pongs: ["p"], echo: ["f1f2"] })),
  ...[true, false].flatMap((fin) => [0, 1].map((chop) => ({ name: `5: a continuation of nothing, FIN ${fin}, chop ${chop}`, send: [more("x", { fin }), text("y")], chop, code: 1002 }))),
  { name: "5: a continuation of nothing after two fragments", send: [text("f1", NOT_LAST), more("f2"), more("f3", NOT_LAST), text("f4")], echo: ["f1f2"], code: 1002 },
  { name: "5: a message inside a message", send: [text("f1", NOT_LAST), text("f2")], code: 1002 },
  { name: "5: five fragments with pings among them", send: [text("f1", NOT_LAST), more("f2", NOT_LAST), ping("p1"), more("f3", NOT_LAST), more("f4", NOT_LAST), ping("p2"), more("f5")], pongs: ["p1", "p2"], echo: ["f1f2f3f4f5"] },
];

/* Markus Kuhn's classes of bad UTF-8, each seen at its first impossible byte. */
const KAPPA = "ce ba e1 bd b9 cf 83 ce bc ce b5";
const VALID = ["00", "7f", "c2 80", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bf bd", "ef bf be", "ef bf bf", "f0 90 80 80", "f0 9f bf bf", "f4 8f bf bf", KAPPA];
const INVALID = [
  "80", "bf", "80 bf 80", "fe", "ff", "fe fe ff ff", "c0 af", "e0 80 af", "f0 80 80 af", "f8 80 80 80 af", "fc 80 80 80 80 af",
  "c1 bf", "e0 9f bf", "f0 8f bf bf", "c0 80", "ed a0 80", "ed af bf", "ed b0 80", "ed bf bf", "ed a0 80 ed b0 80", "f4 90 80 80",
  "f7 bf bf bf", "f8 88 80 80 80", "fc 84 80 80 80 80", "c0 20", "e0 20", "f0 20", "e0 80 20", "f0 80 80 20", `${KAPPA} ed a0 80 65 64 69 74 65 64`,
];
const CUT = ["c2", "e0 a0", "f0 90 80", "ce ba e1 bd"];
const TEXTS = [
  { name: "6: nothing in three fragments", send: [text("", NOT_LAST), more("", NOT_LAST), more("")], echo: [""] },
  { name: "6: a text between two empty fragments", send: [text("", NOT_LAST), more("middle", NOT_LAST), more("")], echo: ["middle"] },
  { name: "6: a text cut inside its code points", send: split(1, HELLO, 1), echo: [HELLO] },
  ...VALID.map((hex) => ({ name: `6: valid ${hex}`, send: split(1, bytes(hex), 1), echo: [bytes(hex)] })),
  ...INVALID.map((hex) => ({ name: `6: invalid ${hex}`, send: [text(bytes(hex))], code: 1007 })),
  ...INVALID.map((hex) => ({ name: `6: invalid ${hex}, octet by octet`, send: split(1, bytes(hex), 1), chop: 1, code: 1007 })),
  ...CUT.map((hex) => ({ name: `6: cut ${hex}`, send: [text(bytes(hex))], code: 1007 })),
  { name: "6.4: fail fast in a fragment, the rest never comes", send: [text(all(bytes(KAPPA), bytes("f4 90 80 80")), NOT_LAST)], code: 1007 },
  { name: "6.4: fail fast inside a frame, the rest never comes", send: [frame(1, all(bytes(KAPPA), bytes("f4 90")), { size: 1000n })], code: 1007 },
  { name: "6.4: fail fast, octet by octet", send: [frame(1, all(bytes(KAPPA), bytes("f4 90")), { size: 1000n })], chop: 1, code: 1007 },
];

const CLOSES = [
  { name: "7: a message, then a close", send: [text("Hello")], echo: ["Hello"] },
  { name: "7: two closes", send: [close(1000), close(1000)], code: 1000 },
  { name: "7: a ping after the close", send: [close(1000), ping("late")], code: 1000 },
  { name: "7: a message after the close", send: [close(1000), text("late")], code: 1000 },
  { name: "7: a close within a message", send: [text("f1", NOT_LAST), close(1000), more("f2")], code: 1000 },
  { name: "7: an empty close", send: [frame(8, "")], code: undefined },
  { name: "7: a close of one byte", send: [frame(8, "a")], code: 1002 },
  { name: "7: a close with a reason of 123 bytes", send: [close(1000, "*".repeat(123))], code: 1000 },
  { name: "7: a close of 126 bytes", send: [close(1000, "*".repeat(124))], code: 1002 },
  { name: "7: a close whose reason is no text", send: [frame(8, all(bytes("03e8"), bytes(`${KAPPA} ed a0 80`)))], code: 1007 },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => ({ name: `7: code ${code}`, send: [close(code)], code })),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => ({ name: `7: code ${code}, which may not be sent`, send: [close(code)], code: 1002 })),
];

const BIG = "*".repeat(4 * MIB);
const LIMITS = [
  ...[1 << 16, MIB, 16 * MIB].map((size) => ({ name: `9: ${size} bytes of text`, send: [text("*".repeat(size))], echo: ["*".repeat(size)] })),
  { name: "9: 16 MiB of bytes", send: [binary(Buffer.alloc(16 * MIB, 0xfe))], echo: [Buffer.alloc(16 * MIB, 0xfe)] },
  ...[64, 1024, 1 << 16, MIB].map((size) => ({ name: `9: 4 MiB of text in fragments of ${size}`, send: split(1, BIG, size), echo: [BIG] })),
  { name: "9: 1 MiB of text in chops of 64", send: [text(BIG.slice(0, MIB))], chop: 64, echo: [BIG.slice(0, MIB)] },
  { name: "9: a thousand messages", send: again(1000, () => text("*".repeat(1024))), echo: again(1000, () => "*".repeat(1024)) },
];

const CASES = [...FRAMING, ...PINGS, ...RESERVED, ...OPCODES, ...FRAGMENTS, ...TEXTS, ...CLOSES, ...LIMITS];

/** One client on one connection: what it has sent since its request. */
class Client {
  constructor(socket) {
    this.socket = socket;
    this.chunks = [];
    this.frames = [];
    this.ended = new Promise((done) => socket.once("close", done));
    socket.once("close", () => {
      this.isGone = true;
      this.wake?.();
    });
    socket.on("error", () => {});
  }

  take(data) {
    this.chunks.push(data);
    const rest = Buffer.concat(this.chunks);
    const found = clientFrames(rest);
    this.frames.push(...found);
    this.chunks = [rest.subarray(found.at(-1)?.end ?? 0)];
    this.wake?.();
  }

  of(...opcodes) {
    return this.frames.filter(({ opcode }) => opcodes.includes(opcode)).map(({ payload }) => payload);
  }

  hasClosed() {
    return this.isGone || this.of(8).length > 0;
  }

  /** Waits until `isDue`, or until the client has sent its Close or is gone. */
  async until(isDue) {
    while (!this.hasClosed() && !isDue()) await new Promise((done) => (this.wake = done));
  }

  /** In pieces of `chop` bytes, each in a packet of its own as far as the kernel goes. */
  async send(frames, chop = 0) {
    for (const part of chop === 0 ? frames : [Buffer.concat(frames)]) {
      for (let at = 0; at < part.length; at += chop || part.length) {
        if (this.hasClosed() || !this.socket.writable) return;
        this.socket.write(part.subarray(at, at + (chop || part.length)));
        if (chop !== 0 && at % (64 * chop) === 0) await new Promise(setImmediate);
      }
    }
  }
}

/** Plays one case: sends, waits for what is due, closes where the case has not, and ends the stream. */
async function play(client, row) {
  const isAnswered = () => client.of(1, 2).length >= (row.echo ?? []).length && client.of(10).length >= (row.pongs ?? []).length;
  await client.send(row.send, row.chop);
  await client.until(() => row.code === undefined && isAnswered());
  if (!row.send.some(isClose)) client.socket.write(close(1000));
  await client.until(() => false);
  client.socket.end();
  await client.ended;
}

describe("the conformance suite's cases, played to our machine", () => {
  const results = new Map();
  let server;
  let output = "";
  let exit;

  before(async () => {
    server = net.createServer((socket) => {
      const client = new Client(socket);
      let head = Buffer.alloc(0);
      socket.on("data", (data) => {
        if (head === undefined) return client.take(data);
        head = Buffer.concat([head, data]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return undefined;
        const request = head.subarray(0, end).toString();
        const rest = head.subarray(end + 4);
        head = undefined;
        socket.write(acceptance(`${request}\r\n`));
        if (rest.length > 0) client.take(rest);
        return serve(client, request);
      });
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const child = spawn(TOOL, [`ws://127.0.0.1:${server.address().port}`, "ours"], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    exit = await new Promise((done) => child.once("close", done));
  }, { timeout: 240_000 });

  after(() => server.close());

  async function serve(client, request) {
    const target = request.split(" ")[1];
    if (target.startsWith("/getCaseCount")) {
      client.socket.write(text(String(CASES.length)));
      client.socket.write(close(1000));
      return;
    }
    if (target.startsWith("/updateReports")) {
      client.socket.write(close(1000));
      return;
    }
    const number = Number(/case=(\d+)/.exec(target)[1]);
    results.set(number, client);
    const limit = setTimeout(() => client.socket.destroy(), LIMIT_MS);
    await play(client, CASES[number - 1]);
    clearTimeout(limit);
  }

  nodeTest("every case is run, and the tool ends well", () => {
    assert.equal(results.size, CASES.length, output);
    assert.equal(exit, 0, output);
  });

  for (const [i, row] of CASES.entries()) {
    nodeTest(row.name, () => {
      const client = results.get(i + 1);
      const plain = (list) => (list ?? []).map((one) => Buffer.from(one).toString("latin1"));
      const codes = client.of(8).map((payload) => (payload.length < 2 ? undefined : payload.readUInt16BE(0)));
      const ownClose = row.send.some(isClose);
      assert.ok(plain(client.of(1, 2)).every((one, k) => one === plain(row.echo)[k]), "an echo is wrong");
      assert.equal(client.of(1, 2).length, (row.echo ?? []).length, "echoes");
      assert.deepEqual(plain(client.of(10)), plain(row.pongs));
      assert.deepEqual(codes, [row.code ?? (ownClose ? undefined : 1000)], "the Close");
      assert.ok(client.frames.every(({ opcode, fin }) => fin || opcode < 8));
    });
  }
});
