/** Changes by clients: small PUT, upload sessions, folders, renames, moves, times, deletions, copies. */
import { DriveError, FOLDER, key } from "./drive.mjs";
import { cTag, eTag } from "./item-json.mjs";
import { sendItem, target } from "./routes-items.mjs";
import { startOf } from "./special.mjs";
import { openSession } from "./uploads.mjs";

const SMALL_LIMIT = 250 * 1024 * 1024;
const PATH_LIMIT = 400;
const CONFLICT = "@microsoft.graph.conflictBehavior";
const RESERVED = /^(\.lock|con|prn|aux|nul|com[0-9]|lpt[0-9]|desktop\.ini)$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])\.|^~\$|_vti_/i;

/** Names that the service takes for an item in `folder`; others end the request with 400. */
function checkName(drive, folder, name, isFolder = false) {
  const bad = typeof name !== "string" || name === "" || name.length > 255 || /["*:<>?/\\|\x00-\x1f]/.test(name);
  const reserved = bad || RESERVED.test(name) || (drive.kind === "business" && reservedInLibrary(drive, folder, name, isFolder));
  if (reserved || /^ | $|\.$/.test(name)) throw new DriveError(400, "invalidRequest", "The name is not allowed");
  if (drive.pathOf(folder).length + 1 + name.length > PATH_LIMIT) {
    throw new DriveError(400, "invalidRequest", "The path is too long", "pathIsTooLong");
  }
}

function reservedInLibrary(drive, folder, name, isFolder) {
  return (isFolder && name.startsWith("~")) || (folder === drive.root && name.toLowerCase() === "forms");
}

function checkMatch(exchange, drive, item) {
  const wanted = exchange.header("if-match");
  if (wanted === undefined || wanted === "*" || [eTag(drive, item), cTag(drive, item)].includes(wanted)) return;
  throw new DriveError(412, "resourceModified", "ETag does not match current item's value");
}

/** Where new content goes: { parent, name, item } - the item is null where none is there yet. */
function destination(exchange, where) {
  const { drive, names } = where;
  const start = startOf(exchange.app, where);
  if (start === null || start.deleted) throw new DriveError(404, "itemNotFound", "The resource could not be found.");
  if (names === null || names.length === 0) {
    if (start.isFolder) throw new DriveError(400, "invalidRequest", "A folder has no content");
    return { parent: start.parent, name: start.name, item: start };
  }
  const parent = folderFor(drive, start, names.slice(0, -1));
  const name = names.at(-1);
  checkName(drive, parent, name);
  return { parent, name, item: parent.children.get(key(name)) ?? null };
}

/** The folder at a path below `start`; missing ones are made, as the service does for uploads by path. */
function folderFor(drive, start, names) {
  let folder = start;
  for (const name of names) {
    const there = folder.children.get(key(name));
    if (there === undefined) checkName(drive, folder, name, true);
    folder = there ?? drive.mkdir(folder, name);
    if (!folder.isFolder) throw new DriveError(409, "nameAlreadyExists", "A file has that name");
  }
  return folder;
}

/** `name`, or with a number before its suffix so that no item has it. */
function freeName(parent, name) {
  const dot = name.lastIndexOf(".");
  const [stem, suffix] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let i = 1; ; i++) {
    const candidate = `${stem} ${i}${suffix}`;
    if (!parent.children.has(key(candidate))) return candidate;
  }
}

/** Writes content under the rules of the conflict behaviour. Answers { item, created }. */
function store(drive, place, bytes, behaviour, times = {}) {
  if (place.parent.deleted) throw new DriveError(404, "itemNotFound", "The folder is gone");
  const there = place.parent.children.get(key(place.name));
  if (there !== undefined && behaviour === "fail") throw new DriveError(409, "nameAlreadyExists", "Name already exists");
  const name = there !== undefined && behaviour === "rename" ? freeName(place.parent, place.name) : place.name;
  const created = there === undefined || name !== place.name;
  const item = drive.put(place.parent, name, { bytes }, times);
  drive.onChange();
  return { item, created };
}

export async function putContent(exchange, where) {
  const place = destination(exchange, where);
  if (place.item !== null) checkMatch(exchange, where.drive, place.item);
  const bytes = await exchange.body(SMALL_LIMIT);
  const { item, created } = store(where.drive, place, bytes, exchange.query.get(CONFLICT) ?? "replace");
  sendItem(exchange, where.drive, item, created ? 201 : 200);
}

function timesOf({ fileSystemInfo = {} }) {
  const mtime = Date.parse(fileSystemInfo.lastModifiedDateTime);
  const created = Date.parse(fileSystemInfo.createdDateTime);
  return { mtime: Number.isNaN(mtime) ? undefined : mtime, created: Number.isNaN(created) ? undefined : created };
}

export async function createUploadSession(exchange, where) {
  const body = await exchange.jsonBody();
  if (body === null) throw new DriveError(400, "invalidRequest", "The body is not JSON");
  const about = body.item ?? {};
  const place = destination(exchange, where);
  if (place.item !== null) checkMatch(exchange, where.drive, place.item);
  const addressesItem = where.names === null || where.names.length === 0;
  const behaviour = about[CONFLICT] ?? (addressesItem ? "replace" : "fail");
  if (place.item !== null && behaviour === "fail") throw new DriveError(409, "nameAlreadyExists", "Name already exists");
  const commit = (bytes) => store(where.drive, place, bytes, behaviour, timesOf(about));
  exchange.json(200, openSession(exchange.app, where.drive, commit, body.deferCommit === true));
}

