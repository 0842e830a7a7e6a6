/**
 * The change feed: pages over a stretch of a drive's log, with opaque tokens.
 *
 * A token carries everything, so that the service keeps no state for a chain of pages and a client may go on with an old link
 * after a restart. Only whole-set orders (shuffle, reverse) keep their list.
 */
import { randomUUID } from "node:crypto";
import { SHORTCUT } from "./drive.mjs";
import { itemJson, itemSelection } from "./item-json.mjs";
import { seeded, shuffle } from "./random.mjs";
import { seal, unseal } from "./seal.mjs";

const KEPT_LISTS = 32;

export class Gone extends Error {}
export class BadToken extends Error {}

export class Feed {
  constructor(app) {
    this.app = app;
    this.views = []; // what a first request asked for: the links refer to it by number
    this.lists = new Map();
    this.random = seeded(app.settings.seed);
  }

  /** The place from which a first request starts. @param from "start" | "latest" | milliseconds */
  begin(drive, scope, query, from) {
    const head = this.#visibleHead(drive);
    const since = from === "start" ? 0 : from === "latest" ? head : drive.headAt(from);
    const view = this.#view(query);
    return { drive, scope, view, epoch: drive.epoch, since, position: since, start: head, list: "", page: 0, issued: Date.now() };
  }

  /** The place that a token stands for. Throws BadToken or Gone. */
  resume(drive, token) {
    const fields = unseal("delta", token);
    if (fields === null) throw new BadToken();
    const [driveName, list, ...texts] = fields;
    if (driveName !== drive.name) throw new BadToken();
    const [scope, view, epoch, since, position, start, page, issued] = texts.map(Number);
    const place = { drive, list, scope: drive.items[scope], view, epoch, since, position, start, page, issued, resumed: true };
    this.#checkAge(place);
    return place;
  }

  /** One page: { items: JSON objects, next: place|null, delta: place|null }. */
  page(place, form) {
    const { drive } = place;
    const view = this.views[place.view];
    const limit = Math.min(view.top ?? this.app.settings.page_size, this.app.settings.max_top);
    if (this.#wantsEmpty(place)) return { items: [], next: { ...place, page: place.page + 1 }, delta: null };
    place.excludeParents = form.excludeParents;
    const walk = this.#isListed(place) ? this.#listed(place, limit) : this.#logged(place, limit);
    const items = this.#render(drive, walk.items, { ...form, delta: true, select: view.select });
    const next = { ...place, position: walk.position, list: walk.list ?? "", page: place.page + 1 };
    if (!walk.complete) return { items, next, delta: null };
    const head = place.since === 0 || this.app.settings.delta_paging === "snapshot" ? place.start : walk.position;
    const since = this.#isListed(place) ? place.start : Math.max(head, place.since);
    return { items, next: null, delta: { ...place, since, position: since, start: since, list: "", page: 0, issued: Date.now() } };
  }

  token(place) {
    const { drive, scope, view, epoch, since, position, start, page, issued, list } = place;
    return seal("delta", [drive.name, list, scope.n, view, epoch, since, position, start, page, issued, randomUUID().slice(0, 4)]);
  }

  #view(query) {
    const text = query.get("$select") ?? query.get("select") ?? "";
    const top = Number(query.get("$top") ?? query.get("top")) || undefined;
    const same = this.views.findIndex((view) => view.text === text && view.top === top);
    if (same >= 0) return same;
    return this.views.push({ text, top, select: itemSelection(text) }) - 1;
  }

  /** The root, the log's first entry, is older than any lag. */
  #visibleHead(drive) {
    const lag = this.app.settings.delta_lag_ms;
    return lag > 0 ? Math.max(1, drive.headAt(Date.now() - lag)) : drive.head;
  }

  #checkAge({ drive, epoch, since, position, issued }) {
    const { token_horizon: horizon, token_max_age_ms: maxAge } = this.app.settings;
    if (epoch !== drive.epoch) throw new Gone();
    if (horizon > 0 && Math.max(since, position) < drive.head - horizon) throw new Gone();
    if (maxAge > 0 && Date.now() - issued > maxAge) throw new Gone();
  }

  #isListed({ list }) {
    return list !== "" || ["shuffle", "reverse"].includes(this.app.settings.order);
  }

  /** An empty page comes at most before each other page, so that the chain ends. */
  #wantsEmpty({ page }) {
    return page % 2 === 0 && this.random() < this.app.settings.empty_pages;
  }

  /** Walks the log. A full enumeration (since 0) leaves out what is deleted; parents that come later are put in front. */
  #logged(place, limit) {
    const { drive, scope, since } = place;
    const withAncestors = since === 0 || (this.app.settings.ancestors && !place.excludeParents);
    const end = this.app.settings.delta_paging === "snapshot" ? place.start : this.#visibleHead(drive);
    const page = new Set();
    let position = place.position;
    while (position < end && page.size < limit) {
      const item = drive.log[++position];
      const superseded = item.seq !== position && item.seq <= end; // its newest state comes later in this walk, or never
      if (superseded || (since === 0 && item.deleted) || !isWithin(item, scope)) continue;
      let missing = ancestorsToShow(page, item, place, position);
      if (!withAncestors) missing = missing.filter((ancestor) => place.excludeParents && ancestor === drive.root);
      if (page.size > 0 && page.size + missing.length + 1 > limit) {
        position--;
        break;
      }
      for (const ancestor of missing) page.add(ancestor);
      page.add(item);
    }
    const items = [...page];
    if (this.app.settings.order === "shuffle_page") shuffle(items, this.random);
    return { items, position, complete: position >= end };
  }

  /** Whole-set orders: the set is taken at the first page. */
  #listed(place, limit) {
    const list = place.list === "" ? this.#takeList(place) : place.list;
    const all = this.lists.get(list);
    if (all === undefined) throw new BadToken();
    const from = place.list === "" ? 0 : place.position;
    const items = all.slice(from, from + limit).filter((item) => place.since > 0 || !item.deleted);
    return { items, position: from + limit, list, complete: from + limit >= all.length };
  }

  #takeList(place) {
    const all = this.#logged({ ...place, position: place.since }, Infinity).items;
    if (this.app.settings.order === "shuffle") shuffle(all, this.random);
    else all.reverse();
    const name = randomUUID();
    this.lists.set(name, all);
    if (this.lists.size > KEPT_LISTS) this.lists.delete(this.lists.keys().next().value);
    return name;
  }

  #render(drive, items, form) {
    const { repeats, stale_repeats: stale } = this.app.settings;
    const values = [];
    const again = [];
    for (const item of items) {
      if (item.kind === SHORTCUT && !form.shortcuts) continue;
      const twice = repeats > 0 && this.random() < repeats;
      values.push(itemJson(drive, item, { ...form, stale: twice && stale }));
      if (twice) again.push(item);
    }
    for (const item of again) values.push(itemJson(drive, item, form));
    return values;
  }
}

/** Ancestors that this chain has not shown yet, top first: unchanged ones, and changed ones whose turn comes later. */
function ancestorsToShow(page, item, { since, scope }, position) {
  const missing = [];
  for (let at = item.parent; at !== null && at !== scope.parent; at = at.parent) {
    if (at.deleted || (at.seq > since && at.seq <= position) || page.has(at)) continue;
    missing.unshift(at);
  }
  return missing;
}

function isWithin(item, scope) {
  if (scope.n === 0) return true;
  for (let at = item; at !== null; at = at.parent) {
    if (at === scope) return true;
  }
  return false;
}
