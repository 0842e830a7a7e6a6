/** The control API: plain http on loopback, for tests only. README.md describes every call. */
import * as http from "node:http";
import { CERTIFICATES } from "./tls.mjs";
import { bulk, change, treeLines } from "./operations.mjs";
import { applySettings } from "./settings.mjs";

const LINES_AT_ONCE = 1000;

const PUSH_ACTIONS = {
  drop_sockets: (app, { reset }) => app.listeners.push.drop(reset !== false),
  disconnect: (app) => app.push.disconnectAll(),
  leave: (app) => app.push.leaveAll(),
  silent: (app, { later }) => app.push.silence(later),
  hear: (app) => (app.push.silenced = false),
  emit: (app, request) => app.push.emit({ ...request, drive: request.drive && app.world.driveNamed(request.drive) }),
  expire_all: (app) => app.push.expireAll(),
  refuse: (app, { on = true }) => (app.push.refusing = on),
  notify: (app, { drive }) => app.push.changed(app.world.driveNamed(drive)),
  stop: (app) => app.listeners.push.stop(),
  start: (app) => app.listeners.push.start(),
  restart: async (app) => {
    await app.listeners.push.stop();
    await app.listeners.push.start();
  },
};

const SIGNIN_ACTIONS = {
  approve: ({ signin }, { user_code }) => signin.settleDevices("approved", user_code),
  decline: ({ signin }, { user_code }) => signin.settleDevices("declined", user_code),
  expire: ({ signin }, { user_code }) => signin.settleDevices("expired", user_code),
  revoke: ({ signin }) => signin.revoke({ refresh: true }),
  revoke_access: ({ signin }, { claims }) => signin.revoke({ refresh: false, claims }),
  fail: ({ signin }, { error, number, suberror, status, times = Infinity }) => (signin.next = { error, number, suberror, status, times }),
  refuse: ({ signin }, { error, number, text }) => (signin.browser.refusal = { error, number, text }),
  recover: ({ signin }) => (signin.next = signin.browser.refusal = null),
  account: ({ signin, world }, { account }) => {
    if (!world.accounts.has(account)) throw new Error(`no account is called ${account}`);
    signin.account = account;
  },
};

const SERVICE_ACTIONS = {
  stop: (listener) => listener.stop(),
  start: (listener) => listener.start(),
  drop: (listener, { reset }) => listener.drop(reset === true),
};

async function act(actions, name, ...parameters) {
  const action = actions[name];
  if (action === undefined) throw new Error(`no action is called ${name}`);
  return (await action(...parameters)) ?? {};
}

function listenersOf(app, role = "*") {
  const all = Object.values(app.listeners);
  const some = role === "*" ? all : all.filter((listener) => listener.role === role);
  if (some.length === 0) throw new Error(`no host is called ${role}`);
  return some;
}

async function service(app, request) {
  for (const listener of listenersOf(app, request.role)) await act(SERVICE_ACTIONS, request.action, listener, request);
}

function certificates(app, { role, kind = "good" }) {
  if (!CERTIFICATES.includes(kind)) throw new Error(`no certificate is called ${kind}`);
  const pair = app.authority.certificate(kind);
  for (const listener of listenersOf(app, role)) listener.setCertificate(pair);
}

function driveState(app, { drive, state, forget_tokens: forget, name }) {
  if (name !== undefined && !app.world.drives.has(name)) app.addDrive(name);
  const it = app.world.driveNamed(drive ?? name);
  if (state !== undefined) it.state = state;
  if (forget) it.epoch++;
  return { name: it.name, id: it.id, kind: it.kind, root: it.idOf(it.root), items: it.items.length, head: it.head, state: it.state };
}

function stats(app) {
  const connections = {};
  for (const { role, connections: open, accepted, resumed } of Object.values(app.listeners)) {
    connections[role] = { open: open.size, accepted, resumed };
  }
  const { push } = app;
  const memory = process.memoryUsage();
  return {
    connections,
    sockets_joined: push.joined(),
    engine_connections: push.connections.size,
    subscriptions: push.subscriptions.size,
    events: push.events,
    heap_mib: Math.round(memory.heapUsed / 1048576),
  };
}

const ROUTES = {
  "POST /change": (app, body) => ({ results: change(app, body.ops ?? [body], body) }),
  "POST /bulk": bulk,
  "GET /log": (app) => ({ entries: app.log.entries, dropped: app.log.dropped }),
  "POST /log/reset": (app) => app.log.reset(),
  "GET /counts": (app) => app.log.counts,
  "GET /violations": (app) => app.log.violations,
  "GET /faults": (app) => app.faults.list(),
  "POST /faults": (app, body) => ({ ids: (Array.isArray(body) ? body : [body]).map((rule) => app.faults.add(rule)) }),
  "DELETE /faults": (app, _, query) => app.faults.clear(query.has("id") ? Number(query.get("id")) : undefined),
  "GET /settings": (app) => app.settings,
  "POST /settings": (app, body) => {
    applySettings(app.settings, body);
    app.push.configure();
    return app.settings;
  },
  "POST /push": (app, body) => act(PUSH_ACTIONS, body.action, app, body),
  "POST /signin": async (app, body) => {
    if (body.auto_approve !== undefined) app.settings.auto_approve = body.auto_approve;
    if (body.action === undefined) return { auto_approve: app.settings.auto_approve };
    return { settled: await act(SIGNIN_ACTIONS, body.action, app, body) };
  },
  "POST /content": (app, { action }) => act({ expire_all: () => void app.content.epoch++ }, action),
  "POST /service": service,
  "POST /tls": certificates,
  "POST /drive": driveState,
  "GET /stats": stats,
};

function* chunks(lines) {
  let held = [];
  for (const line of lines) {
    if (held.push(line) === LINES_AT_ONCE) {
      yield held.join("");
      held = [];
    }
  }
  yield held.join("");
}

async function sendTree(app, res, query) {
  const drive = app.world.driveNamed(query.get("drive") ?? undefined);
  res.writeHead(200, { "content-type": "application/x-ndjson" });
  for (const text of chunks(treeLines(drive))) {
    if (!res.write(text)) await new Promise((done) => res.once("drain", done));
  }
  res.end();
}

async function readJson(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
}

async function answer(app, req, res) {
  const url = new URL(req.url, "http://control");
  if (req.method === "GET" && url.pathname === "/tree") return sendTree(app, res, url.searchParams);
  const route = ROUTES[`${req.method} ${url.pathname}`];
  if (route === undefined) throw new Error(`no call ${req.method} ${url.pathname}`);
  const result = await route(app, await readJson(req), url.searchParams);
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify(result ?? {}));
}

/** Starts the control API; answers its server. Mistakes of the caller come back as 400 with a text. */
export function startControl(app, port) {
  const server = http.createServer((req, res) => {
    answer(app, req, res).catch((error) => {
      if (!res.headersSent) res.writeHead(400, { "content-type": "application/json" });
      res.end(JSON.stringify({ error: error.message }));
    });
  });
  server.keepAliveTimeout = 120_000;
  return new Promise((done) => server.listen(port, "127.0.0.1", () => done(server)));
}
