/** Reading: drives, items, listings, the change feed, the way to content, subscriptions. */
import { DriveError, SHORTCUT, key } from "./drive.mjs";
import { BadToken, Gone } from "./delta.mjs";
import { cTag, chosen, eTag, itemJson, itemSelection, selection } from "./item-json.mjs";
import { startOf } from "./special.mjs";
import { seal, unseal } from "./seal.mjs";

const SORT_UP_TO = 5000;
const CHILDREN = 200; // a page of a folder
const KEPT_LISTINGS = 64;
const LINK_END = "%3d"; // our links end in a way that a client which takes them apart and encodes them anew does not keep

export function driveJson(drive) {
  const total = 5368709120;
  const used = drive.root.size;
  return {
    id: drive.id,
    driveType: drive.driveType,
    name: drive.kind === "personal" ? "OneDrive" : "Documents",
    owner: { [drive.driveType === "documentLibrary" ? "group" : "user"]: drive.owner },
    quota: { deleted: 0, remaining: Math.max(0, total - used), state: "normal", total, used },
    webUrl: drive.webUrl,
  };
}

/** How an answer shows items: what was selected, where content lies, whether shortcuts were asked for. */
export function formOf(exchange, drive, select) {
  const prefer = exchange.header("prefer") ?? "";
  return {
    settings: exchange.app.settings,
    delta: false,
    select,
    downloadUrl: (item) => exchange.app.content.downloadUrl(drive, item),
    shortcuts: /Include-Feature=AddToOneDrive/i.test(prefer),
    excludeParents: /deltaExcludeParent/i.test(prefer) || exchange.header("deltaexcludeparent") === "true",
    raw: exchange.raw,
  };
}

/** A query option; the dollar may be left out. */
function option({ query }, name) {
  return query.get(`$${name}`) ?? query.get(name);
}

function selectOf(exchange) {
  return itemSelection(option(exchange, "select"));
}

/** An answer that is no item, of which the request may have selected members. */
export function selected(exchange, json) {
  return chosen(json, selection(option(exchange, "select")));
}

function topOf(exchange) {
  const text = option(exchange, "top");
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new DriveError(400, "invalidRequest", "The value of $top is not valid");
  return Math.min(Number(text), exchange.app.settings.max_top);
}

/** What `$expand` adds to an item: children or thumbnails, the first with a selection of its own. */
function expanded(exchange, drive, item, form) {
  const text = option(exchange, "expand");
  if (text === undefined) return {};
  const [, name, inner] = /^(\w+)(?:\((?:\$)?select=([^)]*)\))?$/.exec(text) ?? [];
  if (name === "thumbnails") return { thumbnails: [] };
  if (name !== "children") throw new DriveError(400, "BadRequest", `Parsing OData Select and Expand failed: '${text}'`);
  const select = itemSelection(inner);
  const shown = [...(item.children ?? new Map()).values()].filter((child) => child.kind !== SHORTCUT || form.shortcuts);
  return { children: shown.slice(0, CHILDREN).map((child) => itemJson(drive, child, { ...form, select })) };
}

export function sendItem(exchange, drive, item, status = 200) {
  const form = formOf(exchange, drive, selectOf(exchange));
  exchange.json(status, {
    "@odata.context": `${exchange.origin}/v1.0/$metadata#drives('${drive.id}')/items/$entity`,
    ...itemJson(drive, item, { ...form, shortcuts: true }),
    ...expanded(exchange, drive, item, form),
  });
}

/** The live item that a request addresses; null after a 404 or the item's own error has gone out. */
export function target(exchange, where) {
  const { drive, names } = where;
  const start = startOf(exchange.app, where);
  const item = start === null || start.deleted ? null : drive.walk(names ?? [], start);
  if (item === null) {
    exchange.error(404, "itemNotFound", "The resource could not be found.");
    return null;
  }
  const trouble = item.extra?.error;
  if (trouble === undefined) return item;
  const headers = trouble.code === "malwareDetected" ? { "x-virus-infected": "true" } : {};
  const contentOnly = trouble.content_only && exchange.route !== "content";
  if (contentOnly) return item;
  exchange.error(trouble.status, trouble.code, trouble.message ?? "Refused", { headers });
  return null;
}

export function getDrive(exchange, { drive }) {
  exchange.json(200, selected(exchange, driveJson(drive)));
}

