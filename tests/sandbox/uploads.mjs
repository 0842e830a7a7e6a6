/** Upload sessions: fragments in order, status, cancel, and the commit that makes or replaces the file. */
import { randomUUID } from "node:crypto";
import { sendItem } from "./routes-items.mjs";

const UNIT = 327_680;
const FRAGMENT_LIMIT = 60 * 1024 * 1024;
const sessions = new WeakMap(); // per sandbox

function sessionsOf(app) {
  if (!sessions.has(app)) sessions.set(app, new Map());
  return sessions.get(app);
}

/** Opens a session; `commit(bytes)` makes the item and answers { item, created }, where `deferred` at a request of its own. */
export function openSession(app, drive, commit, deferred) {
  const guid = randomUUID();
  const expires = Date.now() + app.settings.upload_session_s * 1000;
  const session = { drive, commit, deferred, expires, parts: [], received: 0, total: null };
  sessionsOf(app).set(guid, session);
  const uploadUrl = `${app.listeners.content.url}/personal/${drive.name}/_api/v2.0/drives/${drive.id}/uploadSession?guid='${guid}'&tempauth=v1.${randomUUID()}`;
  return { uploadUrl, ...progress(session) };
}

function progress(session) {
  if (session.received === session.total) return { expirationDateTime: new Date(session.expires).toISOString(), nextExpectedRanges: [] };
  const rest = session.total === null ? `${session.received}-` : `${session.received}-${session.total - 1}`;
  return { expirationDateTime: new Date(session.expires).toISOString(), nextExpectedRanges: [rest] };
}

export async function uploadRequest(exchange) {
  const open = sessionsOf(exchange.app);
  const guid = (exchange.query.get("guid") ?? "").replaceAll("'", "");
  const session = open.get(guid);
  if (session === undefined || session.expires < Date.now()) {
    return exchange.error(404, "itemNotFound", "The upload session was not found");
  }
  if (exchange.method === "GET") return exchange.json(200, progress(session));
  if (exchange.method === "DELETE") {
    open.delete(guid);
    return exchange.empty(204);
  }
  const close = () => open.delete(guid);
  if (exchange.method === "POST") return session.received === session.total ? finish(exchange, session, close) : early(exchange);
  if (exchange.method !== "PUT") return exchange.error(405, "notAllowed", "Only GET, PUT, POST and DELETE");
  return fragment(exchange, session, close);
}

async function fragment(exchange, session, close) {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(exchange.header("content-range") ?? "");
  const bytes = await exchange.body();
  if (range === null) return exchange.error(400, "invalidRequest", "Content-Range is missing");
  const [first, last, total] = range.slice(1).map(Number);
  const isLast = last === total - 1;
  if (bytes.length !== last - first + 1 || last >= total || (session.total ?? total) !== total) {
    return exchange.error(400, "invalidRequest", "Content-Range does not fit");
  }
  if (bytes.length >= FRAGMENT_LIMIT) return exchange.error(413, "invalidRequest", "Fragment too large");
  if (first < session.received) return misplaced(exchange, "overlaps with existing data", "fragmentOverlap");
  if (first > session.received) return misplaced(exchange, "is out of order", "fragmentOutOfOrder");
  if (!isLast && bytes.length % UNIT !== 0) exchange.violation("fragment_size", `${bytes.length}`);
  session.total = total;
  session.parts.push(bytes);
  session.received += bytes.length;
  if (!isLast || session.deferred) return exchange.json(202, progress(session));
  return finish(exchange, session, close);
}

function early(exchange) {
  exchange.error(400, "invalidRequest", "The upload is not complete");
}

function finish(exchange, session, close) {
  const { item, created } = session.commit(Buffer.concat(session.parts));
  close();
  sendItem(exchange, session.drive, item, created ? 201 : 200);
}

function misplaced(exchange, what, inner) {
  exchange.error(416, "invalidRange", `Uploaded fragment ${what}.`, { inner });
}
