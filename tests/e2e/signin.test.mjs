// `agent login` as a person goes through it, in a browser and with a code, and everything
// that the sign-in service may answer instead (Graph: OAuth errors, F-114, F-115).

import assert from "node:assert/strict";
import { access, chmod, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { openBench, until } from "../support/agent.mjs";
import { missing, openBrowser } from "../support/browser.mjs";

const hasTokens = (bench) => access(path.join(bench.stateDir, "tokens.json")).then(() => true, () => false);

async function withClosedBench(options, body) {
  const bench = await openBench(options);
  try {
    await body(bench);
  } catch (error) {
    console.error(bench.log);
    throw error;
  } finally {
    await bench.close();
  }
}

/** Starts `agent login --browser` with a $BROWSER that only tells us the address: {url, ended}. */
async function beginLogin(bench, ...words) {
  const told = path.join(bench.home, "address");
  const program = path.join(bench.home, "browser");
  await rm(told, { force: true });
  await writeFile(program, `#!/bin/sh\nprintf %s "$1" >'${told}.new' && mv '${told}.new' '${told}'\n`);
  await chmod(program, 0o755);
  const ended = bench.runWith({ environment: { BROWSER: `/nonexistent/program:${program}` } }, "login", "--browser", ...words);
  const url = await until("the browser is started", () => readFile(told, "utf8").catch(() => ""));
  return { url, ended };
}

/** A real browser may still be on its way from one page to the next. */
function shows(browser, pattern) {
  return until(`the page shows ${pattern}`, async () => {
    const text = await browser.text();
    if (!pattern.test(text)) throw new Error(text);
    return text;
  });
}

async function withBrowser(kind, body) {
  await withClosedBench({}, async (bench) => {
    const browser = await openBrowser(kind, bench.sandbox, bench.home);
    try {
      await body(bench, browser);
    } finally {
      await browser.close();
    }
  });
}

for (const kind of ["http", "chromium"]) {
  const skip = await missing(kind);

  test(`a person signs in with the browser (${kind})`, { skip }, async () => {
    await withBrowser(kind, async (bench, browser) => {
      const { url, ended } = await beginLogin(bench, "--all-drives");
      assert.match(url, /[?&]code_challenge_method=S256(&|$)/);
      await browser.open(url);
      await browser.fill({ login: "ana@contoso.com", password: "wrong" });
      await browser.press("signin");
      await shows(browser, /password is incorrect/);
      await browser.fill({ login: "ana@contoso.com", password: "secret" });
      await browser.press("signin");
      await shows(browser, /Permissions requested.*Sites\.Read\.All/s);
      await browser.press("accept");
      const result = await ended;
      assert.equal(result.code, 0, result.stderr);
      assert.ok(result.stdout.startsWith("Your browser shows the sign-in page.") && result.stdout.includes(url), result.stdout);
      assert.match(result.stdout, /\nSigned in as Ana Example\.\n$/);
      const page = await shows(browser, /The sign-in has arrived\. You can close this page\./);
      assert.doesNotMatch(page, /code|state|token/);
      assert.deepEqual(await bench.sandbox.violations(), []);
      await bench.ok("drives");
    });
  });

  test(`a person refuses consent (${kind})`, { skip }, async () => {
    await withBrowser(kind, async (bench, browser) => {
      const { url, ended } = await beginLogin(bench);
      await browser.open(url);
      await browser.fill({ login: "ana@contoso.com", password: "secret" });
      await browser.press("signin");
      await shows(browser, /Permissions requested/);
      await browser.press("cancel");
      const result = await ended;
      assert.equal(result.code, 4);
      assert.match(result.stderr, /^error the sign-in was refused \(access_denied\): consent was declined; start again with agent login.*\n$/);
      await shows(browser, /The sign-in was refused; the terminal says more/);
      assert.equal(await hasTokens(bench), false);
    });
  });
}

test("a visitor without the right state is turned away, and the real one still comes through", async () => {
  await withBrowser("http", async (bench, browser) => {
    await bench.sandbox.settings({ auto_approve: true });
    const { url, ended } = await beginLogin(bench);
    const back = new URL(new URL(url).searchParams.get("redirect_uri"));
    for (const query of ["?code=stolen&state=guessed", "?code=stolen", "?error=access_denied&state=guessed"]) {
      await browser.open(new URL(query, back).href);
      assert.match(await browser.text(), /This is not the expected answer/);
    }
    await browser.open(url);
    assert.equal((await ended).code, 0);
    assert.match(await browser.text(), /has arrived/);
    await assert.rejects(browser.open(back.href), /ECONNREFUSED/, "the listener is gone");
  });
});

/** Refusals that come back through the browser. */
const REDIRECTS = [
  { error: "access_denied", number: 65004, code: 4, wants: /refused \(access_denied\): consent was declined/ },
  { error: "access_denied", number: 53003, code: 4, wants: /conditional access policy.*administrator/ },
  { error: "access_denied", number: 90094, code: 4, wants: /administrator must consent/ },
  { error: "consent_required", number: 65001, code: 4, wants: /nobody has consented/ },
  { error: "interaction_required", number: 50076, code: 4, wants: /second factor/ },
  { error: "invalid_request", number: 700016, code: 3, wants: /`client_id =` is not known/ },
  { error: "unauthorized_client", number: 700025, code: 3, wants: /public client/ },
  { error: "temporarily_unavailable", number: 90033, code: 5, wants: /F-115/ },
];

for (const { error, number, code, wants } of REDIRECTS) {
  test(`browser: ${error} ${number} is exit ${code} with its mend`, async () => {
    await withBrowser("http", async (bench, browser) => {
      await bench.sandbox.signin("refuse", { error, number });
      const { url, ended } = await beginLogin(bench);
      await browser.open(url);
      const result = await ended;
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, wants);
      assert.equal(result.stderr.split("\n").length, 2, result.stderr);
    });
  });
}

