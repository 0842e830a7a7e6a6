/** The graph host: finds the route of a request, checks token and rights, runs the handler. */
import { mayUse } from "./access.mjs";
import { driveAddress, functionCall, parsePath } from "./address.mjs";
import { DriveError } from "./drive.mjs";
import { TooLarge } from "./exchange.mjs";
import { batch } from "./routes-batch.mjs";
import { directoryRoute } from "./routes-directory.mjs";
import * as items from "./routes-items.mjs";
import * as writes from "./routes-write.mjs";

const VERSION = "/v1.0";

/** Actions behind an item, by method and name; `need` is the right that they take. */
const ITEM_ACTIONS = {
  "GET ": { route: "item", need: "read", run: items.getItem },
  "GET children": { route: "children", need: "read", run: items.getChildren },
  "GET content": { route: "content", need: "read", run: items.getContent },
  "GET delta": { route: "delta", need: "read", run: items.getDelta },
  "GET search": { route: "search", need: "read", run: items.search },
  "GET thumbnails": { route: "thumbnails", need: "read", run: items.getThumbnails },
  "GET permissions": { route: "permissions", need: "read", run: items.getPermissions },
  "GET versions": { route: "versions", need: "read", run: items.getVersions },
  "GET subscriptions/socketIo": { route: "socketIo", need: "listen", run: items.subscribe },
  "PUT content": { route: "put_content", need: "write", run: writes.putContent },
  "POST children": { route: "create_folder", need: "write", run: writes.createFolder },
  "POST createUploadSession": { route: "createUploadSession", need: "write", run: writes.createUploadSession },
  "POST createLink": { route: "createLink", need: "write", run: writes.createLink },
  "POST copy": { route: "copy", need: "write", run: writes.copy },
  "POST permanentDelete": { route: "delete", need: "write", run: writes.permanentDelete },
  "PATCH ": { route: "patch", need: "write", run: writes.patchItem },
  "DELETE ": { route: "delete", need: "write", run: writes.deleteItem },
};

/** Answers what the model or a limit refuses. Answers false where the error is another one. */
export function refused(exchange, error) {
  if (error instanceof TooLarge) exchange.error(413, "invalidRequest", "The request is too large");
  else if (error instanceof DriveError) exchange.error(error.status, error.code, error.message, { inner: error.inner });
  else return false;
  return true;
}

export async function graphRequest(exchange) {
  try {
    await dispatch(exchange);
  } catch (error) {
    if (!refused(exchange, error)) throw error;
  }
}

async function dispatch(exchange) {
  const plan = exchange.path.startsWith(`${VERSION}/`) ? planOf(exchange) : null;
  if (await exchange.enter(plan?.route ?? "unknown")) return;
  if (throttled(exchange)) return;
  const session = exchange.app.signin.session(exchange);
  if (session === null) return;
  if (plan === null) {
    exchange.violation("unknown_route", `${exchange.method} ${exchange.path}`);
    exchange.error(400, "BadRequest", "Resource not found for the segment.");
    return;
  }
  await plan.run(exchange, session);
}

/** What a request means: { route, run(exchange, session) }; null where it means nothing to us. */
function planOf(exchange) {
  const address = parsePath(exchange.path.slice(VERSION.length));
  if (address.head[0] === "$batch") return { route: "batch", run: (ex, session) => batch(ex, session, graphRequest) };
  const isShared = address.head.join("/") === "me/drive/sharedWithMe";
  const drive = isShared ? null : driveAddress(address.head);
  return drive === null ? directoryRoute(exchange.method, address) : drivePlan(exchange.method, address, drive);
}

function drivePlan(method, { names, tail }, { form, find, rest }) {
  const [kind, id] = rest;
  if (kind === undefined && method === "GET") return { route: "drive", run: onDrive("read", find, items.getDrive) };
  if (kind === "list" && id === undefined && method === "GET") return { route: "lists", run: onDrive("read", find, items.getList) };
  if (kind === "list") return actionPlan(method, rest.slice(1), { find, form: "list", names });
  if (kind === "root") return actionPlan(method, names === null ? rest.slice(1) : tail, { find, form, names });
  if (kind === "special" && id !== undefined) {
    return actionPlan(method, names === null ? rest.slice(2) : tail, { find, form, names, special: id });
  }
  if (kind === "items" && id !== undefined) {
    return actionPlan(method, names === null ? rest.slice(2) : tail, { find, form, names, id });
  }
  if (["recent", "bundles"].includes(kind)) return { route: kind, run: (ex) => ex.json(200, { value: [] }) };
  return actionPlan(method, rest, { find, form, names }); // .../drive/search(q=''), .../drive/delta
}

function actionPlan(method, segments, where) {
  const call = functionCall(segments.join("/"));
  const action = ITEM_ACTIONS[`${method === "HEAD" ? "GET" : method} ${call.name}`];
  if (action === undefined) return null;
  return { route: action.route, run: onDrive(action.need, where.find, action.run, { ...where, argument: call.argument }) };
}

/** Wraps a handler: finds the drive, checks that it is there and that the token may use it. */
function onDrive(need, find, run, where = {}) {
  return (exchange, session) => {
    const drive = find(exchange.app, session.account);
    if (drive === "hidden") return exchange.error(400, "invalidRequest", "ObjectHandle is Invalid");
    if (drive === null || drive.state === "missing") return exchange.error(404, "itemNotFound", "The resource could not be found.");
    const allowed = drive.state !== "forbidden" && (!exchange.app.settings.enforce_scopes || mayUse(session, drive, need));
    if (!allowed) return exchange.error(403, "accessDenied", "Access denied");
    return run(exchange, { ...where, session, drive });
  };
}

/** A real limit, for tests of manners: so many requests in so many seconds, then 429 until the wait is over. */
function throttled(exchange) {
  const { app } = exchange;
  const limit = app.settings.throttle;
  if (limit === null) return false;
  const now = Date.now();
  app.recent = (app.recent ?? []).filter((time) => time > now - limit.seconds * 1000);
  app.recent.push(now);
  const left = limit.requests - app.recent.length;
  const reset = Math.ceil((app.recent[0] + limit.seconds * 1000 - now) / 1000);
  const headers = { "ratelimit-limit": limit.requests, "ratelimit-remaining": Math.max(0, left), "ratelimit-reset": reset };
  if (left * 5 <= limit.requests) exchange.moreHeaders = headers; // from 80 % on
  if (left >= 0) return false;
  app.log.wait("graph", limit.retry_after);
  headers["retry-after"] = String(limit.retry_after);
  exchange.error(429, "activityLimitReached", "The request has been throttled", { inner: "throttledRequest", headers });
  return true;
}
