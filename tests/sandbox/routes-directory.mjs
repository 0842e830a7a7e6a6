/** Accounts, drives, groups and sites: what a client asks to learn what there is to mirror. */
import { mayFindSites, mayUse } from "./access.mjs";
import { personNamed, siteById } from "./address.mjs";
import { itemJson } from "./item-json.mjs";
import { driveJson, formOf, listJson, selected, sendItem } from "./routes-items.mjs";
import { seeded, shuffle } from "./random.mjs";

const order = seeded(7);

function collection(exchange, kind, value) {
  exchange.json(200, { "@odata.context": `${exchange.origin}/v1.0/$metadata#${kind}`, value: value.map((one) => selected(exchange, one)) });
}

function me(exchange, { account }) {
  const { id, displayName, userPrincipalName } = account;
  exchange.json(200, selected(exchange, { id, displayName, userPrincipalName, mail: userPrincipalName }));
}

function user(name) {
  return (exchange) => {
    const account = personNamed(exchange.app, name);
    if (account === null) exchange.error(404, "Request_ResourceNotFound", `Resource '${name}' does not exist.`);
    else me(exchange, { account });
  };
}

function group(id) {
  return (exchange) => {
    const found = exchange.app.world.groups.find((one) => one.id === id.toLowerCase());
    if (found === undefined) return notFound(exchange);
    return exchange.json(200, selected(exchange, { id: found.id, displayName: found.displayName }));
  };
}

/** Only work accounts follow sites. */
function followedSites(exchange, { account }) {
  if (account.kind === "personal") return exchange.error(400, "notSupported", "Operation not supported");
  return collection(exchange, "sites", exchange.app.world.sites.map(siteJson));
}

/** Personal accounts also see two hidden system drives here, in no certain order, that refuse all work. */
function myDrives(exchange, { account }) {
  const hidden = exchange.app.world.hiddenDrives.map((id) => ({ id, driveType: "personal", name: "Bundles_b896e2bf", owner: {} }));
  collection(exchange, "drives", shuffle([driveJson(account.drive), ...hidden], order));
}

function myGroups(exchange) {
  collection(exchange, "groups", exchange.app.world.groups.map(({ id, displayName }) => ({ id, displayName })));
}

function groupDrives(id) {
  return (exchange) => {
    const group = exchange.app.world.groups.find((one) => one.id === id.toLowerCase());
    if (group === undefined) return notFound(exchange);
    collection(exchange, "drives", [driveJson(group.drive)]);
  };
}

function siteJson({ id, name, displayName, host, path }) {
  return { id, name, displayName, webUrl: `https://${host}${path}` };
}

function sites(exchange, session) {
  if (exchange.app.settings.enforce_scopes && !mayFindSites(session)) {
    return exchange.error(403, "accessDenied", "Access denied");
  }
  const search = exchange.query.get("search") ?? exchange.query.get("$search") ?? "*";
  const wanted = search.toLowerCase();
  const found = exchange.app.world.sites.filter((site) => search === "*" || site.displayName.toLowerCase().includes(wanted));
  collection(exchange, "sites", found.map(siteJson));
}

function withSite(find, answer) {
  return (exchange, session) => {
    if (exchange.app.settings.enforce_scopes && !mayFindSites(session)) {
      return exchange.error(403, "accessDenied", "Access denied");
    }
    const site = find(exchange.app);
    return site === null ? notFound(exchange) : answer(exchange, site);
  };
}

function notFound(exchange) {
  exchange.error(404, "itemNotFound", "The resource could not be found.");
}

const SITE_PARTS = {
  undefined: (exchange, site) => exchange.json(200, selected(exchange, siteJson(site))),
  drive: (exchange, site) => exchange.json(200, selected(exchange, driveJson(site.lists[0].drive))),
  drives: (exchange, site) => collection(exchange, "drives", site.lists.map((list) => driveJson(list.drive))),
  lists: (exchange, site) => collection(exchange, "lists", site.lists.map((list) => listJson(list.drive, list))),
};

function siteRoute({ head, names, tail }) {
  const [, id, part] = head;
  if (id === undefined) return { route: "sites", run: sites };
  const wanted = names === null ? part : tail[0];
  const answer = SITE_PARTS[wanted];
  if (answer === undefined) return null;
  const path = names === null ? null : `/${names.join("/")}`.toLowerCase();
  const find = (app) =>
    path === null ? siteById(app, id) : ([...app.world.sites, ...app.world.personalSites].find((site) => site.host === id.toLowerCase() && site.path === path) ?? null);
  return { route: wanted === undefined ? "site" : wanted, run: withSite(find, answer) };
}

/** The address behind a sharing token: "u!" and unpadded base64url. */
function sharedAddress(token) {
  return token.startsWith("u!") ? Buffer.from(token.slice(2), "base64url").toString() : "";
}

/** Our sharing links end in the item's id; any item's own web address will do as well. */
function findShared(app, address) {
  const id = /^https:\/\/[^/]+\/:f:\/s\/[^/]+\/E([^?]+)/.exec(address)?.[1];
  for (const drive of app.world.drives.values()) {
    const item = id === undefined ? underDrive(drive, address) : drive.byId(decodeURIComponent(id));
    if (item !== null && !item.deleted) return { drive, item };
  }
  return null;
}

function underDrive(drive, address) {
  const rest = address.startsWith(`${drive.webUrl}/`) ? address.slice(drive.webUrl.length) : null;
  return rest === null ? null : drive.walk(rest.split("/").filter(Boolean).map(decodeURIComponent));
}

function share(token) {
  return (exchange, session) => {
    const found = findShared(exchange.app, sharedAddress(token));
    if (found === null) return notFound(exchange);
    const allowed = !exchange.app.settings.enforce_scopes || mayUse(session, found.drive, "read");
    return allowed ? sendItem(exchange, found.drive, found.item) : exchange.error(403, "accessDenied", "Access denied");
  };
}

function sharedWithMe(exchange) {
  const value = exchange.app.world.shared.map(([drive, item]) => {
    const { id, name, webUrl, parentReference, folder, file } = itemJson(drive, item, { ...formOf(exchange, drive, null), shortcuts: true });
    return { id, name, webUrl, remoteItem: { id, name, webUrl, parentReference, folder, file } };
  });
  collection(exchange, "driveItems", value);
}

/** The route of a request that names no drive; null where there is none. */
export function directoryRoute(method, address) {
  const { head } = address;
  if (method !== "GET") return null;
  const path = head.join("/");
  if (path === "me") return { route: "me", run: me };
  if (head[0] === "users" && head.length === 2) return { route: "me", run: user(head[1]) };
  if (head[0] === "groups" && head.length === 2) return { route: "groups", run: group(head[1]) };
  if (path === "me/drive/sharedWithMe") return { route: "sharedWithMe", run: sharedWithMe };
  if (head[0] === "shares" && head[2] === "driveItem") return { route: "share", run: share(head[1]) };
  if (path === "me/drives") return { route: "drives", run: myDrives };
  if (path === "me/memberOf/microsoft.graph.group") return { route: "groups", run: myGroups };
  if (path === "me/followedSites") return { route: "sites", run: followedSites };
  if (head[0] === "groups" && head[2] === "drives") return { route: "drives", run: groupDrives(head[1]) };
  return head[0] === "sites" ? siteRoute(address) : null;
}
