/** What a fault does to an answer: instead of it, to its JSON, or to its bytes on the way. */
import { createGzip, gzipSync } from "node:zlib";
import { Readable } from "node:stream";

const CODES = {
  400: "invalidRequest", 401: "InvalidAuthenticationToken", 403: "accessDenied", 404: "itemNotFound", 405: "notAllowed",
  409: "nameAlreadyExists", 410: "resyncRequired", 412: "resourceModified", 416: "invalidRange", 423: "resourceLocked",
  429: "activityLimitReached", 500: "generalException", 501: "notSupported", 502: "generalException",
  503: "serviceNotAvailable", 504: "generalException", 507: "quotaLimitReached", 509: "activityLimitReached",
};
const LOGIN_PAGE = "<!doctype html><html><title>Welcome</title><body>Please accept our terms to use this network.</body></html>";
const MIB = 1024 * 1024;

/** Thrown by a body that ends too early. */
export class Cut extends Error {
  constructor(reset = false) {
    super("cut");
    this.reset = reset;
  }
}

export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** Answers with a status as the service would, and opens a wait window where a wait is named. */
function status(exchange, fault) {
  const headers = { ...fault.headers };
  if (fault.retry_after !== undefined) {
    const after = fault.retry_after;
    headers["retry-after"] = after === "date" ? wholeSecond(Date.now() + fault.seconds * 1000) : String(after);
    const seconds = after === "date" ? fault.seconds : Number(after);
    if (seconds > 0) exchange.app.log.wait(exchange.listener.role, seconds);
  }
  const code = fault.status ?? 500;
  if (typeof fault.body === "string") {
    plain(exchange, code, Buffer.from(fault.body), fault.content_type ?? "application/json", headers);
  } else if (exchange.listener.role === "login" || fault.oauth) {
    exchange.app.signin.oauthError(exchange, code, fault.oauth ?? "temporarily_unavailable", fault.number ?? 90033, {
      headers,
      suberror: fault.suberror,
    });
  } else {
    unshaped(exchange, () =>
      exchange.error(code, fault.code ?? CODES[code] ?? "generalException", fault.message ?? "Injected", {
        inner: fault.inner,
        headers,
      }),
    );
  }
}

/** Lets an answer out that is itself the fault. */
function unshaped(exchange, answer) {
  exchange.fault = null;
  answer();
}

function plain(exchange, code, body, type, headers = {}) {
  unshaped(exchange, () => exchange.bytes(code, body, { "content-type": type, ...headers }));
}

function redirect(exchange, fault) {
  const targets = {
    loop: `${exchange.origin}${exchange.req.url}`,
    http: `http://${exchange.host}${exchange.req.url}`,
    file: "file:///etc/passwd",
    none: undefined,
  };
  const to = fault.to in targets ? targets[fault.to] : (fault.to ?? "https://captive.invalid/login");
  unshaped(exchange, () => exchange.empty(fault.status ?? 302, to === undefined ? {} : { location: to }));
}

function* endlessJson() {
  yield Buffer.from('{"value":[');
  const part = Buffer.from('{"id":"x","name":"y","file":{}},'.repeat(1024));
  for (;;) yield part;
}

function nested(depth) {
  return Buffer.from("[".repeat(depth) + "]".repeat(depth));
}

async function dripHeaders(exchange, fault) {
  if (exchange.req.httpVersionMajor > 1) return; // no way to do it there: the client waits as with "stall"
  const socket = exchange.req.socket;
  socket.write("HTTP/1.1 200 OK\r\nX-Drip: ");
  while (!exchange.closed) {
    await pause(fault.every_ms ?? 1000);
    socket.write("x");
  }
}

const INSTEAD = {
  status,
  reset: (exchange) => exchange.hangUp(true),
  close: (exchange) => exchange.hangUp(false),
  stream_reset: (exchange) => (exchange.req.stream?.close ? exchange.req.stream.close(2) : exchange.hangUp(true)),
  goaway: (exchange) => (exchange.req.stream?.session ? exchange.req.stream.session.goaway(0) : exchange.hangUp(false)),
  stall: (exchange, fault) => fault.for_ms && setTimeout(() => exchange.hangUp(false), fault.for_ms).unref(),
  html: (exchange, fault) => plain(exchange, fault.status ?? 200, Buffer.from(LOGIN_PAGE), "text/html"),
  garbage: (exchange, fault) => plain(exchange, fault.status ?? 200, Buffer.from("{\"value\":[{\"id\":\u0001 garbage"), "application/json"),
  empty: (exchange, fault) => plain(exchange, fault.status ?? 200, Buffer.alloc(0), "application/json"),
  redirect,
  gone410: (exchange, fault) => {
    const restart = `${exchange.origin}${exchange.path.replace(/\(token=.*\)$/, "")}?token=`;
    unshaped(exchange, () => exchange.error(410, fault.code ?? "resyncRequired", "Resync required.", { headers: { location: restart }, inner: fault.inner }));
  },
  headers_flood: (exchange, fault) => {
    const headers = {};
    for (let i = 0; i < (fault.lines ?? 10000); i++) headers[`x-flood-${i}`] = "x";
    unshaped(exchange, () => exchange.empty(200, headers));
  },
  long_header: (exchange, fault) => unshaped(exchange, () => exchange.empty(200, { "x-long": "x".repeat(fault.bytes ?? MIB) })),
  drip_headers: dripHeaders,
  endless_json: (exchange) => unshaped(exchange, () => exchange.stream(200, { "content-type": "application/json" }, endlessJson())),
  deep_json: (exchange, fault) => plain(exchange, 200, nested(fault.depth ?? MIB), "application/json"),
  big_string: (exchange, fault) => plain(exchange, 200, Buffer.from(`{"value":[{"id":"${"x".repeat(fault.bytes ?? 2 * MIB)}"}]}`), "application/json"),
};

