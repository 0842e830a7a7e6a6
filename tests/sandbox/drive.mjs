/**
 * A drive as a model: a tree of items and the log of its changes.
 *
 * Every change appends the item to the log, and the item remembers its newest place there. A delta is then a walk over a
 * stretch of the log that skips entries whose item has moved on: state-based, in proportion to the changes.
 * Nothing here knows about HTTP.
 */
import { contentQuickXor } from "./content.mjs";
import { business, guidOf, personal, personalOld } from "./ids.mjs";

export const FILE = 0;
export const FOLDER = 1;
export const PACKAGE = 2;
export const SHORTCUT = 3;
export const BARE = 4; // neither facet: a broken or transitional item

export class DriveError extends Error {
  constructor(status, code, message, inner) {
    super(message);
    this.status = status;
    this.code = code;
    this.inner = inner;
  }
}

export class Item {
  constructor(n, name, parent, kind, time) {
    this.n = n;
    this.name = name;
    this.parent = parent;
    this.kind = kind;
    this.children = kind === FOLDER || kind === PACKAGE ? new Map() : null;
    this.size = 0;
    this.bytes = null; // literal content, or null where it is generated from the seed
    this.seed = 0;
    this.hash = null;
    this.seq = 0; // place of the newest change in the drive's log
    this.rev = 1; // counts changes of anything: eTag
    this.contentRev = 1; // counts changes of content: cTag
    this.created = time;
    this.mtime = time;
    this.deleted = false;
    this.extra = null; // what only few items have: { set, rawName, mtimeText, was, error, editor, lost }
  }

  get isFolder() {
    return this.children !== null;
  }

  extras() {
    return (this.extra ??= {});
  }
}

/** Names are compared without case, as the service does. */
export function key(name) {
  return name.toLowerCase();
}

export class Drive {
  /** @param about {id, kind: "personal"|"business", style, driveType, name, owner, code, salt, siteId?, listId?} */
  constructor(about) {
    Object.assign(this, about);
    this.ids = this.kind === "business" ? business : this.style === "old" ? personalOld : personal;
    this.items = [];
    this.log = [null]; // sequence numbers start at 1
    this.times = new Float64Array(1024);
    this.epoch = 1; // tokens of an older epoch are gone
    this.state = "ok"; // "forbidden" and "missing" stand for access withdrawn and drive removed
    this.onChange = () => {};
    this.root = this.#make("root", null, FOLDER, Date.UTC(2024, 10, 8, 10));
  }

  get head() {
    return this.log.length - 1;
  }

  idOf(item) {
    return this.ids.idOf(this, item.n);
  }

  guidOf(item) {
    return guidOf(this.salt, item.n);
  }

  /** The item of an id, deleted ones included; null where there is none. */
  byId(id) {
    if (id === "root") return this.root;
    const item = this.items[this.ids.numberOf(this, id)] ?? null;
    return item !== null && this.ids.same(this.idOf(item), id) ? item : null;
  }

  /** The live item at a path of names from `from` on; null where there is none. */
  walk(names, from = this.root) {
    let item = from;
    for (const name of names) {
      item = item?.children?.get(key(name)) ?? null;
    }
    return item;
  }

  pathOf(item) {
    const names = [];
    for (let at = item; at !== this.root; at = at.parent) names.unshift(at.name);
    return names.join("/");
  }

  hashOf(item) {
    return (item.hash ??= contentQuickXor(item));
  }

  /** Creates a folder, or another item with children or without content. */
  mkdir(parent, name, { kind = FOLDER, time = Date.now() } = {}) {
    this.#refuseTaken(parent, name);
    return this.#make(name, parent, kind, time);
  }

  /**
   * Creates a file or gives an existing one new content: { bytes } or { seed, size }. Answers the item.
   * `force` puts a further item beside one of the same name, which only a broken service does.
   */
  put(parent, name, content, { mtime = Date.now(), created = mtime, force = false } = {}) {
    const there = force ? undefined : parent.children.get(key(name));
    if (there?.isFolder) throw new DriveError(409, "nameAlreadyExists", "A folder has that name");
    if (there === undefined) {
      const item = this.#make(name, parent, FILE, mtime, force);
      item.created = created;
      this.#fill(item, content);
      return item;
    }
    this.remember(there);
    there.name = name;
    this.#fill(there, content);
    there.mtime = mtime;
    there.rev++;
    there.contentRev++;
    this.touch(there);
    return there;
  }

