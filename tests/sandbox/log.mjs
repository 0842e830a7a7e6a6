/** What was asked of the sandbox, and what should not have been asked: the request log, counts by route, violations. */

const KEEP = 200_000;
const IN_FLIGHT_MS = 500; // a busy machine reads late what came before

export class RequestLog {
  constructor() {
    this.reset();
  }

  reset() {
    this.entries = [];
    this.dropped = 0;
    this.counts = {};
    this.violations = [];
    this.waits = new Map(); // host role -> end of a Retry-After window
  }

  /** Notes a request as it arrives; the entry is filled in as the answer goes out. Paths come without their query. */
  begin(role, method, path) {
    const scrubbed = path.replace(/\(token=.*\)/, "(token)");
    const entry = { time: Date.now(), role, method, route: "unknown", path: scrubbed, status: 0, bytes: 0, flags: [] };
    if (this.entries.length >= KEEP) {
      this.entries.splice(0, KEEP / 2);
      this.dropped += KEEP / 2;
    }
    this.entries.push(entry);
    return entry;
  }

  count(entry) {
    this.counts[entry.route] = (this.counts[entry.route] ?? 0) + 1;
    const wait = this.waits.get(entry.role);
    if (wait !== undefined && entry.time > wait.from && entry.time < wait.until) {
      this.violation("retry_after", entry, "asked inside a wait");
    }
  }

  /** Notes tokens where they do not belong: with another host than Graph, or in an address. */
  checkSecrets(entry, headers, url) {
    const carries = entry.role === "login" ? /^Bearer /i.test(headers.authorization ?? "") : headers.authorization !== undefined;
    if (entry.role !== "graph" && carries) this.violation(`token_on_${entry.role}_host`, entry);
    /* Only a person's browser has cookies, and only where people sign in. */
    const isBrowser = entry.role === "login" && entry.path.endsWith("/authorize");
    if (headers.cookie !== undefined && !isBrowser) this.violation("cookie", entry);
    if (/eyJ0eXAi|EwBwA8l6|[?&](access|refresh)_token=/.test(url)) this.violation("credentials_in_query", entry);
  }

  violation(kind, entry, detail = "") {
    entry.flags.push(kind);
    this.violations.push({ time: Date.now(), kind, role: entry.role, route: entry.route, path: entry.path, detail });
  }

  /** An answer told the client to wait: requests to that host before the end are violations, but for those on their way. */
  wait(role, seconds) {
    const now = Date.now();
    this.waits.set(role, { from: now + IN_FLIGHT_MS, until: now + seconds * 1000 });
  }
}