/** Runs what happens before the handler. True: the request has had its answer, or never gets one. */
export async function before(exchange, fault) {
  if (fault.kind === "delay") {
    await pause(fault.ms ?? 1000);
    exchange.fault = null;
    return false;
  }
  if (fault.kind === "stall" && fault.at !== undefined) return false;
  const instead = INSTEAD[fault.kind];
  if (instead === undefined) return false;
  instead(exchange, fault);
  return true;
}

function eachItem(value, change) {
  const items = Array.isArray(value?.value) ? value.value : [value];
  for (const item of items) change(item);
  return value;
}

function withoutLinks({ "@odata.nextLink": next, "@odata.deltaLink": delta, ...rest }) {
  return rest;
}

function elsewhere(link, host) {
  return link === undefined ? undefined : link.replace(/^https:\/\/[^/]+/, host);
}

const JSON_SHAPES = {
  empty_value_object: () => ({}),
  no_value: ({ value, ...rest }) => rest,
  array: ({ value }) => value,
  no_links: withoutLinks,
  both_links: (page, exchange) => {
    const link = page["@odata.nextLink"] ?? page["@odata.deltaLink"];
    return { ...page, "@odata.nextLink": link ?? exchange.origin, "@odata.deltaLink": link ?? exchange.origin };
  },
  loop_links: (page, exchange) => ({ ...withoutLinks(page), "@odata.nextLink": `${exchange.origin}${exchange.req.url}` }),
  bad_host_links: (page, exchange, fault) => {
    const host = fault.host ?? "https://graph.attacker.invalid";
    return {
      ...page,
      "@odata.nextLink": elsewhere(page["@odata.nextLink"], host),
      "@odata.deltaLink": elsewhere(page["@odata.deltaLink"], host),
    };
  },
  no_hash: (value) => eachItem(value, (item) => delete item.file?.hashes),
  wrong_hash: (value) => eachItem(value, (item) => item.file?.hashes && (item.file.hashes = { quickXorHash: "d3JvbmcgaGFzaCBhdCBhbGw9PT0=" })),
  wrong_size: (value, _, fault) => eachItem(value, (item) => item.file && (item.size += fault.by ?? 1)),
  drop_fields: (value, _, fault) => eachItem(value, (item) => fault.fields.forEach((name) => delete item[name])),
  set: (value, exchange, fault) => eachItem(value, (item) => Object.assign(item, exchange.raw.value(fault.set))),
  set_top: (value, exchange, fault) => ({ ...value, ...exchange.raw.value(fault.set) }),
};

/** Changes the JSON of an answer before it becomes text. */
export function shapeJson(exchange, fault, value) {
  const shape = JSON_SHAPES[fault.kind];
  return shape === undefined ? value : shape(value, exchange, fault);
}

async function* cutAfter(parts, limit, reset) {
  let left = limit;
  for await (const part of parts) {
    if (part.length >= left) {
      if (left > 0) yield part.subarray(0, left);
      await pause(5); // so that what was written leaves before the connection ends
      throw new Cut(reset);
    }
    left -= part.length;
    yield part;
  }
}

async function* flipBit(parts, offset, bit) {
  let at = 0;
  for await (const part of parts) {
    if (offset >= at && offset < at + part.length) {
      const changed = Buffer.from(part);
      changed[offset - at] ^= 1 << bit;
      yield changed;
    } else {
      yield part;
    }
    at += part.length;
  }
}

async function* stallAfter(parts, limit, exchange, forMs) {
  let left = limit;
  for await (const part of parts) {
    if (left >= 0 && part.length > left) {
      if (left > 0) yield part.subarray(0, left);
      const until = Date.now() + (forMs ?? Infinity);
      while (!exchange.closed && Date.now() < until) await pause(50);
      yield part.subarray(left);
      left = -1;
    } else {
      yield part;
      if (left >= 0) left -= part.length;
    }
  }
}