export function listJson(drive, { id = drive.guidOf(drive.root).toLowerCase(), displayName = "Documents" } = {}) {
  return { id, name: displayName, displayName, list: { template: "documentLibrary" }, webUrl: drive.webUrl };
}

export function getList(exchange, { drive }) {
  exchange.json(200, selected(exchange, listJson(drive, { id: drive.listId })));
}

export function getItem(exchange, where) {
  const item = target(exchange, where);
  if (item === null) return;
  const known = exchange.header("if-none-match");
  if (known !== undefined && [eTag(where.drive, item), cTag(where.drive, item)].includes(known)) exchange.empty(304);
  else sendItem(exchange, where.drive, item);
}

/** A page of a folder. The list is taken at the first page; if it is forgotten meanwhile it is taken again. */
export function getChildren(exchange, where) {
  const folder = target(exchange, where);
  if (folder === null) return;
  const { app } = exchange;
  const token = exchange.query.get("$skiptoken");
  const fields = token === undefined ? ["", "0"] : unseal("children", token);
  if (fields === null) return exchange.error(400, "invalidRequest", "Invalid paging token");
  const top = topOf(exchange) ?? CHILDREN;
  const [name, list] = listing(app, where.drive, folder, fields[0], orderOf(exchange));
  const from = Number(fields[1]);
  const form = formOf(exchange, where.drive, selectOf(exchange));
  const isThere = (item) => !item.deleted && item.parent === folder && (item.kind !== SHORTCUT || form.shortcuts);
  const page = list.slice(from, from + top).filter(isThere);
  const body = {
    "@odata.context": `${exchange.origin}/v1.0/$metadata#drives('${where.drive.id}')/items/children`,
    "@odata.count": folder.isFolder ? folder.children.size : 0,
    value: page.map((item) => itemJson(where.drive, item, form)),
  };
  if (from + top < list.length) {
    const rest = exchange.rawQuery.split("&").filter((pair) => pair !== "" && !/^(\$|%24)skiptoken=/i.test(pair));
    rest.push(`$skiptoken=${seal("children", [name, from + top])}`);
    body["@odata.nextLink"] = `${exchange.origin}${exchange.path}?${rest.join("&")}`;
  }
  exchange.json(200, body);
}

const ORDERS = {
  name: (a, b) => (key(a.name) < key(b.name) ? -1 : 1),
  size: (a, b) => a.size - b.size,
  lastModifiedDateTime: (a, b) => a.mtime - b.mtime,
};

/** The order of `$orderby`; null where none is asked for. */
function orderOf(exchange) {
  const text = option(exchange, "orderby");
  if (text === undefined) return null;
  const [, name, down] = /^(\w+)(?: (?:asc|(desc)))?$/.exec(text) ?? [];
  const order = ORDERS[name];
  if (order === undefined) throw new DriveError(400, "invalidRequest", "The value of $orderby is not supported");
  return down ? (a, b) => order(b, a) : order;
}

function listing(app, drive, folder, name, order) {
  const known = app.listings.get(name);
  if (known !== undefined) return [name, known];
  const list = folder.isFolder ? [...folder.children.values()] : [];
  if (order !== null || list.length <= SORT_UP_TO) list.sort(order ?? ORDERS.name);
  const fresh = `${drive.name}-${folder.n}-${++app.listingNumber}`;
  app.listings.set(fresh, list);
  if (app.listings.size > KEPT_LISTINGS) app.listings.delete(app.listings.keys().next().value);
  return [fresh, list];
}

/** Where the content lies. The bearer token must not go there. */
export function getContent(exchange, where) {
  const item = target(exchange, where);
  if (item === null) return;
  if (item.isFolder) return exchange.error(400, "invalidRequest", "You cannot get content for a folder");
  if (item.extra?.set?.malware) {
    return exchange.error(403, "malwareDetected", "Malware detected", { headers: { "x-virus-infected": "true" } });
  }
  const known = exchange.header("if-none-match");
  if (known !== undefined && [eTag(where.drive, item), cTag(where.drive, item)].includes(known)) return exchange.empty(304);
  if (exchange.header("range") !== undefined) exchange.entry.flags.push("range-on-content");
  exchange.empty(302, { location: exchange.app.content.downloadUrl(where.drive, item) });
}

