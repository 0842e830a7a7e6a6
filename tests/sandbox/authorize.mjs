/**
 * What a person sees in the browser at /authorize: an account and its password, then the permissions that are asked for, then the
 * way back to the client's loopback address. A cookie keeps who has signed in, so that the next time only the consent is asked for.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { parsePairs } from "./exchange.mjs";
import { consentPage, failurePage, signInPage } from "./pages.mjs";

const COOKIE = "ESTSAUTH";

function html(exchange, status, text, headers = {}) {
  exchange.bytes(status, Buffer.from(text), { "content-type": "text/html; charset=utf-8", ...headers });
}

function token(prefix) {
  return prefix + randomBytes(24).toString("base64url");
}

export class Authorize {
  constructor(app, sendCode) {
    this.app = app;
    this.sendCode = sendCode; // (exchange, asked): the account in `asked` has consented
    this.pending = new Map(); // pages on the screen
    this.sessions = new Map(); // cookie -> account
    this.refusal = null; // what the next ones go back with: { error, number, text }
  }

  /** A browser that comes with a request of the client. */
  open(exchange, tenant, problem) {
    const { query } = exchange;
    if (problem !== null) return html(exchange, 400, failurePage(problem));
    if (!query.has("code_challenge")) exchange.violation("no_pkce");
    const asked = { tenant, redirect: query.get("redirect_uri"), query };
    if (this.refusal !== null) return this.#refuse(exchange, asked, this.refusal);
    if (this.app.settings.auto_approve) return this.sendCode(exchange, asked);
    const id = token("page-");
    this.pending.set(id, asked);
    return this.#show(exchange, id, asked);
  }

  /** A button of one of the pages. */
  async answer(exchange) {
    const form = parsePairs((await exchange.body()).toString());
    const id = form.get("page");
    const asked = this.pending.get(id);
    if (asked === undefined) return html(exchange, 400, failurePage("AADSTS900561: this page is no longer valid"));
    if (form.get("answer") === "signin") return this.#signIn(exchange, id, asked, form);
    const account = this.#session(exchange);
    if (form.get("answer") === "accept" && account === undefined) return this.#show(exchange, id, asked);
    this.pending.delete(id);
    if (form.get("answer") === "accept") return this.sendCode(exchange, { ...asked, account });
    return this.#refuse(exchange, asked, { error: "access_denied", number: 65004, text: "User declined to consent to access the app." });
  }

  #session(exchange) {
    const cookies = parsePairs((exchange.header("cookie") ?? "").replaceAll("; ", "&"));
    return this.sessions.get(cookies.get(COOKIE));
  }

  #show(exchange, id, asked, headers = {}, account = this.#session(exchange)) {
    if (account === undefined) return html(exchange, 200, signInPage(id));
    const scopes = (asked.query.get("scope") ?? "").split(" ").filter((scope) => scope !== "offline_access");
    return html(exchange, 200, consentPage(id, account, scopes), headers);
  }

  /** Any password will do but "wrong": what is modelled is the way, not the secret. */
  #signIn(exchange, id, asked, form) {
    const account = [...this.app.world.accounts.values()].find((one) => one.userPrincipalName === form.get("login"));
    if (account === undefined) return html(exchange, 200, signInPage(id, "This username may be incorrect."));
    if ([null, undefined, "", "wrong"].includes(form.get("password"))) {
      return html(exchange, 200, signInPage(id, "Your account or password is incorrect."));
    }
    const cookie = token("0.");
    this.sessions.set(cookie, account);
    return this.#show(exchange, id, asked, { "set-cookie": `${COOKIE}=${cookie}; Path=/; Secure; HttpOnly; SameSite=None` }, account);
  }

  #refuse(exchange, asked, { error, number, text = "As the test wanted." }) {
    const ids = `Trace ID: ${randomUUID()} Correlation ID: ${randomUUID()}`;
    sendBack(exchange, asked, { error, error_description: `AADSTS${number}: ${text} ${ids}`, ...(error === "access_denied" ? { error_subcode: "cancel" } : {}) });
  }
}

/** Back to the client's loopback address; one without a path comes back with a slash. */
export function sendBack(exchange, { redirect, query }, answer) {
  const to = new URL(redirect);
  for (const [name, value] of Object.entries(answer)) to.searchParams.set(name, value);
  if (query.has("state")) to.searchParams.set("state", query.get("state"));
  exchange.empty(302, { location: to.href });
}
