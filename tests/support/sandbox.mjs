/**
 * A client of the sandbox's control API, for tests written in node.
 *
 *   import { startSandbox } from "../support/sandbox.mjs";
 *   const sandbox = await startSandbox({ args: ["--personal"], settings: { page_size: 5 } });
 *   await sandbox.change({ op: "put", path: "a/b.txt", content: "hello" });
 *   await sandbox.faults({ route: "download", kind: "cut", at: 1000, count: 1 });
 *   for (const item of await sandbox.tree()) console.log(item.path, item.quickXorHash);
 *   await sandbox.stop();
 *
 * What start prints is there as members: graph_url, login_url, content_url, push_url, control_url, ca_file, client_id.
 * Every call throws with the sandbox's own words when it is refused. tests/sandbox/README.md describes the calls.
 */
import { spawn } from "node:child_process";
import * as http from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../sandbox/server.mjs", import.meta.url));
const agent = new http.Agent({ keepAlive: true });

/** Starts a sandbox of its own, which ends with this process. `settings` are those of POST /settings. */
export async function startSandbox({ args = [], settings = {} } = {}) {
  const set = Object.keys(settings).length > 0 ? ["--set", JSON.stringify(settings)] : [];
  const child = spawn(process.execPath, [SERVER, "--exit-with-stdin", ...args, ...set], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise((done) => child.once("exit", done));
  const first = await Promise.race([new Promise((done) => lines.once("line", done)), ended]);
  if (typeof first !== "string") throw new Error(`the sandbox ended with ${first} before it was ready`);
  return new SandboxClient(JSON.parse(first), child, ended);
}

/** Talks to a sandbox that runs already; `about` is the line that it printed. */
export function attachSandbox(about) {
  return new SandboxClient(about, null, null);
}

class SandboxClient {
  #child;
  #ended;

  constructor(about, child, ended) {
    Object.assign(this, about);
    this.#child = child;
    this.#ended = ended;
  }

  get pid() {
    return this.#child?.pid;
  }

  /** What another device does: one operation or a list of them. Answers [{id, seq}]. */
  async change(ops, options = {}) {
    return (await this.call("POST", "/change", { ops: [ops].flat(), ...options })).results;
  }

  bulk(request) {
    return this.call("POST", "/bulk", request);
  }

  /** Every live item of a drive: [{path, type, id, size?, quickXorHash?, mtime?}]. */
  async tree(drive = "me") {
    const text = await this.text("GET", `/tree?drive=${encodeURIComponent(drive)}`);
    return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Adds one fault or a list of them. Answers their ids. */
  async faults(rules) {
    return (await this.call("POST", "/faults", rules)).ids;
  }

  clearFaults(id) {
    return this.call("DELETE", id === undefined ? "/faults" : `/faults?id=${id}`);
  }

  settings(changes) {
    return this.call("POST", "/settings", changes);
  }

  async log() {
    return (await this.call("GET", "/log")).entries;
  }

  resetLog() {
    return this.call("POST", "/log/reset");
  }

  counts() {
    return this.call("GET", "/counts");
  }

  violations() {
    return this.call("GET", "/violations");
  }

  stats() {
    return this.call("GET", "/stats");
  }

  push(action, more = {}) {
    return this.call("POST", "/push", { action, ...more });
  }

  signin(action, more = {}) {
    return this.call("POST", "/signin", { action, ...more });
  }

  service(action, role = "*", more = {}) {
    return this.call("POST", "/service", { action, role, ...more });
  }

  certificate(kind, role = "*") {
    return this.call("POST", "/tls", { kind, role });
  }

  drive(request) {
    return this.call("POST", "/drive", request);
  }

  expireDownloads() {
    return this.call("POST", "/content", { action: "expire_all" });
  }

  /** Ends a sandbox that startSandbox started. */
  async stop() {
    this.#child?.kill("SIGTERM");
    await this.#ended;
  }

  async call(method, path, body) {
    return JSON.parse(await this.text(method, path, body));
  }

  text(method, path, body) {
    return new Promise((done, failed) => {
      const req = http.request(`${this.control_url}${path}`, { method, agent }, async (res) => {
        const parts = [];
        for await (const part of res) parts.push(part);
        const text = Buffer.concat(parts).toString();
        if (res.statusCode === 200) done(text);
        else failed(new Error(`${method} ${path}: ${text}`));
      });
      req.on("error", failed);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
