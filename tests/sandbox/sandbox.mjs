/** The service as a whole: its hosts, its world, and what ties them together. */
import { ContentHost } from "./routes-content.mjs";
import { startControl } from "./control.mjs";
import { Exchange } from "./exchange.mjs";
import { Faults } from "./faults.mjs";
import { Feed } from "./delta.mjs";
import { Listener } from "./listener.mjs";
import { RequestLog } from "./log.mjs";
import { Push } from "./notify.mjs";
import { applySettings, defaultSettings } from "./settings.mjs";
import { CLIENT_ID, SignIn } from "./signin.mjs";
import { graphRequest, refused } from "./routes-graph.mjs";
import { Authority } from "./tls.mjs";
import { World } from "./world.mjs";

const HTTP2_ROLES = ["graph", "content"];
export const ROLES = ["graph", "login", "content", "push"];

export class Sandbox {
  /** @param options {stateDir, kind, style, settings, hosts: {role: {address, port, name, http1}}} */
  constructor(options) {
    this.settings = defaultSettings();
    applySettings(this.settings, options.settings);
    this.log = new RequestLog();
    this.faults = new Faults();
    this.world = new World(options);
    this.listings = new Map(); // folder listings that are being paged through
    this.listingNumber = 0;
    this.authority = new Authority(options.stateDir, ROLES.map((role) => options.hosts[role].name));
    this.feed = new Feed(this);
    this.signin = new SignIn(this);
    this.content = new ContentHost(this);
    this.listeners = this.#createListeners(options.hosts);
    this.push = new Push(this, this.listeners.push);
    for (const drive of this.world.drives.values()) this.#watch(drive);
  }

  /** Starts every host and answers what a client must know. */
  async start(controlPort) {
    await Promise.all(Object.values(this.listeners).map((listener) => listener.start()));
    const control = await startControl(this, controlPort);
    const { graph, login, content, push } = this.listeners;
    return {
      graph_url: `${graph.url}/v1.0`,
      login_url: login.url,
      content_url: content.url,
      push_url: push.url,
      control_url: `http://127.0.0.1:${control.address().port}`,
      ca_file: this.authority.caFile,
      client_id: CLIENT_ID,
    };
  }

  addDrive(name) {
    this.#watch(this.world.addLibrary(name, this.world.drives.size + 1));
  }

  #watch(drive) {
    drive.onChange = () => this.push.changed(drive);
  }

  #createListeners(hosts) {
    const handlers = {
      graph: graphRequest,
      login: (exchange) => this.signin.request(exchange),
      content: (exchange) => this.content.request(exchange),
      push: (exchange) => unknownPath(exchange), // what is not meant for the socket.io server
    };
    const tls = this.authority.certificate();
    const listeners = {};
    for (const role of ROLES) {
      const handler = handlers[role];
      const options = { ...hosts[role], h2: HTTP2_ROLES.includes(role) && !hosts[role].http1, tls };
      const serve = (req, res) => this.#serve(handler, new Exchange(this, listeners[role], req, res));
      const plain = () => this.log.violation("plain_http", this.log.begin(role, "", ""));
      listeners[role] = new Listener(role, options, serve, plain);
    }
    return listeners;
  }

  async #serve(handler, exchange) {
    try {
      await handler(exchange);
    } catch (error) {
      if (exchange.closed) return; // the client went away in the middle of its request
      if (exchange.entry.status === 0 && refused(exchange, error)) return;
      process.stderr.write(`sandbox: ${exchange.method} ${exchange.path}: ${error.stack}\n`);
      exchange.fault = null;
      if (exchange.entry.status === 0) exchange.error(500, "generalException", "The sandbox failed");
      else exchange.hangUp();
    }
  }
}

async function unknownPath(exchange) {
  if (await exchange.enter("unknown")) return;
  exchange.violation("unknown_route", `${exchange.method} ${exchange.path}`);
  exchange.empty(404);
}
