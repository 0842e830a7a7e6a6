/**
 * The peers of the interop tests: official servers and clients, and ours.
 *
 *   const server = await startServer(4, { pingInterval: 200, pingTimeout: 150 });
 *   const ours = listen(`${server.url}/notifications?token=1`);
 *   await ours.until((line) => line.what === "live");
 *   server.emit("notification", { n: 1 });
 *   await ours.close();
 *   await server.close();
 *
 * BUILD_TESTS names the folder of the tools.
 */
import { spawn } from "node:child_process";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const TOOL = path.join(process.env.BUILD_TESTS ?? "build/tests", "sio_listen");
const PATIENCE_MS = 20_000;

/** Waits for `probe` to answer something true; no busy loop, no fixed sleep. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** Any namespace, whatever its name, in each generation's own way. */
function everyNamespace(generation, io) {
  return generation === 2 ? io.of((name, query, next) => next(null, true)) : io.of(/.*/);
}

/** A server of one generation (2, 3, 4), with a dynamic namespace that takes everybody; with a `tls` option over TLS. */
class Server {
  constructor(generation, { tls, ...options } = {}) {
    this.generation = generation;
    this.tls = tls;
    this.options = { serveClient: false, pingInterval: 25000, pingTimeout: 20000, ...options };
    this.sockets = new Set();
    this.joins = 0;
    this.closeCodes = []; // of the WebSockets that went away
    this.admit = (socket, next) => next();
  }

  async open(port = 0) {
    const make = require(`server${this.generation}`);
    const Io = this.generation === 2 ? make : make.Server;
    this.http = this.tls === undefined ? http.createServer() : https.createServer(this.tls);
    this.io = new Io(this.http, this.options);
    this.io.engine.on("connection", (connection) => {
      connection.transport.socket?.on("close", (code) => this.closeCodes.push(code));
    });
    const spaces = everyNamespace(this.generation, this.io);
    spaces.use((socket, next) => this.admit(socket, next));
    spaces.on("connection", (socket) => {
      if (socket.nsp.name === "/") return; // everybody is there in generation 2
      this.joins++;
      this.sockets.add(socket);
      socket.on("disconnect", () => this.sockets.delete(socket));
      this.onJoin?.(socket);
    });
    await new Promise((done) => this.http.listen(port, "127.0.0.1", done));
    this.port = this.http.address().port;
    this.url = `${this.tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
    return this;
  }

  emit(...words) {
    for (const socket of this.sockets) socket.emit(...words);
  }

  async untilJoined(count) {
    await until(`${count} joined`, () => this.sockets.size === count);
  }

  async close() {
    for (const connection of Object.values(this.io.engine.clients)) connection.close();
    await new Promise((done) => this.io.close(done));
    this.http.closeAllConnections();
    this.sockets.clear();
  }

  /** Away for a moment, then there again at the same address. */
  async restart() {
    await this.close();
    await this.open(this.port);
  }
}

export function startServer(generation, options) {
  return new Server(generation, options).open();
}

/** Our own client: the lines that sio_listen prints. */
class Listener {
  constructor(words) {
    this.lines = [];
    this.errors = "";
    this.child = spawn(TOOL, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((done) => this.child.once("close", (code, signal) => done({ code, signal })));
    createInterface({ input: this.child.stdout }).on("line", (line) => this.lines.push(line.startsWith("{") ? JSON.parse(line) : line));
    this.child.stderr.on("data", (data) => (this.errors += data));
  }

  get pid() {
    return this.child.pid;
  }

  count(probe) {
    return this.lines.filter(probe).length;
  }

  /** Waits for the `nth` line that `probe` likes. */
  async until(probe, { nth = 1, patience } = {}) {
    try {
      return await until(String(probe), () => this.lines.filter(probe)[nth - 1], patience);
    } catch (error) {
      throw new Error(`${error.message}\n${this.lines.slice(-20).map((line) => JSON.stringify(line)).join("\n")}\n${this.errors}`);
    }
  }

  untilLive(nth = 1) {
    return this.until((line) => line.what === "live", { nth });
  }

  untilEnd(nth = 1) {
    return this.until((line) => line.what === "end", { nth });
  }

  /** What the server sent as events, in order: [[name, ...arguments], ...]. */
  events() {
    return this.lines.filter(({ what }) => what === "notification" || what === "other").map(({ data }) => data);
  }

  /** The attachments of these events, in base64. */
  attachments() {
    return this.lines.filter(({ what }) => what === "notification" || what === "other").map(({ attachments = [] }) => attachments);
  }

  /** Leaves in good order; whatever the sanitizers say fails. */
  async close() {
    this.child.kill("SIGTERM");
    const { code, signal } = await this.ended;
    if (signal !== null || code > 1 || /ERROR:|not empty/.test(this.errors)) throw new Error(`sio_listen ended with ${code ?? signal}\n${this.errors}`);
    return code;
  }
}

export function listen(url, ...options) {
  return new Listener(["--min-ping", "50", url, ...options]);
}

/** Runs `sio_listen` with exactly these words, to its end: {code, lines, errors}. */
export async function listenWith(...words) {
  const listener = new Listener(words);
  const { code } = await listener.ended;
  return { code, lines: listener.lines, errors: listener.errors };
}

/** The official client of a generation, listening to everything. */
class OfficialClient {
  constructor(generation, url) {
    const connect = generation === 2 ? require("client2") : require("client4").io;
    this.seen = [];
    this.socket = connect(url, { transports: ["websocket"], forceNew: true });
    const onevent = this.socket.onevent;
    /* Beneath the public interface, since generation 2 has no onAny(). */
    this.socket.onevent = (packet) => {
      this.seen.push(packet.data);
      onevent.call(this.socket, packet);
    };
  }

  untilLive() {
    return until("the official client is connected", () => this.socket.connected);
  }

  events() {
    return this.seen;
  }

  close() {
    this.socket.close();
  }
}

/** Client 4 speaks to servers 3 and 4 alike. */
export function listenOfficially(generation, url) {
  return new OfficialClient(generation === 2 ? 2 : 4, url);
}

/** The binary parts of an event's arguments, in base64 and in order. */
export function binaryParts(value) {
  if (Buffer.isBuffer(value) || value instanceof ArrayBuffer) return [Buffer.from(value).toString("base64")];
  return value === null || typeof value !== "object" ? [] : Object.values(value).flatMap(binaryParts);
}

/** Replaces the binary parts of an event's arguments by numbered placeholders, as they travel. */
export function withPlaceholders(value, counter = { next: 0 }) {
  if (Buffer.isBuffer(value) || value instanceof ArrayBuffer) return { _placeholder: true, num: counter.next++ };
  if (Array.isArray(value)) return value.map((one) => withPlaceholders(one, counter));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withPlaceholders(one, counter)]));
}
