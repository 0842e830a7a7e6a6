/** Which request gets which fault: rules by route, position, count and probability (POST /faults). */
import { KINDS } from "./fault-delivery.mjs";
import { seeded } from "./random.mjs";

export class Faults {
  constructor() {
    this.rules = [];
    this.next = 1;
  }

  /** Adds a rule and answers its id. README.md lists the kinds. */
  add(rule) {
    if (!KINDS.has(rule.kind)) throw new Error(`no fault is called ${rule.kind}`);
    const id = this.next++;
    this.rules.push({ route: "*", after: 0, every: 1, ...rule, id, seen: 0, fired: 0, random: seeded(rule.seed ?? id) });
    return id;
  }

  clear(id) {
    this.rules = id === undefined ? [] : this.rules.filter((rule) => rule.id !== id);
  }

  list() {
    return this.rules.map(({ random, ...rule }) => rule);
  }

  /** The fault for a request, or null. Of several rules that want it the oldest one gets it; all count it. */
  pick(exchange) {
    let picked = null;
    for (const rule of this.rules) {
      if (this.#wants(rule, exchange) && picked === null) {
        rule.fired++;
        picked = rule;
      }
    }
    return picked;
  }

  #wants(rule, { route, method, path, listener }) {
    if (rule.route !== "*" && rule.route !== route && rule.route !== listener.role) return false;
    if (rule.method !== undefined && rule.method !== method) return false;
    if (rule.match !== undefined && !path.includes(rule.match)) return false;
    if (rule.count !== undefined && rule.fired >= rule.count) return false;
    const turn = ++rule.seen - rule.after - 1;
    if (turn < 0 || turn % rule.every !== 0) return false;
    return rule.probability === undefined || rule.random() < rule.probability;
  }
}
