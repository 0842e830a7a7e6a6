/** A WebSocket client of the bare kind: the upgrade and text frames as they are on the wire, for tests of the push host. */
import { randomBytes } from "node:crypto";
import * as https from "node:https";

function frame(text) {
  const payload = Buffer.from(text);
  const key = randomBytes(4);
  const masked = payload.map((byte, i) => byte ^ key[i % 4]);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), key, masked]);
}

/** Splits off one server frame: { opcode, text, rest }, or null where it is not complete. */
function unframe(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const head = short === 126 ? 4 : 2;
  if (bytes.length < head) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < head + length) return null;
  return { opcode: bytes[0] & 15, text: bytes.subarray(head, head + length).toString(), rest: bytes.subarray(head + length) };
}

/** Opens a connection for a notificationUrl: { send, next, closed, socket }. Rejects with the response when it is refused. */
export function openSocket(client, notificationUrl, { query = "EIO=4&transport=websocket", headers = {} } = {}) {
  const url = new URL(notificationUrl);
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64") };
  const path = `/socket.io/?${url.search.slice(1)}&${query}`;
  return new Promise((done, refused) => {
    const req = https.request({ host: url.hostname, port: url.port, path, ca: client.ca, headers: { ...upgrade, ...headers } });
    req.on("response", refused);
    req.on("error", refused);
    req.on("upgrade", (_, socket, head) => done(conversation(socket, head)));
    req.end();
  });
}

function conversation(socket, head) {
  let bytes = Buffer.alloc(0);
  const heard = [];
  const waiting = [];
  let end;
  const closed = new Promise((done) => (end = done));
  function take(data) {
    bytes = Buffer.concat([bytes, data]);
    for (let one = unframe(bytes); one !== null; one = unframe(bytes)) {
      bytes = one.rest;
      const text = one.opcode === 8 ? "close" : one.text;
      if (waiting.length > 0) waiting.shift()(text);
      else heard.push(text);
    }
  }
  socket.on("data", take);
  socket.on("error", () => end());
  socket.on("close", () => end());
  take(head);
  return {
    socket,
    closed,
    send: (text) => socket.write(frame(text)),
    next: () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((done) => waiting.push(done))),
  };
}
