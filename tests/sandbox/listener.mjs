/** One host of the service: an https server that can be stopped, started again, given another certificate, cut off. */
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";

// Node.js 18 crashes when a raw socket is reset while TLS above it still writes: there a reset is an end like any other.
const CAN_RESET = Number(process.versions.node.split(".")[0]) >= 20;

export class Listener {
  /**
   * @param role graph | login | content | push
   * @param onPlainHttp called when somebody speaks http without TLS
   * @param options {address, port, name, h2, tls: {key, cert}}; name is the host name in the URLs handed out
   */
  constructor(role, options, onRequest, onPlainHttp) {
    this.role = role;
    this.options = options;
    this.port = options.port;
    this.connections = new Map(); // by the peer's address and port -> {raw, tls}
    this.accepted = 0;
    this.resumed = 0; // TLS sessions that were taken up again
    this.server = this.#createServer();
    this.server.on("request", onRequest);
    this.server.on("connection", (socket) => this.#track(socket));
    this.server.on("secureConnection", (socket) => this.#secured(socket));
    this.server.on("tlsClientError", (error) => error.code === "ERR_SSL_HTTP_REQUEST" && onPlainHttp(this));
    for (const harmless of ["tlsClientError", "sessionError", "clientError"]) {
      this.server.on(harmless, (_, socket) => socket?.destroy?.());
    }
  }

  get url() {
    return `https://${this.options.name}${this.port === 443 ? "" : `:${this.port}`}`;
  }

  async start() {
    await listen(this.server, this.port, this.options.address);
    this.port = this.server.address().port;
    if (this.options.address === "127.0.0.1") await this.#alsoOnIpv6();
  }

  /** Stops listening and ends every connection. */
  async stop() {
    this.second?.close();
    const closed = new Promise((done) => this.server.close(done));
    this.drop();
    await closed;
  }

  drop(reset = false) {
    for (const connection of this.connections.values()) end(connection, reset);
  }

  /** Ends the connection of one request. */
  hangUp(req, reset) {
    const connection = this.connections.get(addressOf(req.stream?.session?.socket ?? req.socket));
    if (connection !== undefined) end(connection, reset);
  }

  setCertificate(pair) {
    this.server.setSecureContext(pair);
  }

  #createServer() {
    const { h2, tls } = this.options;
    const common = { ...tls, keepAliveTimeout: 120_000 };
    if (!h2) return https.createServer({ ...common, ALPNProtocols: ["http/1.1"] });
    const settings = { maxConcurrentStreams: 250, initialWindowSize: 1 << 20 };
    const maxSessionMemory = 1024; // MiB: several large fragments may be under way on one connection
    return http2.createSecureServer({ ...common, allowHTTP1: true, settings, maxSessionMemory });
  }

  #track(socket) {
    const address = addressOf(socket);
    this.accepted++;
    this.connections.set(address, { raw: socket });
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.connections.delete(address));
  }

  #secured(socket) {
    const connection = this.connections.get(addressOf(socket));
    if (connection !== undefined) connection.tls = socket;
    this.resumed += socket.isSessionReused() ? 1 : 0;
  }

  /** localhost may mean ::1 first: a second listener hands its connections to the server. Best effort. */
  async #alsoOnIpv6() {
    this.second = net.createServer((socket) => this.server.emit("connection", socket));
    try {
      await listen(this.second, this.port, "::1");
    } catch {
      this.second = undefined;
    }
  }
}

function listen(server, port, address) {
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, address, () => {
      server.off("error", failed);
      done();
    });
  });
}

function addressOf(socket) {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

function end({ raw, tls }, reset) {
  if (reset && CAN_RESET) {
    try {
      raw.resetAndDestroy();
      return;
    } catch {
      // the handle is not a plain TCP one: an ordinary end has to do
    }
  }
  (tls ?? raw).destroy();
}
