/** Where a request's path begins: the root, an item, or one of the special folders, which come to be when they are first used. */
import { mayUse } from "./access.mjs";
import { DriveError, key } from "./drive.mjs";

const PLACES = {
  documents: ["Documents"],
  photos: ["Pictures"],
  cameraroll: ["Pictures", "Camera Roll"],
  music: ["Music"],
  approot: ["Apps", "Sandbox"],
};

/** The folder under its own name, wherever it lies by now; null where it is not there and the token may not make it. */
function specialFolder(app, { drive, special, session }) {
  const place = PLACES[special];
  if (place === undefined) throw new DriveError(400, "invalidRequest", "The special folder identifier isn't valid");
  drive.special ??= new Map();
  const known = drive.special.get(special);
  if (known !== undefined && !known.deleted) return known;
  let folder = drive.root;
  for (const name of place) {
    const there = folder.children.get(key(name));
    if (there === undefined && app.settings.enforce_scopes && !mayUse(session, drive, "write")) return null;
    folder = there ?? drive.mkdir(folder, name);
    if (!folder.isFolder) throw new DriveError(409, "nameAlreadyExists", "A file has that name");
  }
  folder.extras().special = special;
  drive.special.set(special, folder);
  return folder;
}

/** The item that ids and special names stand for; null where there is none. */
export function startOf(app, where) {
  if (where.special !== undefined) return specialFolder(app, where);
  return where.id === undefined ? where.drive.root : where.drive.byId(where.id);
}
