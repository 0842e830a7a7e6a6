/** What "another device" does to a drive: the operations of POST /change, and items in bulk. */
import { BARE, FILE, FOLDER, PACKAGE, SHORTCUT, key } from "./drive.mjs";
import { timeText } from "./item-json.mjs";

/** Characters that a name in a path may hold apart from "/", which names of bytes and "name" members avoid. */
function segments(path) {
  return path.split("/").filter((name) => name !== "");
}

/** The item of an operation, by id or path. */
function find(drive, op) {
  const item = op.id !== undefined ? drive.byId(op.id) : drive.walk(segments(op.path ?? ""));
  if (item === null || item.deleted) throw new Error(`no item ${op.id ?? op.path}`);
  return item;
}

function folderAt(drive, names) {
  let folder = drive.root;
  for (const name of names) {
    folder = folder.children.get(key(name)) ?? drive.mkdir(folder, name);
    if (!folder.isFolder) throw new Error(`${name} is a file`);
  }
  return folder;
}

/** Folder and name of a new item. `path` gives both; `name` is one name verbatim, also an impossible one, in folder `path`. */
function place(drive, op) {
  const names = segments(op.path ?? "");
  if (op.name !== undefined) return { parent: folderAt(drive, names), name: op.name };
  if (op.name_base64 !== undefined) {
    return { parent: folderAt(drive, names), name: `bytes-${op.name_base64}`, rawName: Buffer.from(op.name_base64, "base64") };
  }
  return { parent: folderAt(drive, names.slice(0, -1)), name: names.at(-1) };
}

function contentOf(op) {
  if (op.base64 !== undefined) return { bytes: Buffer.from(op.base64, "base64") };
  if (typeof op.content === "object" && op.content !== null) return { seed: op.content.seed ?? 0, size: op.content.size };
  return { bytes: Buffer.from(op.content ?? "") };
}

/** What few items have: editor, an unusual time text, members set by the test, an error of their own. */
function decorate(item, op, rawName) {
  if (rawName !== undefined) item.extras().rawName = rawName;
  if (op.editor !== undefined) item.extras().editor = op.editor;
  if (op.mtime_text !== undefined) item.extras().mtimeText = op.mtime_text;
  if (op.set !== undefined) item.extras().set = op.set === null ? undefined : { ...item.extra?.set, ...op.set };
  if (op.error !== undefined) item.extras().error = op.error ?? undefined;
}

function timeOf(op) {
  if (op.mtime === undefined) return {};
  return { mtime: typeof op.mtime === "number" ? op.mtime : Date.parse(op.mtime) };
}

function make(kind, set = {}) {
  return (drive, op) => {
    const { parent, name, rawName } = place(drive, op);
    const item = drive.mkdir(parent, name, { kind, time: timeOf(op).mtime });
    decorate(item, { ...op, set: { ...set, ...op.set } }, rawName);
    return item;
  };
}

function moveTo(drive, item, to) {
  const names = segments(to);
  drive.move(item, folderAt(drive, names.slice(0, -1)), names.at(-1));
  return item;
}

function remoteItem(op) {
  const remote = { id: "D8EBBD13A0551216!313", name: op.name ?? op.path, folder: { childCount: 3 } };
  return { ...remote, parentReference: { driveType: "personal", driveId: "d8ebbd13a0551216" } };
}

