/** The notification host: subscriptions, and the official socket.io server that serves their addresses. */
import { randomBytes, randomUUID } from "node:crypto";
import { Server } from "socket.io";
import { parsePairs } from "./exchange.mjs";
import { seeded } from "./random.mjs";
import { TENANT } from "./world.mjs";

const KEPT_EVENTS = 10_000;

export class Push {
  constructor(app, listener) {
    this.app = app;
    this.listener = listener;
    this.subscriptions = new Map(); // by token
    this.paths = new Set(["/"]);
    this.events = []; // what was emitted, and when
    this.refusing = false;
    this.silenced = false;
    this.waiting = new Map(); // drive -> timer, where events are coalesced
    this.random = seeded(app.settings.seed);
    this.#createServer();
  }

  /** Takes over changed settings, for connections still to come. */
  configure() {
    Object.assign(this.io.engine.opts, this.#engineOptions());
  }

  /** A fresh subscription of a drive: { id, url, expiryText }. */
  subscribe(drive, session) {
    const { subscription_s: life, url_shape: shape } = this.app.settings;
    const expires = Date.now() + life * 1000;
    const token = shape === "real" ? `w1-${randomUUID()}` : `1ff3-${randomBytes(9).toString("hex")}`;
    const path = shape === "real" ? "/notifications" : "/zbaehwg/callback";
    const query = shape === "real" ? `token=${token}&applicationId=${randomUUID()}` : `snthgk=${token}`;
    const subscription = {
      id: randomUUID(),
      token,
      path,
      drive,
      account: session.account.name,
      expires,
      expiryText: new Date(expires).toISOString().replace("Z", `${String(process.hrtime()[1] % 10_000).padStart(4, "0")}Z`),
      url: `${this.listener.url}${path}?${query}`,
      sockets: new Set(),
    };
    this.paths.add(path);
    this.subscriptions.set(token, subscription);
    subscription.timer = setTimeout(() => this.#expire(subscription), life * 1000).unref();
    return subscription;
  }

  /** A drive has changed: its sockets hear of it after the set delay. */
  changed(drive) {
    const { notify, notify_coalesce_ms: coalesce, notify_delay_ms: delay, notify_drop: drop } = this.app.settings;
    if (!notify || (drop > 0 && this.random() < drop)) return;
    if (coalesce > 0) {
      if (!this.waiting.has(drive)) this.waiting.set(drive, setTimeout(() => this.#tell(drive), coalesce).unref());
      return;
    }
    const [least, most] = Array.isArray(delay) ? delay : [delay, delay];
    setTimeout(() => this.#tell(drive), least + this.random() * (most - least)).unref();
  }

  /** Sends an event of a test's choice to every socket, or to those of one drive. */
  emit({ drive, event = "notification", args = [], times = 1 }) {
    for (const subscription of this.subscriptions.values()) {
      if (drive !== undefined && subscription.drive !== drive) continue;
      for (const socket of subscription.sockets) {
        for (let i = 0; i < times; i++) socket.emit(event, ...args);
      }
    }
  }

  joined() {
    let count = 0;
    for (const { sockets } of this.subscriptions.values()) count += sockets.size;
    return count;
  }

  disconnectAll() {
    for (const socket of this.#sockets()) socket.disconnect(true);
  }

  /** Leaves the namespace and keeps the connection: 41. */
  leaveAll() {
    for (const socket of this.#sockets()) socket.disconnect(false);
  }

  expireAll() {
    for (const subscription of [...this.subscriptions.values()]) {
      clearTimeout(subscription.timer);
      this.#expire(subscription);
    }
  }

  /** Makes connections deaf and dumb, as when packets are lost on the way. `later` too: those still to come. */
  silence(later) {
    this.silenced = later === true;
    for (const connection of this.connections) mute(connection);
  }

  #sockets() {
    return [...this.subscriptions.values()].flatMap(({ sockets }) => [...sockets]);
  }

  #createServer() {
    this.connections = new Set();
    const { server } = this.listener;
    this.io = new Server(server, { serveClient: false, ...this.#engineOptions() });
    this.#guard(server);
    this.io.engine.on("connection", (connection) => {
      this.connections.add(connection);
      connection.on("close", () => this.connections.delete(connection));
      if (this.silenced) mute(connection);
    });
    const spaces = this.io.of((name, _, next) => next(null, this.#knowsNamespace(name)));
    spaces.use((socket, next) => this.#admit(socket, next));
    spaces.on("connection", (socket) => this.#join(socket));
  }

  /** Our checks before the socket.io server sees a request, in HTTP. */
  #guard(server) {
    const upgrades = server.listeners("upgrade");
    server.removeAllListeners("upgrade");
    server.on("upgrade", (req, socket, head) => this.#upgrade(req, socket, () => upgrades.forEach((next) => next.call(server, req, socket, head))));
  }

  #engineOptions() {
    const { polling, eio3, ping_interval_ms: pingInterval, ping_timeout_ms: pingTimeout } = this.app.settings;
    const transports = polling ? ["polling", "websocket"] : ["websocket"];
    return { transports, pingInterval, pingTimeout, allowEIO3: eio3 };
  }

  async #upgrade(req, socket, next) {
    socket.on("error", () => {});
    const entry = this.app.log.begin("push", "UPGRADE", req.url.split("?")[0]);
    const exchange = { app: this.app, listener: this.listener, entry, route: "upgrade", method: "UPGRADE", path: entry.path };
    entry.route = "upgrade";
    this.app.log.count(entry);
    this.app.log.checkSecrets(entry, req.headers, req.url);
    const fault = this.app.faults.pick(exchange);
    if (fault !== null) {
      entry.flags.push(`fault:${fault.kind}`);
      if (await upgradeFault(socket, fault, this.app, entry)) return;
    }
    const subscription = this.#subscriptionOf(parsePairs(req.url.slice(req.url.indexOf("?") + 1)));
    if (this.app.settings.push_auth === "http" && subscription === null) {
      entry.status = 401;
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    entry.status = 101;
    next();
  }

  #subscriptionOf(pairs) {
    for (const value of pairs.values()) {
      const subscription = this.subscriptions.get(value);
      if (subscription !== undefined && subscription.expires > Date.now()) return subscription;
    }
    return null;
  }

  #knowsNamespace(name) {
    const { namespaces } = this.app.settings;
    if (namespaces === "none") return false;
    if (namespaces === "any") return true;
    if (namespaces === "split") return [...this.paths].some((path) => path.replace(/\/callback$/, "") === name);
    return this.paths.has(name);
  }

  #admit(socket, next) {
    if (!this.#knowsNamespace(socket.nsp.name)) return next(new Error("Invalid namespace"));
    const pairs = new Map(Object.entries(socket.handshake.query));
    const subscription = this.#subscriptionOf(pairs);
    if (this.refusing || subscription === null) return next(Object.assign(new Error("Not authorized"), { data: { code: 401 } }));
    socket.data.subscription = subscription;
    return next();
  }

  #join(socket) {
    const { subscription } = socket.data;
    if (subscription === undefined) return;
    subscription.sockets.add(socket);
    socket.on("disconnect", () => subscription.sockets.delete(socket));
  }

  #expire(subscription) {
    this.subscriptions.delete(subscription.token);
    const ends = {
      disconnect: (socket) => socket.disconnect(true),
      leave: (socket) => socket.disconnect(false),
      close: (socket) => socket.conn.close(),
      silent: () => {},
    };
    for (const socket of subscription.sockets) ends[this.app.settings.expiry](socket);
  }

  #tell(drive) {
    this.waiting.delete(drive);
    const { notify_form: form, notify_times: times } = this.app.settings;
    let told = 0;
    for (const subscription of this.subscriptions.values()) {
      if (subscription.drive !== drive) continue;
      const value = notification(subscription);
      const args = form === "none" ? [] : [form === "object" ? value : JSON.stringify(value)];
      for (const socket of subscription.sockets) {
        for (let i = 0; i < times; i++) socket.emit("notification", ...args);
        told++;
      }
    }
    if (this.events.length >= KEPT_EVENTS) this.events.splice(0, KEPT_EVENTS / 2);
    this.events.push({ time: Date.now(), drive: drive.name, sockets: told, seq: drive.head });
  }
}

function notification({ id, expiryText, drive }) {
  const resource = drive.guidOf(drive.root).toLowerCase();
  const about = { subscriptionId: id, clientState: `system-managed:${id}`, expirationDateTime: expiryText, resource };
  return { value: [{ ...about, tenantId: TENANT, siteUrl: `/personal/${drive.name}`, webId: resource }] };
}

/** Takes from an Engine.IO connection all that it would send or hear. */
function mute(connection) {
  clearTimeout(connection.pingIntervalTimer);
  clearTimeout(connection.pingTimeoutTimer);
  connection.sendPacket = () => {};
  connection.onPacket = () => {};
  connection.transport?.socket?._socket?.pause(); // so that WebSocket pings are not answered either
}

const WRONG_ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";

/** Faults at the upgrade. Answers true where the request has had its end. */
async function upgradeFault(socket, fault, app, entry) {
  if (fault.kind === "delay") {
    await new Promise((done) => setTimeout(done, fault.ms ?? 1000));
    return false;
  }
  if (fault.kind === "reset" || fault.kind === "close") socket.destroy();
  if (fault.kind === "wrong_accept") socket.write(WRONG_ACCEPT);
  if (fault.kind === "raw") socket.write(Buffer.from(fault.base64 ?? "", "base64"));
  if (fault.kind === "redirect") {
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ${fault.to ?? "https://captive.invalid/"}\r\nContent-Length: 0\r\n\r\n`);
  }
  if (["status", "html", "garbage"].includes(fault.kind)) {
    entry.status = fault.status ?? (fault.kind === "status" ? 503 : 200);
    const body = fault.kind === "status" ? (fault.body ?? "") : "<html>Please accept our terms.</html>";
    const wait = fault.retry_after === undefined ? "" : `Retry-After: ${fault.retry_after}\r\n`;
    if (Number(fault.retry_after) > 0) app.log.wait("push", Number(fault.retry_after));
    socket.end(`HTTP/1.1 ${entry.status} Injected\r\n${wait}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
  }
  return true;
}