/** Answers to the exchange of a code for tokens, or to a renewal. */
const ANSWERS = [
  { name: "wrong tenant", error: "invalid_grant", number: 50020, code: 4, wants: /wrong kind for this tenant; check `tenant =`/ },
  { name: "one tenant only", error: "invalid_request", number: 50194, code: 3, wants: /set `tenant =` to its id/ },
  { name: "conditional access (F-114)", error: "invalid_grant", number: 53003, code: 4, wants: /conditional access policy/ },
  { name: "a managed device is wanted (F-114)", error: "interaction_required", number: 53000, code: 4, wants: /compliant device; ask the administrator/ },
  { name: "password changed (F-114)", error: "invalid_grant", number: 50173, code: 4, wants: /password was changed; sign in again/ },
  { name: "sign-in frequency (F-114)", error: "invalid_grant", number: 70043, suberror: "bad_token", code: 4, wants: /fresh sign-in now and then/ },
  { name: "not used for too long (F-114)", error: "invalid_grant", number: 700082, code: 4, wants: /expired; sign in again/ },
  { name: "no consent", error: "consent_required", number: 65001, code: 4, wants: /nobody has consented yet/ },
  { name: "a scope that is none", error: "invalid_scope", number: 70011, code: 4, wants: /invalid_scope/ },
  { name: "no such app", error: "unauthorized_client", number: 700016, code: 3, wants: /`client_id =` is not known in this tenant/ },
  { name: "not a public client", error: "invalid_client", number: 700025, code: 3, wants: /public client; see the README/ },
  { name: "the service is down (F-115)", error: "server_error", number: 90033, status: 503, code: 5, wants: /F-115/ },
  { name: "throttled (F-115)", error: "temporarily_unavailable", number: 90055, status: 429, code: 5, wants: /F-115/ },
];

test("each refusal of a code or of a renewal has its exit code and its mend, and the tokens stay", async () => {
  await withClosedBench({}, async (bench) => {
    await bench.login();
    await bench.add();
    const browser = await openBrowser("http", bench.sandbox, bench.home);
    for (const { name, code, wants, ...answer } of ANSWERS) {
      await bench.sandbox.signin("fail", answer);
      const renewal = await bench.run("drives");
      assert.equal(renewal.code, code, `${name}: ${renewal.stderr}`);
      assert.match(renewal.stderr, wants, name);
      const { url, ended } = await beginLogin(bench);
      await browser.open(url);
      const login = await ended;
      assert.equal(login.code, code, `${name}: ${login.stderr}`);
      assert.match(login.stderr, wants, name);
      assert.equal(await hasTokens(bench), true, name);
    }
    await bench.sandbox.signin("fail", { error: "invalid_grant", number: 53003 });
    const german = await bench.runWith({ environment: { LANGUAGE: "de" } }, "drives");
    assert.match(german.stderr, /Richtlinie für bedingten Zugriff/, "a mend is a message like all others");
    await bench.sandbox.signin("recover");
    await bench.ok("drives");
  });
});

test("device code: a person declines, lets it expire, or the clock is wrong", async () => {
  await withClosedBench({ settings: { device_interval_s: 1 } }, async (bench) => {
    for (const [action, wants] of [["decline", /refused \(authorization_declined\).*--browser/], ["expire", /the code has expired.*agent login/]]) {
      const ended = bench.run("login", "--device-code");
      await until("a code waits", async () => (await bench.sandbox.signin(action)).settled > 0);
      const result = await ended;
      assert.equal(result.code, 4);
      assert.match(result.stderr, wants);
      assert.match(result.stdout, /type this code there:\n\n {4}[A-Z2-9]{8}\n/);
    }
    await bench.sandbox.settings({ clock_skew_s: 3600 });
    await bench.sandbox.signin("fail", { error: "invalid_grant", number: 70008 });
    const result = await bench.run("login", "--device-code");
    assert.match(result.stderr, /the clock of this computer is 60 min behind: set it first/);
  });
});

test("without a client_id the first sign-in says in five lines how to get one", async () => {
  await withClosedBench({}, async (bench) => {
    await writeFile(bench.configFile, "[account]\ntoken_store = file\n");
    const result = await bench.run("login");
    assert.equal(result.code, 3);
    assert.match(result.stderr, /^(error )?client_id is missing.*\n( {2}[1-5]\. .*\n){5}$/);
    assert.match(result.stderr, /entra\.microsoft\.com/);
  });
});