const OPERATIONS = {
  put(drive, op) {
    const { parent, name, rawName } = place(drive, op);
    const item = drive.put(parent, name, contentOf(op), { ...timeOf(op), force: op.force === true });
    decorate(item, op, rawName);
    return item;
  },
  mkdir(drive, op) {
    const isPlain = Object.keys(op).every((name) => ["op", "drive", "notify", "path"].includes(name));
    if (isPlain) return folderAt(drive, segments(op.path));
    return make(FOLDER)(drive, op);
  },
  package: make(PACKAGE),
  bare: make(BARE),
  shortcut: (drive, op) => make(SHORTCUT, { remoteItem: op.remoteItem ?? remoteItem(op) })(drive, op),
  vault: (drive, op) => make(BARE, { webUrl: null })(drive, { ...op, error: { status: 400, code: "invalidRequest", message: "ObjectHandle is Invalid" } }),
  move: (drive, op) => moveTo(drive, find(drive, op), op.to),
  rename(drive, op) {
    const item = find(drive, op);
    drive.move(item, item.parent, op.name);
    return item;
  },
  /** Two items change places; what each is called and where it lies is the other's. */
  swap(drive, op) {
    const first = find(drive, op);
    const second = drive.walk(segments(op.with));
    const [from, fromName, to, toName] = [first.parent, first.name, second.parent, second.name];
    drive.move(first, from, `${fromName}.swap-${first.n}`);
    drive.move(second, from, fromName);
    drive.move(first, to, toName);
    return first;
  },
  delete(drive, op, app) {
    const item = find(drive, op);
    drive.remove(item, op.lost ? "none" : app.settings.tombstones);
    return item;
  },
  /** Its owner shares it: it is in everybody's sharedWithMe. */
  share(drive, op, app) {
    const item = find(drive, op);
    app.world.shared.push([drive, item]);
    return item;
  },
  /** Changes of metadata only: time, members, error; the item shows up in the feed. */
  touch(drive, op) {
    const item = find(drive, op);
    drive.remember(item);
    decorate(item, op);
    item.mtime = timeOf(op).mtime ?? item.mtime;
    item.rev++;
    drive.touch(item);
    return item;
  },
};

/** Runs operations in order; answers the ids that they touched. Every drive that changed gets one notification per operation. */
export function change(app, ops, { notify = true } = {}) {
  return ops.map((op) => {
    const drive = app.world.driveNamed(op.drive);
    const run = OPERATIONS[op.op];
    if (run === undefined) throw new Error(`no operation is called ${op.op}`);
    const item = run(drive, op, app);
    if (notify && op.notify !== false) drive.onChange();
    return { id: drive.idOf(item), seq: drive.head, time: Date.now() };
  });
}

/** Numbered folders in a tree of `depth` levels; answers them in the order of their making. */
function folderTree(drive, top, { folders, depth, prefix }) {
  const made = [top];
  const width = Math.max(1, Math.ceil(folders ** (1 / depth)));
  for (let i = 0; i < folders; i++) {
    const parent = made[Math.floor(i / width)];
    made.push(parent.children.get(key(`${prefix}d${i}`)) ?? drive.mkdir(parent, `${prefix}d${i}`));
  }
  return made;
}

/** Makes `count` files, spread evenly over `folders` folders. One notification at the end. */
export function bulk(app, request) {
  const { count, folders = 0, depth = 2, size = 100, prefix = "f", path = "", seed = 1, notify = true } = request;
  const drive = app.world.driveNamed(request.drive);
  const started = Date.now();
  const all = folderTree(drive, folderAt(drive, segments(path)), { folders, depth, prefix });
  const places = folders > 0 ? all.slice(1) : all;
  for (let i = 0; i < count; i++) {
    const mtime = Date.UTC(2026, 0, 1) + i * 1000;
    drive.put(places[i % places.length], `${prefix}${i}.bin`, { seed: seed + i, size }, { mtime });
  }
  if (notify) drive.onChange();
  return { count, folders: places.length, ms: Date.now() - started, head: drive.head };
}

/** One line of JSON for each live item, depth first. */
export function* treeLines(drive) {
  const names = [];
  const depthOf = new Map([[drive.root, 0]]);
  for (const item of drive.live()) {
    const depth = depthOf.get(item.parent);
    names.length = depth;
    names.push(item.name);
    if (item.isFolder) depthOf.set(item, depth + 1);
    const line = { path: names.join("/"), type: ["file", "folder", "package", "shortcut", "bare"][item.kind], id: drive.idOf(item) };
    if (item.kind === FILE) Object.assign(line, { size: item.size, quickXorHash: drive.hashOf(item), mtime: timeText(drive, item.mtime) });
    if (item.extra?.rawName !== undefined) line.name_base64 = item.extra.rawName.toString("base64");
    yield `${JSON.stringify(line)}\n`;
  }
}