async function* drip(parts, step, ms, exchange) {
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += step) {
      if (exchange.closed) return;
      yield part.subarray(at, at + step);
      await pause(ms);
    }
  }
}

async function* endless(parts) {
  const held = [];
  for await (const part of parts) {
    held.push(part);
    yield part;
  }
  if (held.every((part) => part.length === 0)) held.push(Buffer.alloc(1024, 120));
  for (;;) yield* held;
}

function* zeros(size) {
  const part = Buffer.alloc(MIB);
  for (let at = 0; at < size; at += MIB) yield part;
}

function zipped(answer, parts) {
  delete answer.headers["content-length"];
  answer.headers["content-encoding"] = "gzip";
  answer.parts = Readable.from(parts).pipe(createGzip());
}

function textShape(change) {
  return (answer) => {
    const body = change(Buffer.concat([...answer.parts]));
    answer.headers["content-length"] = body.length;
    answer.parts = [body];
  };
}

/** Where a body breaks: `at` bytes, or `share` of its length. */
function place(fault, answer, standard) {
  if (fault.at !== undefined) return fault.at;
  const length = Number(answer.headers["content-length"] ?? 0);
  return Math.floor(length * (fault.share ?? standard));
}

const BODY_SHAPES = {
  cut: (answer, fault) => (answer.parts = cutAfter(answer.parts, place(fault, answer, 0.5), fault.reset ?? false)),
  flip: (answer, fault) => (answer.parts = flipBit(answer.parts, place(fault, answer, 0.5), fault.bit ?? 0)),
  stall: (answer, fault, exchange) => (answer.parts = stallAfter(answer.parts, place(fault, answer, 0.5), exchange, fault.for_ms)),
  drip: (answer, fault, exchange) => (answer.parts = drip(answer.parts, fault.bytes ?? 1, fault.every_ms ?? 100, exchange)),
  endless: (answer) => {
    delete answer.headers["content-length"];
    answer.parts = endless(answer.parts);
  },
  encoding: (answer) => zipped(answer, answer.parts),
  bomb: (answer, fault) => zipped(answer, zeros(fault.bytes ?? 1024 * MIB)),
  bad_encoding: (answer) => (answer.headers["content-encoding"] = "gzip"),
  truncated: textShape((body) => body.subarray(0, body.length >> 1)),
  gzip_text: (answer) => {
    const body = gzipSync(Buffer.concat([...answer.parts]));
    Object.assign(answer.headers, { "content-encoding": "gzip", "content-length": body.length });
    answer.parts = [body];
  },
  bom: textShape((body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])),
  duplicate_keys: textShape((body) => Buffer.from(body.toString().replace(/^\{/, '{"value":[],'))),
  wrong_type: (answer, fault) => (answer.headers["content-type"] = fault.type ?? "text/html"),
  wrong_total: (answer) => {
    if (answer.headers["content-range"]) answer.headers["content-range"] = answer.headers["content-range"].replace(/\/(\d+)$/, (_, n) => `/${Number(n) + 1}`);
  },
  wrong_range: (answer) => {
    if (answer.headers["content-range"]) answer.headers["content-range"] = "bytes 0-0/1";
  },
  location_bad_host: (answer, fault) => {
    if (answer.headers.location) answer.headers.location = elsewhere(answer.headers.location, fault.host ?? "https://download.attacker.invalid");
  },
  location_http: (answer) => {
    if (answer.headers.location) answer.headers.location = answer.headers.location.replace(/^https:/, "http:");
  },
  location_userinfo: (answer) => {
    if (answer.headers.location) answer.headers.location = answer.headers.location.replace("https://", "https://user:password@");
  },
  location_none: (answer) => delete answer.headers.location,
  headers: (answer, fault) => {
    for (const [name, value] of Object.entries(fault.headers)) {
      if (value === null) delete answer.headers[name];
      else answer.headers[name] = value;
    }
  },
};

/** Every kind there is, for the check of POST /faults. */
export const KINDS = new Set([
  ...Object.keys(INSTEAD), ...Object.keys(JSON_SHAPES), ...Object.keys(BODY_SHAPES), "delay", "ignore_range", "wrong_accept", "raw",
]);

/** Sends an answer with the fault's mark on headers or bytes. */
export function deliver(exchange, fault, answer) {
  const shape = BODY_SHAPES[fault.kind];
  if (shape !== undefined) shape(answer, fault, exchange);
  exchange.entry.status = answer.status;
  exchange.send(answer);
}

/** An HTTP date knows no fractions: the next whole second, or it would name a time before the end of the wait. */
function wholeSecond(time) {
  return new Date(Math.ceil(time / 1000) * 1000).toUTCString();
}
