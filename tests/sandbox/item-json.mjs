/** An item as JSON, in the forms of the two kinds of drives, in delta and elsewhere. */
import { contentDigest } from "./content.mjs";
import { BARE, DriveError, FILE, FOLDER, PACKAGE, SHORTCUT } from "./drive.mjs";

const SHA_UP_TO = 8 * 1024 * 1024; // older hashes are shown for small files only
const BOGUS_HASH = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const MIME = {
  txt: "text/plain", html: "text/html", pdf: "application/pdf", jpg: "image/jpeg", png: "image/png",
  heic: "image/heic", json: "application/json", xml: "text/xml", zip: "application/zip", mp4: "video/mp4",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

export function mimeType(name) {
  return MIME[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}

/** A name in a URL; half a surrogate pair, which only a broken service has, becomes the replacement character. */
export function encodeName(name) {
  return encodeURIComponent(name.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd"));
}

/** ISO 8601: whole seconds on Business, up to milliseconds without trailing zeros on Personal. */
export function timeText(drive, ms) {
  const text = new Date(ms).toISOString();
  if (drive.kind === "business") return `${text.slice(0, 19)}Z`;
  return text.replace(/\.?0*Z$/, "Z");
}

function oldPersonalTag(drive, item, prefix, rev) {
  return `a${Buffer.from(`${prefix}${drive.idOf(item)}.${rev}`).toString("base64")}`;
}

export function eTag(drive, item) {
  if (drive.style === "old") return oldPersonalTag(drive, item, "", item.rev);
  return `"{${drive.guidOf(item)}},${item.rev}"`;
}

export function cTag(drive, item) {
  if (drive.style === "old") return oldPersonalTag(drive, item, "c:", item.contentRev);
  return `"c:{${drive.guidOf(item)}},${item.contentRev}"`;
}

/** Personal: the service drops a leading zero in some answers and mixes case. */
function quirkyDriveId(drive, item, settings) {
  if (drive.kind === "business" || !settings.drive_id_quirks) return drive.id;
  if (item.n % 3 === 1) return drive.id.replace(/^0+/, "");
  return item.n % 3 === 2 ? drive.id.toUpperCase() : drive.id;
}

function parentReference(drive, item, parent, form) {
  const reference = { driveType: drive.driveType, driveId: quirkyDriveId(drive, item, form.settings) };
  if (drive.siteId) reference.siteId = drive.siteId;
  if (parent === null) return reference;
  reference.id = drive.idOf(parent);
  if (form.delta && !form.settings.delta_paths) return reference;
  reference.name = parent.name;
  const path = drive.pathOf(parent);
  reference.path = `/drives/${drive.id}/root:${path && `/${path.split("/").map(encodeName).join("/")}`}`;
  return reference;
}

function hashes(drive, item) {
  const all = { quickXorHash: drive.hashOf(item) };
  if (drive.kind === "personal" && item.size <= SHA_UP_TO) {
    all.sha1Hash = contentDigest(item, "sha1");
    all.sha256Hash = contentDigest(item, "sha256");
  }
  return all;
}

function person(drive, item) {
  return { user: { displayName: item.extra?.editor ?? drive.owner.displayName, id: drive.owner.id } };
}

function nameOf(item, name, form) {
  const raw = item.extra?.rawName;
  return raw === undefined ? name : form.raw.bytes(raw);
}

function addFacets(json, drive, item) {
  if (item === drive.root) json.root = {};
  if (item.extra?.special !== undefined) json.specialFolder = { name: item.extra.special };
  if (item.kind === FOLDER) {
    json.folder = { childCount: item.children.size };
  } else if (item.kind === PACKAGE) {
    json.package = { type: "oneNote" };
  } else if (item.kind === FILE) {
    json.file = { mimeType: mimeType(item.name), hashes: hashes(drive, item) };
    if (drive.kind === "business" && item.size === 0) delete json.file.hashes;
  }
}

/** Members that a test has put in place of the service's own; null takes one away. */
function override(json, set, form) {
  for (const [name, value] of Object.entries(set)) {
    if (value === null) delete json[name];
    else json[name] = form.raw.value(value);
  }
}

function tombstone(drive, item, form) {
  const json = { id: drive.idOf(item) };
  if (drive.kind === "personal") json.name = nameOf(item, item.name, form);
  else json.size = 0;
  json.deleted = drive.kind === "personal" ? {} : { state: "deleted" };
  if (drive.kind === "personal" && !item.isFolder) json.file = { hashes: { quickXorHash: BOGUS_HASH } };
  if (form.settings.tombstone_facets) json[item.isFolder ? "folder" : "file"] ??= {};
  json.parentReference = parentReference(drive, item, item.parent, { ...form, delta: true });
  return json;
}

/**
 * The JSON of an item.
 * @param form {settings, delta: boolean, select: Set|null, downloadUrl: (item) => string, stale: boolean, raw}
 */
export function itemJson(drive, item, form) {
  if (item.deleted) return chosen(tombstone(drive, item, form), form.select);
  const past = form.stale ? item.extra?.was : undefined;
  const now = past ?? item;
  const select = form.select;
  const json = form.delta && drive.kind === "business" ? { "@odata.type": "#microsoft.graph.driveItem" } : {};
  const wantsUrl = item.kind === FILE && (select === null || select.has("@microsoft.graph.downloadUrl"));
  if (wantsUrl && item.extra?.error === undefined) json["@microsoft.graph.downloadUrl"] = form.downloadUrl(item);
  json.id = drive.idOf(item);
  json.name = nameOf(item, now.name, form);
  if (item !== drive.root || drive.kind === "personal") {
    json.eTag = past ? `${eTag(drive, item).slice(0, -1)}0"` : eTag(drive, item);
    if (drive.kind === "personal" || !(form.delta || item.isFolder)) json.cTag = cTag(drive, item);
  }
  const modified = item.extra?.mtimeText ?? timeText(drive, item.mtime);
  json.createdDateTime = timeText(drive, item.created);
  json.lastModifiedDateTime = modified;
  json.size = item.size;
  if (select === null || select.has("webUrl")) {
    json.webUrl = `${drive.webUrl}/${drive.pathOf(item).split("/").map(encodeName).join("/")}`;
  }
  if (select === null || select.has("lastModifiedBy") || select.has("createdBy")) {
    json.createdBy = { user: drive.owner };
    json.lastModifiedBy = person(drive, item);
  }
  json.parentReference = parentReference(drive, item, now.parent, form);
  json.fileSystemInfo = { createdDateTime: json.createdDateTime, lastModifiedDateTime: modified };
  if (item.kind !== BARE && item.kind !== SHORTCUT) addFacets(json, drive, item);
  if (item.extra?.set) override(json, item.extra.set, form);
  return chosen(json, select);
}

export function chosen(json, select) {
  if (select === null) return json;
  const part = {};
  for (const name of Object.keys(json)) {
    if (select.has(name)) part[name] = json[name];
  }
  return part;
}

/** `$select` as a set of top-level names; null where all is wanted. */
export function selection(text) {
  if (!text) return null;
  const names = text.split(",").map((name) => name.trim().split("/")[0]);
  return names.includes("*") ? null : new Set(names);
}

const MEMBERS = new Set(
  `@content.downloadUrl @microsoft.graph.downloadUrl activities analytics audio bundle cTag children content createdBy createdByUser
  createdDateTime deleted description eTag file fileSystemInfo folder id image lastModifiedBy lastModifiedByUser lastModifiedDateTime
  listItem location malware media name package parentReference pendingOperations permissions photo publication remoteItem
  retentionLabel root searchResult shared sharepointIds size source specialFolder subscriptions thumbnails versions video viewpoint
  webDavUrl webUrl workbook`.split(/\s+/),
);

/** The selection of an item's members; one that items do not have is refused. */
export function itemSelection(text) {
  const select = selection(text);
  for (const name of select ?? []) {
    if (MEMBERS.has(name)) continue;
    const why = `Could not find a property named '${name}' on type 'microsoft.graph.driveItem'.`;
    throw new DriveError(400, "BadRequest", `Parsing OData Select and Expand failed: ${why}`);
  }
  return select;
}
