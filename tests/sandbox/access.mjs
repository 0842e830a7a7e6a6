/** What a token may do: delegated scopes against the drive in question, as graph.md tells of them. */

const READ = ["Files.Read", "Files.ReadWrite"];
const READ_ALL = ["Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"];
const WRITE = ["Files.ReadWrite"];
const WRITE_ALL = ["Files.ReadWrite.All", "Sites.ReadWrite.All"];
const LISTEN = ["Files.Read", "Files.ReadWrite", "Files.ReadWrite.All"];
const LISTEN_AT_WORK = [...LISTEN, "Sites.ReadWrite.All"];

function hasOne(scopes, wanted) {
  return wanted.some((scope) => scopes.has(scope));
}

/** @param need "read" | "write" | "listen" */
export function mayUse(session, drive, need) {
  const own = session.account.drive === drive;
  if (need === "listen") return hasOne(session.scopes, session.account.kind === "business" ? LISTEN_AT_WORK : LISTEN);
  if (need === "write") return hasOne(session.scopes, own ? [...WRITE, ...WRITE_ALL] : WRITE_ALL);
  return hasOne(session.scopes, own ? [...READ, ...READ_ALL] : READ_ALL);
}

export function mayFindSites(session) {
  return hasOne(session.scopes, READ_ALL);
}
