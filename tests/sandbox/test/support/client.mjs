/** What the tests share: a sandbox with a signed-in client that follows nothing by itself. */
import { readFileSync } from "node:fs";
import * as http2 from "node:http2";
import * as https from "node:https";
import { startSandbox } from "../../../support/sandbox.mjs";

export const ALL_SCOPES = "Files.ReadWrite Files.ReadWrite.All Sites.Read.All offline_access";

export class Client {
  constructor(sandbox) {
    this.sandbox = sandbox;
    this.ca = readFileSync(sandbox.ca_file);
    this.agent = new https.Agent({ ca: this.ca, keepAlive: true });
  }

  /** One request; { status, headers, bytes, text, json }. A connection that ends too early rejects. */
  request(method, url, { headers = {}, body } = {}) {
    return new Promise((done, failed) => {
      const req = https.request(url, { method, agent: this.agent, headers }, async (res) => {
        try {
          const parts = [];
          for await (const part of res) parts.push(part);
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          const isJson = (res.headers["content-type"] ?? "").includes("json") && text !== "";
          done({ status: res.statusCode, headers: res.headers, bytes, text, json: isJson ? parsed(text) : undefined });
        } catch (error) {
          failed(error);
        }
      });
      req.on("error", failed);
      req.end(body);
    });
  }

  form(url, fields, headers = {}) {
    return this.request("POST", url, { headers, body: new URLSearchParams(fields).toString() });
  }

  login(action, fields, tenant = "common") {
    return this.form(`${this.sandbox.login_url}/${tenant}/oauth2/v2.0/${action}`, { client_id: this.sandbox.client_id, ...fields });
  }

  deviceCode(fields = {}) {
    return this.login("devicecode", { scope: ALL_SCOPES, ...fields });
  }

  redeem(device) {
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    return this.login("token", { grant_type: grant, device_code: device.json.device_code });
  }

  async signIn(scope = ALL_SCOPES) {
    await this.sandbox.call("POST", "/signin", { auto_approve: true });
    const answer = await this.redeem(await this.deviceCode({ scope }));
    this.token = answer.json.access_token;
    return answer.json;
  }

  /** A Graph request with the bearer token; `path` is behind the version, or a whole address. */
  graph(method, path, { headers = {}, body } = {}) {
    const url = path.startsWith("https:") ? path : this.sandbox.graph_url + path;
    const json = body !== undefined && typeof body === "object" && !Buffer.isBuffer(body);
    const more = json ? { "content-type": "application/json" } : {};
    const bearer = { authorization: `Bearer ${this.token}`, ...more, ...headers };
    return this.request(method, url, { headers: bearer, body: json ? JSON.stringify(body) : body });
  }

  get(path, headers) {
    return this.graph("GET", path, { headers });
  }

  /** Follows a chain of delta pages; { pages, items, link }. */
  async delta(first = "/me/drive/root/delta") {
    const pages = [];
    let answer = await this.get(first);
    for (;;) {
      if (answer.status !== 200) throw new Error(`delta: ${answer.status} ${answer.text}`);
      pages.push(answer.json.value);
      if (answer.json["@odata.deltaLink"]) return { pages, items: pages.flat(), link: answer.json["@odata.deltaLink"] };
      answer = await this.get(answer.json["@odata.nextLink"]);
    }
  }

  /** GET over HTTP/2 on a connection of its own; { status, headers, bytes }. */
  get2(url, headers = {}) {
    return new Promise((done, failed) => {
      const { origin, pathname, search } = new URL(url);
      const session = http2.connect(origin, { ca: this.ca });
      session.on("error", failed);
      const stream = session.request({ ":path": pathname + search, ...headers });
      const parts = [];
      let head;
      stream.on("response", (response) => (head = response));
      stream.on("data", (part) => parts.push(part));
      stream.on("error", failed);
      stream.on("close", () => {
        session.close();
        if (head === undefined || stream.rstCode !== 0) failed(new Error(`stream ended with ${stream.rstCode}`));
        else done({ status: head[":status"], headers: head, bytes: Buffer.concat(parts) });
      });
    });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A sandbox and a client that is signed in, both ended after the tests of the file. */
export async function start(after, options, scope) {
  const sandbox = await startSandbox(options);
  const client = new Client(sandbox);
  after(async () => {
    client.agent.destroy();
    await sandbox.stop();
  });
  await client.signIn(scope);
  return { sandbox, client };
}
