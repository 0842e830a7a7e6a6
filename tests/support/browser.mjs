/**
 * Two browsers for tests of the sign-in, with one face:
 *
 *   const browser = await openBrowser(kind, sandbox, folder);   // "http" or "chromium"
 *   await browser.open(url);                                // follows redirects, also to the agent's loopback address
 *   await browser.fill({ login: "ana@contoso.com", password: "secret" });
 *   await browser.press("signin");                          // the button of that value
 *   await browser.text(); browser.close();
 *
 * "http" is plain requests with cookies, redirects and forms; "chromium" is the real one, driven by chromedriver, where both are
 * installed (third_party/install browser).
 */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import path from "node:path";
import { promisify } from "node:util";

import { until } from "./agent.mjs";

const run = promisify(execFile);
const MAX_REDIRECTS = 10;

class PlainBrowser {
  #cookies = new Map(); /* origin -> Map */
  #fields = {};

  constructor(sandbox) {
    this.ca = readFileSync(sandbox.ca_file);
  }

  async #request(url, body) {
    const { origin, protocol } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map();
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(cookie === "" ? {} : { cookie }), ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }) };
    const answer = await new Promise((done, failed) => {
      const module = protocol === "https:" ? https : http;
      const req = module.request(url, { method: body === undefined ? "GET" : "POST", ca: this.ca, headers, agent: false }, async (res) => {
        const parts = [];
        for await (const part of res) parts.push(part);
        done({ status: res.statusCode, headers: res.headers, text: Buffer.concat(parts).toString() });
      });
      req.on("error", failed);
      req.end(body);
    });
    for (const line of answer.headers["set-cookie"] ?? []) jar.set(...line.split(";")[0].split(/=(.*)/s, 2));
    this.#cookies.set(origin, jar);
    return answer;
  }

  async #go(url, body) {
    let answer = await this.#request(url, body);
    for (let i = 0; i < MAX_REDIRECTS && answer.status === 302; i++) {
      url = new URL(answer.headers.location, url).href;
      answer = await this.#request(url);
    }
    Object.assign(this, { url, page: answer.text });
    this.#fields = Object.fromEntries([...answer.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  }

  open(url) {
    return this.#go(url);
  }

  async fill(fields) {
    for (const name of Object.keys(fields)) if (!this.page.includes(`name="${name}"`)) throw new Error(`no field ${name} in ${this.page}`);
    Object.assign(this.#fields, fields);
  }

  async press(answer) {
    if (!this.page.includes(`value="${answer}"`)) throw new Error(`no button ${answer} in ${this.page}`);
    await this.#go(this.url, new URLSearchParams({ ...this.#fields, answer }).toString());
  }

  async text() {
    return this.page;
  }

  async close() {}
}

/** W3C WebDriver, as far as it is needed. */
class Chromium {
  constructor(folder) {
    this.folder = folder;
  }

  async start() {
    this.driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, HOME: this.folder } });
    let said = "";
    this.driver.stdout.on("data", (data) => (said += data));
    this.port = await until("chromedriver listens", async () => /successfully on port (\d+)/.exec(said)?.[1]);
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
      `--user-data-dir=${path.join(this.folder, "chromium")}`];
    const wanted = { browserName: "chrome", acceptInsecureCerts: true, "goog:chromeOptions": { args } };
    const { sessionId } = await this.#call("POST", "/session", { capabilities: { alwaysMatch: wanted } });
    this.base = `/session/${sessionId}`;
  }

  async #call(method, where, body) {
    const answer = await fetch(`http://127.0.0.1:${this.port}${where}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (answer.status !== 200) throw new Error(`${method} ${where}: ${value.message}`);
    return value;
  }

  async #find(selector) {
    const found = await this.#call("POST", `${this.base}/element`, { using: "css selector", value: selector });
    return Object.values(found)[0];
  }

  open(url) {
    return this.#call("POST", `${this.base}/url`, { url });
  }

  async fill(fields) {
    for (const [name, text] of Object.entries(fields)) {
      const field = await this.#find(`input[name="${name}"]`);
      await this.#call("POST", `${this.base}/element/${field}/value`, { text });
    }
  }

  async press(answer) {
    const button = await this.#find(`button[value="${answer}"]`);
    await this.#call("POST", `${this.base}/element/${button}/click`, {});
  }

  async text() {
    return this.#call("GET", `${this.base}/source`);
  }

  async close() {
    if (this.base !== undefined) await this.#call("DELETE", this.base).catch(() => {});
    const ended = new Promise((done) => this.driver.once("exit", done));
    this.driver.kill("SIGTERM");
    await ended;
  }
}

/** Why there is no such browser here; false where there is. */
export async function missing(kind) {
  if (kind === "http") return false;
  for (const program of ["chromium", "chromedriver"]) {
    const found = await run("sh", ["-c", `command -v ${program}`]).catch(() => null);
    if (found === null) return `${program} is not installed: third_party/install browser`;
  }
  return false;
}

export async function openBrowser(kind, sandbox, folder) {
  if (kind === "http") return new PlainBrowser(sandbox);
  const browser = new Chromium(folder);
  await browser.start();
  return browser;
}