/** First requests, tokens in the query and tokens in the function form. */
export function getDelta(exchange, where) {
  const { drive, argument } = where;
  const scope = target(exchange, where);
  if (scope === null) return;
  const { app, query } = exchange;
  if (query.has("$filter") || query.has("$orderby")) return exchange.error(400, "invalidRequest", "Query option not supported");
  const root = deltaScope(app, drive, scope);
  if (root === null) return exchange.error(400, "invalidRequest", "Delta is supported on the root only");
  try {
    const place = deltaPlace(app, drive, root, query, argument || (query.get("token") ?? query.get("$deltatoken")));
    if (place.resumed) checkVerbatim(exchange);
    const page = app.feed.page(place, formOf(exchange, drive, null));
    sendDelta(exchange, page);
  } catch (error) {
    deltaTrouble(exchange, drive, error);
  }
}

/** Links are opaque: they must come back byte for byte. */
function checkVerbatim(exchange) {
  if (exchange.path.endsWith(")")) return;
  if (!/^token=[\w-]+%3d$/.test(exchange.rawQuery)) exchange.violation("link_rewritten");
}

/** Business knows the feed of a whole drive only. */
function deltaScope(app, drive, item) {
  if (item === drive.root || drive.kind === "personal") return item;
  return app.settings.business_folder_delta === "whole" ? drive.root : null;
}

function deltaPlace(app, drive, scope, query, token) {
  if (!token) return app.feed.begin(drive, scope, query, "start");
  if (token === "latest") return app.feed.begin(drive, scope, query, "latest");
  const time = /^\d{4}-\d\d-\d\dT/.test(token) && drive.kind === "business" ? Date.parse(token) : NaN;
  return Number.isNaN(time) ? app.feed.resume(drive, token) : app.feed.begin(drive, scope, query, time);
}

function deltaTrouble(exchange, drive, error) {
  if (error instanceof BadToken) {
    exchange.error(400, "invalidRequest", "Invalid paging token");
  } else if (error instanceof Gone) {
    const location = `${exchange.origin}/v1.0/drives/${drive.id}/root/delta?token=`;
    const message = "Resync required. Replace any local items with the server's version.";
    exchange.error(410, exchange.app.settings.gone_code, message, { headers: { location } });
  } else {
    throw error;
  }
}

function sendDelta(exchange, { items, next, delta }) {
  const { app, origin } = exchange;
  const base = origin + exchange.path.replace(/\(token=.*\)$/, "");
  const link = (place) => {
    const token = app.feed.token(place);
    return app.settings.link_form === "function" ? `${base}(token='${token}')` : `${base}?token=${token}${LINK_END}`;
  };
  const body = { "@odata.context": `${origin}/v1.0/$metadata#Collection(driveItem)`, value: items };
  if (next !== null) body["@odata.nextLink"] = link(next);
  else body["@odata.deltaLink"] = link(delta);
  exchange.json(200, body);
}

export function search(exchange, { drive, argument = "" }) {
  const wanted = key(argument);
  const found = [];
  for (const item of drive.live()) {
    if (key(item.name).includes(wanted)) found.push(item);
    if (found.length === 200) break;
  }
  const form = formOf(exchange, drive, selectOf(exchange));
  exchange.json(200, { value: found.map((item) => itemJson(drive, item, form)) });
}

export function getThumbnails(exchange, where) {
  if (target(exchange, where) !== null) exchange.json(200, { value: [] });
}

export function getPermissions(exchange, where) {
  if (target(exchange, where) !== null) exchange.json(200, { value: [] });
}

export function getVersions(exchange, where) {
  const item = target(exchange, where);
  if (item !== null) exchange.json(200, { value: [{ id: `${item.contentRev}.0`, size: item.size }] });
}

export function subscribe(exchange, where) {
  const { app } = exchange;
  if (app.settings.not_supported.includes(where.form)) {
    return exchange.error(400, "notSupported", "Operation not supported");
  }
  if (where.id !== undefined && where.id !== "root" && where.drive.byId(where.id) !== where.drive.root) {
    return exchange.error(400, "invalidRequest", "Only the root of a drive can be subscribed");
  }
  if (where.names?.length) return exchange.error(400, "invalidRequest", "Only the root of a drive can be subscribed");
  if (exchange.header("content-type") !== "application/json") exchange.entry.flags.push("no-content-type");
  const subscription = app.push.subscribe(where.drive, where.session);
  exchange.json(200, {
    "@odata.context": `${exchange.origin}/v1.0/$metadata#subscriptions/$entity`,
    id: subscription.id,
    notificationUrl: subscription.url,
    expirationDateTime: subscription.expiryText,
  });
}
