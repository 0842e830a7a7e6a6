/** WebSocket frames as bytes, for servers of our own that break the rules (RFC 6455, 5.2). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

/** A frame as a server sends it; `size` claims another length than the payload has. */
export function frame(opcode, payload, { fin = true, rsv = 0, mask = false, size } = {}) {
  const data = Buffer.from(payload);
  const length = size ?? BigInt(data.length);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const flag = mask ? 0x80 : 0;
  const key = mask ? Buffer.alloc(4) : Buffer.alloc(0);
  if (length < 126n) return Buffer.concat([Buffer.from([first, flag | Number(length)]), key, data]);
  const head = Buffer.alloc(length < 65536n ? 4 : 10);
  head[0] = first;
  if (head.length === 4) {
    head[1] = flag | 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head[1] = flag | 127;
    head.writeBigUInt64BE(length, 2);
  }
  return Buffer.concat([head, key, data]);
}

export const text = (payload, options) => frame(1, payload, options);
export const binary = (payload, options) => frame(2, payload, options);
export const more = (payload, options) => frame(0, payload, options);
export const close = (code, reason = "") => frame(8, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
export const ping = (payload, options) => frame(9, payload, options);
export const pong = (payload, options) => frame(10, payload, options);

/** Where the payload of a client's frame begins and how long it is; undefined while its head is not whole. */
function head(bytes) {
  if (bytes.length < 2) return undefined;
  assert.ok(bytes[1] & 0x80, "a client masks every frame (WS-30)");
  const short = bytes[1] & 0x7f;
  const start = short < 126 ? 6 : short === 126 ? 8 : 14;
  if (bytes.length < start) return undefined;
  if (short < 126) return { start, size: short };
  return { start, size: short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)) };
}

/** The whole client frames at the front of `bytes`: {opcode, fin, payload, end}, unmasked. */
export function clientFrames(bytes) {
  const frames = [];
  for (let at = 0; ; ) {
    const found = head(bytes.subarray(at));
    if (found === undefined || bytes.length - at < found.start + found.size) return frames;
    const start = at + found.start;
    const end = start + found.size;
    const payload = Buffer.from(bytes.subarray(start, end));
    for (let i = 0; i < payload.length; i++) payload[i] ^= bytes[start - 4 + (i & 3)];
    frames.push({ opcode: bytes[at] & 0x0f, fin: (bytes[at] & 0x80) !== 0, payload, end });
    at = end;
  }
}

/** The server's answer to a client's request `head`, with further lines. */
export function acceptance(head, extra = "") {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(head)[1].trim();
  const proof = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n${extra}\r\n`;
}
