/** POST /$batch: up to 20 requests in one, each answered as it would be alone. */
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { Exchange } from "./exchange.mjs";

const MOST = 20;

/** Takes the answer of one part in place of a socket. */
class PartAnswer extends EventEmitter {
  constructor() {
    super();
    this.parts = [];
    this.done = new Promise((done) => (this.finish = done));
  }

  writeHead(status, headers) {
    this.status = status;
    this.headers = headers;
  }

  write(part) {
    this.parts.push(part);
    return true;
  }

  end(part) {
    if (part !== undefined) this.parts.push(part);
    this.finish();
  }
}

function partRequest(outer, { method, url, headers = {}, body }) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const req = Readable.from(text === "" ? [] : [Buffer.from(text)]);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const shared = { host: outer.host, authorization: outer.header("authorization") };
  return Object.assign(req, { method: method.toUpperCase(), url: `/v1.0/${url.replace(/^\//, "")}`, headers: { ...lower, ...shared } });
}

function bodyOf(answer) {
  const bytes = Buffer.concat(answer.parts);
  if (bytes.length === 0) return undefined;
  return /^application\/json\b/.test(answer.headers["content-type"]) ? JSON.parse(bytes.toString()) : bytes.toString("base64");
}

async function runPart(outer, part, handle) {
  const answer = new PartAnswer();
  await handle(new Exchange(outer.app, outer.listener, partRequest(outer, part), answer));
  await answer.done;
  const { "content-length": _, ...headers } = answer.headers;
  return { id: part.id, status: answer.status, headers, body: bodyOf(answer) };
}

export async function batch(exchange, session, handle) {
  const body = await exchange.jsonBody();
  const requests = body?.requests;
  if (exchange.method !== "POST" || !Array.isArray(requests) || requests.length > MOST) {
    return exchange.error(400, "BadRequest", "Invalid batch payload format.");
  }
  const responses = [];
  const failed = new Set();
  for (const part of requests) {
    const blocked = (part.dependsOn ?? []).some((id) => failed.has(id));
    const response = blocked ? { id: part.id, status: 424, headers: {} } : await runPart(exchange, part, handle);
    if (response.status >= 400) failed.add(part.id);
    responses.push(response);
  }
  exchange.json(200, { responses });
}