  /** Moves and renames in one step; a cycle or a taken name is refused, as the service does. */
  move(item, parent, name) {
    if (item === this.root) throw new DriveError(400, "invalidRequest", "The root cannot be moved");
    if (!parent.isFolder) throw new DriveError(400, "invalidRequest", "The new parent is no folder");
    for (let at = parent; at !== null; at = at.parent) {
      if (at === item) throw new DriveError(400, "invalidRequest", "A folder cannot be moved into itself");
    }
    const there = parent.children.get(key(name));
    if (there !== undefined && there !== item) throw new DriveError(409, "nameAlreadyExists", "Name already exists");
    this.remember(item);
    this.#unlink(item);
    item.parent = parent;
    item.name = name;
    if (item.extra !== null) item.extra.rawName = undefined;
    this.#link(item);
    item.rev++;
    this.touch(item);
  }

  /** Removes an item and all below it; `report` tells which tombstones the change feed gets: "all", "top" or "none". */
  remove(item, report = "all") {
    if (item === this.root) throw new DriveError(400, "invalidRequest", "The root cannot be deleted");
    this.#unlink(item);
    this.#bury(item, report);
  }

  /** Notes a change of an item that was made in place. */
  touch(item) {
    const seq = this.log.push(item) - 1;
    item.seq = seq;
    if (seq >= this.times.length) {
      const longer = new Float64Array(this.times.length * 2);
      longer.set(this.times);
      this.times = longer;
    }
    this.times[seq] = Date.now();
  }

  /** Keeps the state before a change, for feeds that show an item several times. */
  remember(item) {
    item.extras().was = { name: item.name, parent: item.parent, rev: item.rev };
  }

  /** The last sequence number whose change is not younger than `time`. */
  headAt(time) {
    let low = 0;
    let high = this.head;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Yields every live item but the root, depth first. */
  *live(folder = this.root) {
    for (const item of folder.children.values()) {
      yield item;
      if (item.isFolder) yield* this.live(item);
    }
  }

  #refuseTaken(parent, name) {
    if (parent.children.has(key(name))) throw new DriveError(409, "nameAlreadyExists", "Name already exists");
  }

  #make(name, parent, kind, time, force = false) {
    const item = new Item(this.items.length, name, parent, kind, time);
    this.items.push(item);
    if (parent !== null) this.#link(item, force);
    this.touch(item);
    return item;
  }

  #fill(item, content) {
    const size = content.bytes ? content.bytes.length : content.size;
    this.#grow(item.parent, size - item.size);
    item.size = size;
    item.bytes = content.bytes ?? null;
    item.seed = content.bytes ? 0 : content.seed | 0;
    item.hash = null;
  }

  #link(item, force = false) {
    const name = key(item.name);
    item.parent.children.set(force && item.parent.children.has(name) ? `${name}\0${item.n}` : name, item);
    this.#grow(item.parent, item.size);
  }

  #unlink(item) {
    const siblings = item.parent.children;
    const name = key(item.name);
    siblings.delete(siblings.get(name) === item ? name : `${name}\0${item.n}`);
    this.#grow(item.parent, -item.size);
  }

  /** A folder's size, cTag and derived time follow everything below it; its eTag does not. */
  #grow(folder, bytes) {
    for (let at = folder; at !== null; at = at.parent) {
      at.size += bytes;
      at.contentRev++;
    }
  }

  #bury(item, report) {
    if (item.isFolder) {
      for (const child of item.children.values()) this.#bury(child, report === "all" ? "all" : "none");
      item.children.clear();
    }
    item.deleted = true;
    item.bytes = null;
    item.rev++;
    if (report === "none") item.seq = 0;
    else this.touch(item);
  }
}
