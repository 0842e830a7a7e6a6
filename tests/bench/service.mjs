/** The sandbox as benches use it: filled drives, addresses of contents, its own ceiling, and floors that ask it without us. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";

import { Bench } from "../support/agent.mjs";
import { startSandbox } from "../support/sandbox.mjs";
import { difference, measured, spent, succeed } from "./measure.mjs";

const SETTINGS = { auto_approve: true, download_url_s: 86_400, access_token_s: 86_400 };

/*
 * Nothing small is removed before the end: ext4 avoids inodes that were freed during the last minutes and searches for
 * others one by one, so that whoever makes files next would pay for it.
 */
const folders = [];

export function removeAll() {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Opens a service with nothing on it, runs `body`, ends it. */
export async function withService(settings, body) {
  const sandbox = await startSandbox({ settings: { ...SETTINGS, ...settings } });
  const service = new Service(sandbox);
  try {
    return await body(service);
  } finally {
    await service.close();
  }
}

export class Service {
  constructor(sandbox) {
    this.sandbox = sandbox;
    this.folder = mkdtempSync(path.join(tmpdir(), "drive-agent-bench-"));
    folders.push(this.folder);
    this.homes = 0;
  }

  close() {
    return this.sandbox.stop();
  }

  latency(ms) {
    return this.sandbox.settings({ latency_ms: ms === 0 ? {} : { "*": ms } });
  }

  /** A home that is signed in and has the mirror configured. */
  async home(config = {}) {
    const home = path.join(this.folder, `home-${++this.homes}`);
    const bench = new Bench(this.sandbox, home);
    mkdirSync(bench.stateDir, { recursive: true, mode: 0o700 });
    await bench.writeConfig(config);
    await bench.login();
    await bench.add();
    return bench;
  }

  async #json(url, { token, form } = {}) {
    const body = form && new URLSearchParams(form).toString();
    const headers = token ? { authorization: `Bearer ${token}` } : { "content-type": "application/x-www-form-urlencoded" };
    const ca = readFileSync(this.sandbox.ca_file);
    return new Promise((done, failed) => {
      const request = https.request(url, { method: form ? "POST" : "GET", headers, ca }, async (response) => {
        let text = "";
        for await (const part of response) text += part;
        if (response.statusCode === 200) done(JSON.parse(text));
        else failed(new Error(`${response.statusCode}: ${text}`));
      });
      request.on("error", failed);
      request.end(body);
    });
  }

  /** Signs in as a program of its own. */
  async token() {
    const base = `${this.sandbox.login_url}/common/oauth2/v2.0`;
    const client_id = this.sandbox.client_id;
    const asked = await this.#json(`${base}/devicecode`, { form: { client_id, scope: "Files.Read offline_access" } });
    const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    return this.#json(`${base}/token`, { form: { client_id, grant_type, device_code: asked.device_code } });
  }

  /** Download addresses of all files of the drive. */
  async addresses() {
    const { access_token: token } = await this.token();
    const addresses = [];
    let url = `${this.sandbox.graph_url}/me/drive/root/delta?$top=1000`;
    while (url) {
      const page = await this.#json(url, { token });
      addresses.push(...page.value.filter((item) => item.file).map((item) => item["@microsoft.graph.downloadUrl"]));
      url = page["@odata.nextLink"];
    }
    return addresses;
  }

  /** A floor: curl --parallel with keep-alive, over HTTP/1.1 because 7.88.1 loses some of many over HTTP/2. */
  async curl(addresses, { parallel, save = true, sync = false, keep = true } = {}) {
    const folder = mkdtempSync(path.join(this.folder, "floor-"));
    const list = path.join(this.folder, "addresses");
    const place = (i) => (save ? path.join(folder, String(i)) : "/dev/null");
    writeFileSync(list, addresses.map((url, i) => `url = "${url}"\noutput = "${place(i)}"\n`).join(""));
    const fetching = `curl -sS --http1.1 --parallel --parallel-max ${parallel} --cacert "$1" --config "$2" 2>/dev/null`;
    const syncing = sync ? ' && find "$3" -type f -exec sync {} +' : "";
    const cost = await measured(["sh", "-c", fetching + syncing, "sh", this.sandbox.ca_file, list, folder]);
    if (cost.code !== 0) throw new Error(`curl ended with ${cost.code}: ${cost.stderr}`);
    if (!keep) rmSync(folder, { recursive: true });
    return cost;
  }

  /** What the server could give at most: contents a second of its own CPU time, whoever asks. */
  async ceiling(addresses, parallel) {
    const before = spent(this.sandbox.pid);
    await this.curl(addresses, { parallel, save: false });
    return addresses.length / difference(before, spent(this.sandbox.pid)).cpu;
  }
}

/** Makes what earlier runs wrote durable, so that it does not cost the next one. */
export function settleDisk() {
  return succeed(["sync"]);
}

/**
 * One complete first mirror by a program that starts for it: the cost of measured(), and `server_cpu`, the seconds that the
 * server computed for it. `after` sees the home.
 */
export async function mirrorOnce(service, config, after = async () => {}) {
  const bench = await service.home(config);
  await settleDisk();
  const agent = path.resolve(process.env.AGENT);
  const before = spent(service.sandbox.pid);
  const cost = await measured([agent, "sync-now", "--timeout", "10m"], { env: bench.environment });
  const { cpu: server_cpu } = difference(before, spent(service.sandbox.pid));
  if (cost.code !== 0) throw new Error(`agent sync-now ended with ${cost.code}:\n${cost.stdout}${cost.stderr}`);
  await after(bench);
  return { ...cost, server_cpu };
}
