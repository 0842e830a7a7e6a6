/** One host of the service: an https server that can be stopped, started again, given another certificate, cut off. */
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";

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
    this.connections = new Map(); // by the peer's address and port -> raw socket
    this.accepted = 0;
    this.resumed = 0; // TLS sessions that were taken up again
    this.server = this.#createServer();
    this.server.on("request", onRequest);
    this.server.on("connection", (socket) => this.#track(socket));
    this.server.on("secureConnection", (socket) => (this.resumed += socket.isSessionReused() ? 1 : 0));
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
    for (const socket of this.connections.values()) end(socket, reset);
  }

  /** Ends the connection of one request. */
  hangUp(req, reset) {
    const session = req.stream?.session;
    if (!reset) {
      // Node.js 18 crashes if the raw socket goes while TLS above it still writes.
      (session ?? req.socket).destroy();
      return;
    }
    const raw = this.connections.get(addressOf(session?.socket ?? req.socket));
    if (raw !== undefined) end(raw, reset);
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
    this.connections.set(address, socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.connections.delete(address));
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

function end(socket, reset) {
  if (reset && typeof socket.resetAndDestroy === "function") {
    try {
      socket.resetAndDestroy();
      return;
    } catch {
      // the handle is not a plain TCP one: an ordinary end has to do
    }
  }
  socket.destroy();
}