export async function createFolder(exchange, where) {
  const parent = target(exchange, where);
  if (parent === null) return;
  const body = await exchange.jsonBody();
  if (!parent.isFolder || body === null || body.folder === undefined) {
    throw new DriveError(400, "invalidRequest", "A folder needs a name and a folder facet");
  }
  checkName(where.drive, parent, body.name, true);
  const there = parent.children.get(key(body.name));
  const behaviour = body[CONFLICT] ?? "fail";
  if (there?.isFolder && behaviour === "replace") return sendItem(exchange, where.drive, there, 200);
  const name = there !== undefined && behaviour === "rename" ? freeName(parent, body.name) : body.name;
  const folder = where.drive.mkdir(parent, name);
  where.drive.onChange();
  sendItem(exchange, where.drive, folder, 201);
}

/** The folder that a PATCH or a copy names, by its real id or by its path; null where it names none. */
function parentOf(drive, { id, path, driveId } = {}) {
  if (id === undefined && path === undefined) return null;
  const isHere = driveId === undefined || driveId.toLowerCase() === drive.id.toLowerCase();
  if (!isHere) throw new DriveError(400, "invalidRequest", "Cannot move items across drives");
  if (id === "root") throw new DriveError(400, "invalidRequest", "The id of the parent is not valid");
  const names = (path ?? "").slice((path ?? "").indexOf(":") + 1).split("/").filter(Boolean).map(decodeURIComponent);
  const parent = id === undefined ? drive.walk(names) : drive.byId(id);
  if (parent === null || parent.deleted) throw new DriveError(404, "itemNotFound", "The new parent was not found");
  return parent;
}

export async function patchItem(exchange, where) {
  const { drive } = where;
  const item = target(exchange, where);
  if (item === null) return;
  checkMatch(exchange, drive, item);
  const body = await exchange.jsonBody();
  if (body === null) throw new DriveError(400, "invalidRequest", "The body is not JSON");
  const parent = parentOf(drive, body.parentReference) ?? item.parent;
  const name = body.name ?? item.name;
  if (name !== item.name && parent !== null) checkName(drive, parent, name, item.isFolder);
  if (parent !== item.parent || name !== item.name) drive.move(item, parent, name);
  const { mtime, created } = timesOf(body);
  if (mtime !== undefined || created !== undefined) {
    item.mtime = mtime ?? item.mtime;
    item.created = created ?? item.created;
    item.rev++;
    drive.touch(item);
  }
  drive.onChange();
  sendItem(exchange, drive, item);
}

export function deleteItem(exchange, where) {
  const item = target(exchange, where);
  if (item === null) return;
  checkMatch(exchange, where.drive, item);
  where.drive.remove(item, exchange.app.settings.tombstones);
  where.drive.onChange();
  exchange.empty(204);
}

export function permanentDelete(exchange, where) {
  if (where.drive.kind === "personal") return exchange.error(405, "notAllowed", "Not on personal drives");
  return deleteItem(exchange, where);
}

/** A sharing link; of each type and scope an item has one. */
export async function createLink(exchange, where) {
  const { drive } = where;
  const item = target(exchange, where);
  if (item === null) return;
  const { type = "view", scope = "organization" } = (await exchange.jsonBody()) ?? {};
  const links = (item.extras().links ??= new Set());
  const status = links.has(`${type} ${scope}`) ? 200 : 201;
  links.add(`${type} ${scope}`);
  const webUrl = `https://contoso.sharepoint.com/:f:/s/x/E${encodeURIComponent(drive.idOf(item))}`;
  exchange.json(status, { id: `${type}-${scope}`, roles: [type === "edit" ? "write" : "read"], link: { type, scope, webUrl } });
}

/** Same-drive copy. The service answers with an address that tells when it is done; here it is done at once. */
export async function copy(exchange, where) {
  const { drive } = where;
  const item = target(exchange, where);
  if (item === null) return;
  const body = await exchange.jsonBody();
  if (body === null) throw new DriveError(400, "invalidRequest", "The body is not JSON");
  const parent = parentOf(drive, body.parentReference) ?? item.parent;
  if (parent === null || !parent.isFolder) throw new DriveError(404, "itemNotFound", "The target was not found");
  const name = body.name ?? item.name;
  checkName(drive, parent, name, item.isFolder);
  if (parent.children.has(key(name))) throw new DriveError(409, "nameAlreadyExists", "Name already exists");
  const made = copyTree(drive, item, parent, name);
  drive.onChange();
  exchange.empty(202, { location: `${exchange.app.listeners.content.url}/monitor/${encodeURIComponent(drive.idOf(made))}` });
}

function copyTree(drive, item, parent, name) {
  if (item.kind !== FOLDER) {
    const content = item.bytes === null ? { seed: item.seed, size: item.size } : { bytes: item.bytes };
    return drive.put(parent, name, content, { mtime: item.mtime, created: item.created });
  }
  const folder = drive.mkdir(parent, name);
  for (const child of [...item.children.values()]) copyTree(drive, child, folder, child.name);
  return folder;
}
