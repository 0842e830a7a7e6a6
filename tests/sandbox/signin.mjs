/** The login host: device code, authorization code with PKCE, refresh with rotation, and the sessions behind access tokens. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { parsePairs } from "./exchange.mjs";
import { Authorize, sendBack } from "./authorize.mjs";
import { codePage, textPage } from "./pages.mjs";
import { clientInfo, idToken, instanceDiscovery, openidConfiguration } from "./discovery.mjs";
import { CONSUMER_TENANT, TENANT } from "./world.mjs";

export const CLIENT_ID = "00001111-aaaa-2222-bbbb-3333cccc4444";
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const SECRETS = ["code", "code_verifier", "device_code", "refresh_token", "client_secret"];
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

function token(prefix) {
  return prefix + randomBytes(24).toString("base64url");
}

export class SignIn {
  constructor(app) {
    this.app = app;
    this.account = "ana"; // who is at the browser
    this.devices = new Map();
    this.codes = new Map();
    this.access = new Map();
    this.refresh = new Map();
    this.browser = new Authorize(app, (exchange, asked) => this.#sendCode(exchange, asked));
    this.challenge = false;
    this.next = null; // an error for coming token requests: { error, number, suberror }
  }

  /** The session of a request's bearer token: { account, scopes }. Null after a 401 has gone out. */
  session(exchange) {
    const header = exchange.header("authorization");
    const bearer = /^Bearer (.+)$/i.exec(header ?? "")?.[1];
    const session = this.access.get(bearer);
    if (session !== undefined && session.expires > Date.now()) return session;
    const message = header === undefined ? "Access token is empty." : "Access token has expired or is not yet valid.";
    exchange.error(401, "InvalidAuthenticationToken", message, { headers: { "www-authenticate": this.#challengeText() } });
    return null;
  }

  #challengeText() {
    const base = `Bearer realm="", authorization_uri="${this.app.listeners.login.url}/common/oauth2/authorize"`;
    if (!this.challenge) return base;
    const claims = Buffer.from('{"access_token":{"nbf":{"essential":true,"value":"1"}}}').toString("base64");
    return `${base}, error="insufficient_claims", claims="${claims}"`;
  }

  async request(exchange) {
    const [tenant, ...rest] = exchange.path.slice(1).split("/");
    const action = rest.join("/").replace(/^oauth2\/v2\.0\//, "");
    const handler = this.#handler(tenant, action, exchange.method);
    if (await exchange.enter(handler?.route ?? "unknown")) return;
    if (handler === undefined) {
      exchange.violation("unknown_route", `${exchange.method} ${exchange.path}`);
      return exchange.bytes(404, Buffer.from("Not found"), { "content-type": "text/plain" });
    }
    await handler.run(exchange, tenant);
  }

  #handler(tenant, action, method) {
    const routes = {
      "POST devicecode": { route: "devicecode", run: (ex, where) => this.#deviceCode(ex, where) },
      "POST token": { route: "token", run: (ex, where) => this.#token(ex, where) },
      "GET authorize": { route: "authorize", run: (ex, where) => this.browser.open(ex, where, authorizeProblem(ex.query)) },
      "POST authorize": { route: "authorize", run: (ex) => this.browser.answer(ex) },
      "GET v2.0/.well-known/openid-configuration": { route: "discovery", run: (ex, where) => ex.json(200, openidConfiguration(this.#host, where)) },
      "GET discovery/instance": { route: "discovery", run: (ex, where) => ex.json(200, instanceDiscovery(this.#host, where)) },
      "GET discovery/v2.0/keys": { route: "discovery", run: (ex) => ex.json(200, { keys: [] }) },
    };
    if (tenant === "") return { route: "home", run: (ex) => html(ex, 200, textPage("The sign-in host of the sandbox.")) };
    if (tenant === "favicon.ico") return { route: "home", run: (ex) => ex.empty(404) };
    if (tenant === "devicelogin") return { route: "devicelogin", run: (ex) => this.#deviceLogin(ex) };
    return routes[`${method} ${action}`];
  }

  /** The error body of the sign-in service. */
  oauthError(exchange, status, error, number, { text = "", headers = {}, suberror } = {}) {
    const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
    const ids = { trace_id: randomUUID(), correlation_id: randomUUID() };
    const description = `AADSTS${number}: ${text || "The request could not be served."}`;
    exchange.fault = null;
    exchange.json(
      status,
      {
        error,
        error_description: `${description} Trace ID: ${ids.trace_id} Correlation ID: ${ids.correlation_id} Timestamp: ${timestamp}`,
        error_codes: [number],
        timestamp,
        ...ids,
        ...(suberror ? { suberror } : {}),
      },
      headers,
    );
  }

  /** Whether the tenant of the address lets this kind of account in. */
  #tenantFits(tenant, account) {
    if (tenant === "common") return true;
    const personal = account.kind === "personal";
    if (tenant === "consumers") return personal;
    if (tenant === "organizations") return !personal;
    return personal ? tenant === CONSUMER_TENANT : [TENANT, "contoso.com", "contoso.onmicrosoft.com"].includes(tenant);
  }

  get #host() {
    return this.app.listeners.login.url;
  }

  get #person() {
    return this.app.world.accounts.get(this.account);
  }

  // ---- device code

  async #deviceCode(exchange, tenant) {
    const form = parsePairs((await exchange.body()).toString());
    if (!form.get("client_id") || !form.get("scope")) {
      const text = `The request body must contain the parameter '${form.get("client_id") ? "scope" : "client_id"}'.`;
      return this.oauthError(exchange, 400, "invalid_request", 900144, { text });
    }
    const { device_code_s: life, device_interval_s: interval } = this.app.settings;
    const user = Array.from(randomBytes(8), (byte) => CODE_LETTERS[byte % CODE_LETTERS.length]).join("");
    const device = { user, tenant, client: form.get("client_id"), scope: form.get("scope"), expires: Date.now() + life * 1000 };
    Object.assign(device, { interval, state: this.app.settings.auto_approve ? "approved" : "pending", polled: 0 });
    const code = token("HAQABAAEAAAD--");
    this.devices.set(code, device);
    const page = `${this.app.listeners.login.url}/devicelogin`;
    exchange.json(200, {
      user_code: user,
      device_code: code,
      verification_uri: page,
      expires_in: life,
      interval,
      message: `To sign in, use a web browser to open the page ${page} and enter the code ${user} to authenticate.`,
    });
  }

  async #deviceLogin(exchange) {
    if (exchange.method !== "POST") return html(exchange, 200, codePage());
    const form = parsePairs((await exchange.body()).toString());
    const wanted = (form.get("code") ?? "").trim().toUpperCase();
    const known = this.settleDevices(form.get("refuse") ? "declined" : "approved", wanted);
    return html(exchange, 200, textPage(known > 0 ? "You may close this window." : "That code did not work. Request a new one."));
  }

  /** Approves, declines or expires waiting device codes (all, or one user code). Answers how many. */
  settleDevices(state, userCode) {
    const waiting = [...this.devices.values()].filter(
      (device) => device.state === "pending" && (userCode === undefined || device.user === userCode),
    );
    for (const device of waiting) device.state = state;
    return waiting.length;
  }

  #redeemDevice(exchange, form) {
    const device = this.devices.get(form.get("device_code"));
    const refuse = (error, number, text) => this.oauthError(exchange, 400, error, number, { text });
    if (device === undefined || device.client !== form.get("client_id")) return refuse("bad_verification_code", 70018, "The device code was not recognised.");
    const tooFast = Date.now() - device.polled < device.interval * 1000 - 250;
    device.polled = Date.now();
    if (device.state === "expired" || device.expires < Date.now()) return refuse("expired_token", 70019, "The code has expired.");
    if (device.state === "declined") return refuse("authorization_declined", 65004, "The user declined.");
    if (device.state === "redeemed") return refuse("invalid_grant", 70000, "The code was redeemed already.");
    if (device.state === "pending" && tooFast) {
      exchange.violation("polled_too_fast");
      device.interval += 5;
      return refuse("slow_down", 70016, "Polling too often.");
    }
    if (device.state === "pending") {
      return refuse("authorization_pending", 70016, "The request has not yet been authorized by the user.");
    }
    device.state = "redeemed";
    const { client, scope, tenant } = device;
    return this.#grant(exchange, { account: this.account, client, scope, tenant, wantsInfo: form.has("client_info") });
  }

  // ---- authorization code

  #sendCode(exchange, asked) {
    const code = token("0.A");
    const { query, redirect, tenant, account } = asked;
    if (account !== undefined) this.account = account.name; // is at the browser from now on
    this.codes.set(code, {
      tenant,
      redirect,
      account: this.account,
      client: query.get("client_id"),
      scope: query.get("scope"),
      nonce: query.get("nonce"),
      challenge: query.get("code_challenge"),
      expires: Date.now() + this.app.settings.auth_code_s * 1000,
      used: false,
    });
    sendBack(exchange, asked, { code, session_state: randomUUID() });
  }

  #redeemCode(exchange, form) {
    const refuse = (number, text) => this.oauthError(exchange, 400, "invalid_grant", number, { text });
    const held = this.codes.get(form.get("code"));
    if (held === undefined || held.client !== form.get("client_id")) return refuse(70000, "The code is not valid.");
    if (held.used) return refuse(54005, "OAuth2 Authorization code was already redeemed.");
    if (held.expires < Date.now()) return refuse(70008, "The code has expired.");
    if (held.redirect !== form.get("redirect_uri")) return refuse(70000, "The redirect_uri differs from the first one.");
    if (held.challenge && challengeOf(form.get("code_verifier") ?? "") !== held.challenge) {
      return refuse(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.");
    }
    held.used = true;
    return this.#grant(exchange, { ...held, scope: form.get("scope") ?? held.scope, wantsInfo: form.has("client_info") });
  }

  // ---- tokens

  async #token(exchange, tenant) {
    if (SECRETS.some((name) => exchange.query.has(name))) exchange.violation("credentials_in_query");
    const form = clientForm(exchange, (await exchange.body()).toString());
    if (this.next !== null && this.next.times-- > 0) {
      const { error, number = 50173, suberror, status = 400 } = this.next;
      return this.oauthError(exchange, status, error, number, { suberror, text: "As the test wanted." });
    }
    for (const name of ["client_id", "grant_type"]) {
      if (form.get(name)) continue;
      return this.oauthError(exchange, 400, "invalid_request", 900144, { text: `The request body must contain the parameter '${name}'.` });
    }
    if (form.has("client_secret") && form.get("client_id") === CLIENT_ID) {
      const text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
      return this.oauthError(exchange, 401, "invalid_client", 700025, { text });
    }
    const account = this.#person;
    if (!this.#tenantFits(tenant, account)) {
      const text = `User account from another identity provider does not exist in tenant '${tenant}'.`;
      return this.oauthError(exchange, 400, "invalid_grant", account.kind === "personal" ? 500208 : 50020, { text });
    }
    const grant = form.get("grant_type");
    if (grant === DEVICE_GRANT || grant === "device_code") return this.#redeemDevice(exchange, form);
    if (grant === "authorization_code") return this.#redeemCode(exchange, form);
    if (grant === "refresh_token") return this.#refresh(exchange, form, tenant);
    return this.oauthError(exchange, 400, "unsupported_grant_type", 70003, { text: `'${grant}' is not supported.` });
  }

  #refresh(exchange, form, tenant) {
    const held = this.refresh.get(form.get("refresh_token"));
    const refuse = (error, number, text, suberror) => this.oauthError(exchange, 400, error, number, { text, suberror });
    if (held === undefined) return refuse("invalid_grant", 9002313, "The refresh token is malformed or unknown.");
    if (held.revoked) return refuse("invalid_grant", 50173, "The provided grant has expired due to it being revoked.", "bad_token");
    if (held.client !== form.get("client_id")) return refuse("invalid_grant", 70000, "The token was issued to another client.");
    if (held.tenant !== tenant) exchange.violation("tenant_changed", `${held.tenant} then ${tenant}`);
    const asked = form.get("scope") ?? held.scope;
    const wider = scopesOf(asked).filter((scope) => !scopesOf(held.scope).includes(scope));
    if (wider.length > 0) return refuse("consent_required", 65001, `No consent for ${wider.join(" ")}.`);
    if (held.used) exchange.violation("refresh_replay", "a token that rotation has replaced");
    held.used = this.app.settings.rotate_refresh;
    return this.#grant(exchange, { ...held, asked, wantsInfo: form.has("client_info") }, held);
  }

  /** Issues tokens for the scopes asked; `from` is the refresh token that was used. */
  #grant(exchange, { account, client, scope, asked = scope, tenant, nonce, wantsInfo }, from) {
    const person = this.app.world.accounts.get(account);
    const granted = scopesOf(asked).filter((name) => name !== "offline_access");
    const life = this.app.settings.access_token_s;
    const accessToken = token(person.kind === "personal" ? "EwBwA8l6BAAU" : "eyJ0eXAiOiJKV1QiLCJub25jZSI6Ij.");
    this.access.set(accessToken, { account: person, scopes: new Set(granted), expires: Date.now() + life * 1000 });
    this.challenge = false;
    const answer = { token_type: "Bearer", scope: granted.join(" "), expires_in: life, ext_expires_in: life, access_token: accessToken };
    if (from !== undefined && !this.app.settings.rotate_refresh) {
      // the client keeps the one that it has
    } else if (scopesOf(scope).includes("offline_access")) {
      answer.refresh_token = token(person.kind === "personal" ? "M.C507_BAY.0.U.-" : "0.AXoA");
      this.refresh.set(answer.refresh_token, { account, client, scope, tenant, used: false, revoked: false });
    }
    if (granted.includes("openid")) answer.id_token = idToken(this.#host, person, { client, nonce });
    if (wantsInfo) answer.client_info = clientInfo(person);
    exchange.json(200, answer, { "cache-control": "no-store" });
  }

  /** Ends access tokens only, or refresh tokens as well. */
  revoke({ refresh, claims }) {
    this.access.clear();
    this.challenge = claims === true;
    if (refresh) for (const held of this.refresh.values()) held.revoked = true;
  }
}

/** The form of a token request; a client may also give its name and secret as Basic authentication. */
function clientForm(exchange, body) {
  const form = parsePairs(body);
  const basic = /^Basic (.+)$/i.exec(exchange.header("authorization") ?? "")?.[1];
  if (basic !== undefined && !form.has("client_id")) {
    const [id, secret] = Buffer.from(basic, "base64").toString().split(":");
    form.set("client_id", decodeURIComponent(id));
    if (secret) form.set("client_secret", secret);
  }
  return form;
}

/** Short names of the scopes asked, without the address of the resource. */
function scopesOf(text = "") {
  return text.split(/\s+/).filter(Boolean).map((scope) => scope.replace(/^https:\/\/[^/]+\//, ""));
}

function challengeOf(verifier) {
  return /^[A-Za-z0-9\-._~]{43,128}$/.test(verifier) ? createHash("sha256").update(verifier).digest("base64url") : "";
}

/** What is wrong with a request for a code, as the page would say it; null where nothing is. */
function authorizeProblem(query) {
  const redirect = query.get("redirect_uri") ?? "";
  for (const name of ["client_id", "redirect_uri", "scope"]) {
    if (!query.get(name)) return `AADSTS900144: The request must contain the parameter '${name}'.`;
  }
  if (query.get("response_type") !== "code") return "AADSTS900144: The response_type must be 'code'.";
  if (query.has("code_challenge") && query.get("code_challenge_method") !== "S256") {
    return "AADSTS501491: The code_challenge_method must be S256.";
  }
  /* Command-line clients register this page; the person copies its address (Graph: nativeclient). */
  if (query.get("client_id") !== CLIENT_ID && redirect.endsWith("/common/oauth2/nativeclient")) return null;
  const registered = /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/.*)?$/.exec(redirect);
  const pathFits = query.get("client_id") !== CLIENT_ID || ["", "/", undefined].includes(registered?.[3]);
  if (registered === null || !pathFits) return "AADSTS50011: The redirect URI does not match those of the application.";
  return null;
}

function html(exchange, status, text) {
  exchange.bytes(status, Buffer.from(text), { "content-type": "text/html; charset=utf-8" });
}
