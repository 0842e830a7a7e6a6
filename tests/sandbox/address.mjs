/**
 * Graph paths: segments, colon addressing, drives by their several forms.
 *
 * A segment that ends with a raw colon opens a path of names, the next such segment closes it; encoded colons belong to names.
 * Encoded slashes part names as raw ones do, and a "." is no name: some clients encode a whole path at once.
 */

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Cuts a raw path behind the version: { head: segments, names: path of names or null, tail: segments behind it }. */
export function parsePath(rawPath) {
  const head = [];
  let names = null;
  let tail = null;
  for (const segment of rawPath.split("/")) {
    if (segment === "") continue;
    const colon = segment.endsWith(":");
    const text = decoded(colon ? segment.slice(0, -1) : segment);
    if (tail !== null) {
      tail.push(text);
    } else if (names === null) {
      head.push(text);
      if (colon) names = [];
    } else {
      names.push(...text.split("/").filter((name) => name !== "" && name !== "."));
      if (colon) tail = [];
    }
  }
  return { head, names, tail: tail ?? [] };
}

/** `name(key='value')` as { name, argument }; other segments have no argument. */
export function functionCall(segment = "") {
  const call = /^([\w.]+)\((?:\w+=)?'?(.*?)'?\)$/.exec(segment);
  return call ? { name: call[1].replace(/^microsoft\.graph\./, ""), argument: call[2] } : { name: segment };
}

/**
 * Splits segments that begin with a drive in one of its forms: { find: (app, account) => Drive|"hidden"|null, form, rest }.
 * Null where they name no drive.
 */
export function driveAddress(head) {
  const [first, id, third, fourth, fifth] = head;
  if (first === "drive") return { form: "me", find: own, rest: head.slice(1) };
  if (first === "me" && id === "drive") return { form: "me", find: own, rest: head.slice(2) };
  if (first === "users" && third === "drive") return { form: "me", find: (app) => personNamed(app, id)?.drive ?? null, rest: head.slice(3) };
  if (first === "drives" && id !== undefined) return { form: "drive", find: byId(id), rest: head.slice(2) };
  if (["me", "sites", "groups"].includes(first) && (first === "me" ? id : third) === "drives") {
    const at = first === "me" ? 2 : 3;
    return head[at] === undefined ? null : { form: "drive", find: byId(head[at]), rest: head.slice(at + 1) };
  }
  if (first === "groups" && third === "drive") return { form: "group", find: (app) => groupDrive(app, id), rest: head.slice(3) };
  if (first !== "sites") return null;
  if (third === "drive") return { form: "site", find: (app) => libraryOf(app, id), rest: head.slice(3) };
  if (third === "lists" && fifth === "drive") return { form: "site", find: (app) => libraryOf(app, id, fourth), rest: head.slice(5) };
  return null;
}

function own(_, account) {
  return account.drive;
}

/** An account by its id or its sign-in name. */
export function personNamed(app, name) {
  const wanted = name.toLowerCase();
  return [...app.world.accounts.values()].find(({ id, userPrincipalName }) => [id, userPrincipalName].includes(wanted)) ?? null;
}

function byId(id) {
  return (app) => (app.world.isHidden(id) ? "hidden" : app.world.driveById(id));
}

function groupDrive(app, id) {
  return app.world.groups.find((group) => group.id === id.toLowerCase())?.drive ?? null;
}

export function siteById(app, id) {
  const wanted = id.toLowerCase();
  return app.world.sites.find((site) => [site.id, site.host, site.id.split(",")[1]].includes(wanted)) ?? null;
}

function libraryOf(app, siteId, listId) {
  const lists = siteById(app, siteId)?.lists ?? [];
  if (listId === undefined) return lists[0]?.drive ?? null;
  const wanted = listId.toLowerCase();
  return lists.find((list) => list.id === wanted || list.displayName.toLowerCase() === wanted)?.drive ?? null;
}
