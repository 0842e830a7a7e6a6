/** One request and its answer, over HTTP/1.1 or HTTP/2, with its log entry and, where a test wants one, its fault. */
import { randomUUID } from "node:crypto";
import * as faults from "./fault-delivery.mjs";
import { RawJson } from "./raw-json.mjs";

const BODY_LIMIT = 300 * 1024 * 1024;
const GRAPH_JSON = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8";

/** A request body beyond the limit of its route. */
export class TooLarge extends Error {}

/** The pairs of a query or form; the first of equal names counts. */
export function parsePairs(text) {
  const pairs = new Map();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!pairs.has(name)) pairs.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
  return pairs;
}

function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

export class Exchange {
  /** @param listener where it came in; @param app the sandbox */
  constructor(app, listener, req, res) {
    this.app = app;
    this.listener = listener;
    this.req = req;
    this.res = res;
    this.method = req.method;
    const question = req.url.indexOf("?");
    this.path = question < 0 ? req.url : req.url.slice(0, question);
    this.rawQuery = question < 0 ? "" : req.url.slice(question + 1);
    this.host = req.headers[":authority"] ?? req.headers.host ?? "";
    this.fault = null;
    this.closed = false;
    this.moreHeaders = {}; // for whatever answer this request gets
    this.raw = new RawJson();
    this.requestId = randomUUID();
    this.entry = app.log.begin(listener.role, this.method, this.path);
    this.entry.http = req.httpVersion;
    res.on("error", () => {});
    res.on("close", () => {
      this.closed = true;
      this.entry.ms = Date.now() - this.entry.time;
    });
  }

  get query() {
    return (this.pairs ??= parsePairs(this.rawQuery));
  }

  /** The base of links to this host, as the client knows it. */
  get origin() {
    return `https://${this.host}`;
  }

  get route() {
    return this.entry.route;
  }

  header(name) {
    return this.req.headers[name];
  }

  violation(kind, detail) {
    this.app.log.violation(kind, this.entry, detail);
  }

  /** Names the route, counts it, waits its latency and picks a fault. Answers true when a fault has already answered. */
  async enter(route) {
    this.entry.route = route;
    this.app.log.count(this.entry);
    this.app.log.checkSecrets(this.entry, this.req.headers, this.req.url);
    const latency = this.app.settings.latency_ms;
    const wait = latency[route] ?? latency["*"] ?? 0;
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    this.fault = this.app.faults.pick(this);
    if (this.fault === null) return false;
    this.entry.flags.push(`fault:${this.fault.kind}`);
    return faults.before(this, this.fault);
  }

  async body(limit = BODY_LIMIT) {
    const parts = [];
    let length = 0;
    for await (const part of this.req) {
      length += part.length;
      if (length > limit) throw new TooLarge("request body too large");
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** A JSON request body; null where it is none. */
  async jsonBody() {
    const bytes = await this.body();
    if (bytes.length === 0) return {};
    try {
      return JSON.parse(bytes.toString());
    } catch {
      return null;
    }
  }

  json(status, value, headers = {}) {
    const shaped = this.fault === null ? value : faults.shapeJson(this, this.fault, value);
    const type = this.listener.role === "graph" ? GRAPH_JSON : "application/json; charset=utf-8";
    this.bytes(status, this.raw.encode(shaped), { "content-type": type, ...headers });
  }

  bytes(status, body, headers = {}) {
    this.stream(status, { "content-length": body.length, ...headers }, [body]);
  }

  empty(status, headers = {}) {
    this.bytes(status, Buffer.alloc(0), headers);
  }

  /** The error body of Graph. */
  error(status, code, message, { inner, headers } = {}) {
    const innerError = { date: new Date().toISOString().slice(0, 19), "request-id": this.requestId };
    if (inner) innerError.code = inner;
    const asked = this.header("client-request-id");
    if (asked) innerError["client-request-id"] = asked;
    this.json(status, { error: { code, message, innerError } }, headers);
  }

  /** Sends status, headers and the parts of a body, shaped by the fault if there is one. */
  stream(status, headers, parts) {
    const answer = { status, headers: { ...this.#commonHeaders(), ...headers }, parts };
    this.entry.status = status;
    if (this.fault !== null) {
      faults.deliver(this, this.fault, answer);
    } else {
      this.send(answer);
    }
  }

  send({ status, headers, parts }) {
    if (this.closed) return;
    if (Array.isArray(parts) && parts.length === 1 && this.method !== "HEAD") {
      this.entry.bytes += parts[0].length;
      this.#sendWhole(status, headers, parts[0]);
    } else {
      this.res.writeHead(status, headers);
      this.pump(this.method === "HEAD" ? [] : parts);
    }
  }

  /**
   * Over HTTP/2 as large services do it: the last frame of the body ends the stream. Node.js's response of HTTP/1.1's kind
   * would end it with an empty frame of its own, and curl 7.88 resets each stream whose end comes apart from its bytes.
   */
  #sendWhole(status, headers, body) {
    if (this.res.stream === undefined) {
      this.res.writeHead(status, headers);
      this.res.end(body);
    } else {
      this.res.stream.respond({ ":status": status, ...headers });
      this.res.stream.end(body);
    }
  }

  /** Writes the parts as fast as the client takes them; parts may come from a generator, also an asynchronous one. */
  async pump(parts) {
    try {
      for await (const part of parts) {
        if (this.closed) return;
        this.entry.bytes += part.length;
        if (!this.res.write(part)) await this.#drained();
      }
      this.res.end();
    } catch (error) {
      if (!(error instanceof faults.Cut) && !this.closed) process.stderr.write(`sandbox: ${this.path}: ${error.stack}\n`);
      this.hangUp(error.reset === true);
    }
  }

  /** Ends the connection under the request: with FIN, or with RST where the system lets us. */
  hangUp(reset = false) {
    this.entry.flags.push("hung-up");
    this.listener.hangUp(this.req, reset);
  }

  #drained() {
    return new Promise((done) => {
      const end = () => {
        this.res.off("drain", end);
        this.res.off("close", end);
        done();
      };
      this.res.on("drain", end);
      this.res.on("close", end);
    });
  }

  #commonHeaders() {
    const headers = { "request-id": this.requestId, ...this.moreHeaders };
    const asked = this.header("client-request-id");
    if (asked) headers["client-request-id"] = asked;
    const skew = this.app.settings.clock_skew_s;
    if (skew !== 0) headers.date = new Date(Date.now() + skew * 1000).toUTCString();
    return headers;
  }
}
