import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, afterEach, describe, test } from "node:test";
import { startSandbox } from "../../support/sandbox.mjs";
import { ALL_SCOPES, Client } from "./support/client.mjs";

const REDIRECT = "http://localhost:53217";

describe("sign-in", async () => {
  const sandbox = await startSandbox({ args: ["--personal"], settings: { device_interval_s: 1 } });
  const client = new Client(sandbox);
  after(() => sandbox.stop());
  afterEach(() => sandbox.call("POST", "/signin", { auto_approve: false }));

  async function codeFor({ challenge, redirect = REDIRECT, more = {} }) {
    await sandbox.call("POST", "/signin", { auto_approve: true });
    const asked = { client_id: sandbox.client_id, response_type: "code", redirect_uri: redirect, scope: ALL_SCOPES, state: "s t", ...more };
    if (challenge) Object.assign(asked, { code_challenge: challenge, code_challenge_method: "S256" });
    const url = `${sandbox.login_url}/common/oauth2/v2.0/authorize?${new URLSearchParams(asked)}`;
    return client.request("GET", url);
  }

  function pkce() {
    const verifier = randomBytes(32).toString("base64url");
    return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
  }

  function redeemCode(code, verifier, redirect = REDIRECT) {
    return client.login("token", { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier, scope: ALL_SCOPES });
  }

  function isOauthError(answer, error, number) {
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error, error);
    assert.deepEqual(answer.json.error_codes, [number]);
    assert.match(answer.json.error_description, new RegExp(`^AADSTS${number}: `));
    assert.match(answer.json.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    assert.ok(answer.json.trace_id && answer.json.correlation_id);
  }

  test("a device code waits for the person, then gives tokens once", async () => {
    const device = await client.deviceCode();
    assert.deepEqual(Object.keys(device.json).sort(), ["device_code", "expires_in", "interval", "message", "user_code", "verification_uri"]);
    isOauthError(await client.redeem(device), "authorization_pending", 70016);
    await sandbox.signin("approve", { user_code: device.json.user_code });
    const { status, json } = await client.redeem(device);
    assert.equal(status, 200);
    assert.equal(json.token_type, "Bearer");
    assert.equal(json.expires_in, 3599);
    assert.equal(json.scope, ALL_SCOPES.replace(" offline_access", ""));
    assert.ok(json.access_token && json.refresh_token);
    isOauthError(await client.redeem(device), "invalid_grant", 70000);
  });

  test("a person may enter the code on the page", async () => {
    const device = await client.deviceCode();
    await client.form(device.json.verification_uri, { code: device.json.user_code.toLowerCase() });
    assert.equal((await client.redeem(device)).status, 200);
  });

  test("polling faster than the interval is answered with slow_down", async () => {
    const device = await client.deviceCode();
    await client.redeem(device);
    isOauthError(await client.redeem(device), "slow_down", 70016);
  });

  for (const [action, error, number] of [["decline", "authorization_declined", 65004], ["expire", "expired_token", 70019]]) {
    test(`a device code after ${action}`, async () => {
      const device = await client.deviceCode();
      await sandbox.signin(action);
      isOauthError(await client.redeem(device), error, number);
    });
  }

  test("an unknown device code is not recognised", async () => {
    isOauthError(await client.redeem({ json: { device_code: "x" } }), "bad_verification_code", 70018);
  });

  test("without offline_access there is no refresh token", async () => {
    await sandbox.call("POST", "/signin", { auto_approve: true });
    const { json } = await client.redeem(await client.deviceCode({ scope: "Files.Read" }));
    assert.equal(json.refresh_token, undefined);
  });

  test("the authorization code comes back to the loopback address with its state, a slash added", async () => {
    const { verifier, challenge } = pkce();
    const { status, headers } = await codeFor({ challenge });
    assert.equal(status, 302);
    const back = new URL(headers.location);
    assert.equal(headers.location.startsWith(`${REDIRECT}/?`), true);
    assert.equal(back.searchParams.get("state"), "s t");
    const tokens = await redeemCode(back.searchParams.get("code"), verifier);
    assert.equal(tokens.status, 200);
    isOauthError(await redeemCode(back.searchParams.get("code"), verifier), "invalid_grant", 54005);
  });

  test("a code wants the verifier of its challenge and the same redirect address", async () => {
    const { verifier, challenge } = pkce();
    const code = new URL((await codeFor({ challenge })).headers.location).searchParams.get("code");
    isOauthError(await redeemCode(code, pkce().verifier), "invalid_grant", 501481);
    isOauthError(await redeemCode(code, verifier, "http://localhost:1"), "invalid_grant", 70000);
    assert.equal((await redeemCode(code, verifier)).status, 200);
  });

  test("a person signs in, then consents; cancelling either sends access_denied back", async () => {
    const { challenge } = pkce();
    const asked = { client_id: sandbox.client_id, response_type: "code", redirect_uri: REDIRECT, scope: "Files.Read", state: "x", code_challenge: challenge, code_challenge_method: "S256" };
    const url = `${sandbox.login_url}/common/oauth2/v2.0/authorize?${new URLSearchParams(asked)}`;
    const pageOf = (text) => /name="page" value="([^"]+)"/.exec(text)[1];
    const open = async (headers) => (await client.request("GET", url, { headers })).text;
    const queryOf = (answer) => new URL(answer.headers.location).searchParams;
    assert.equal(queryOf(await client.form(url, { page: pageOf(await open()), answer: "cancel" })).get("error"), "access_denied");
    const page = pageOf(await open());
    const signIn = (login, password) => client.form(url, { page, login, password, answer: "signin" });
    assert.match((await signIn("nobody@contoso.com", "x")).text, /may be incorrect/);
    assert.match((await signIn("bo@contoso.com", "wrong")).text, /password is incorrect/);
    const consent = await signIn("bo@contoso.com", "secret");
    assert.match(consent.text, /Bo Example.*Files\.Read/s);
    const cookie = consent.headers["set-cookie"][0].split(";")[0];
    assert.match((await client.form(url, { page, answer: "accept" })).text, /Password/, "without its cookie it is nobody");
    const signed = queryOf(await client.form(url, { page, answer: "accept" }, { cookie }));
    assert.ok(signed.get("code"));
    assert.match(await open({ cookie }), /Permissions requested/, "the cookie remembers");
    await sandbox.signin("refuse", { error: "server_error", number: 90033 });
    const refused = queryOf(await client.request("GET", url));
    assert.deepEqual([refused.get("error"), refused.get("state")], ["server_error", "x"]);
    await sandbox.signin("recover");
    await sandbox.signin("account", { account: "ana" });
  });

  for (const redirect of ["http://[::1]:1234", "https://example.com/", "http://localhost:1/other", "http://localhost.example.com/"]) {
    test(`redirect address ${redirect} is refused on a page`, async () => {
      const { status, headers } = await codeFor({ challenge: pkce().challenge, redirect });
      assert.deepEqual([status, headers.location], [400, undefined]);
    });
  }

  test("another program may have registered the page for programs without a browser", async () => {
    const redirect = `${sandbox.login_url}/common/oauth2/nativeclient`;
    const client_id = "11112222-aaaa-2222-bbbb-3333cccc4444";
    const { status, headers } = await codeFor({ challenge: pkce().challenge, redirect, more: { client_id } });
    assert.equal(status, 302);
    assert.equal(new URL(headers.location).pathname, "/common/oauth2/nativeclient");
    assert.equal((await codeFor({ challenge: pkce().challenge, redirect })).status, 400);
  });

  test("only S256 is taken", async () => {
    const more = { code_challenge: "x".repeat(43), code_challenge_method: "plain" };
    assert.equal((await codeFor({ more })).status, 400);
  });

  test("refreshing rotates; the old token still works and its use is noted", async () => {
    const first = await client.signIn();
    const refresh = (refresh_token, more = {}) => client.login("token", { grant_type: "refresh_token", refresh_token, ...more });
    const second = await refresh(first.refresh_token, { scope: "Files.ReadWrite offline_access" });
    assert.notEqual(second.json.refresh_token, first.refresh_token);
    assert.equal(second.json.scope, "Files.ReadWrite");
    await sandbox.resetLog();
    assert.equal((await refresh(first.refresh_token)).status, 200);
    assert.deepEqual((await sandbox.violations()).map((one) => one.kind), ["refresh_replay"]);
    isOauthError(await refresh(first.refresh_token, { scope: "Mail.Read" }), "consent_required", 65001);
  });

  test("a revoked sign-in ends access at once and refreshing for good", async () => {
    const { refresh_token } = await client.signIn();
    assert.equal((await client.get("/me")).status, 200);
    await sandbox.signin("revoke");
    const { status, json, headers } = await client.get("/me");
    assert.deepEqual([status, json.error.code], [401, "InvalidAuthenticationToken"]);
    assert.match(headers["www-authenticate"], /^Bearer realm=""/);
    const answer = await client.login("token", { grant_type: "refresh_token", refresh_token });
    isOauthError(answer, "invalid_grant", 50173);
    assert.equal(answer.json.suberror, "bad_token");
  });

  test("revoked access tokens may carry a claims challenge", async () => {
    await client.signIn();
    await sandbox.signin("revoke_access", { claims: true });
    assert.match((await client.get("/me")).headers["www-authenticate"], /error="insufficient_claims", claims="[\w=]+"/);
  });

  test("tenants: personal accounts do not get into organizations", async () => {
    await sandbox.call("POST", "/signin", { auto_approve: true });
    const device = await client.deviceCode();
    const fields = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: device.json.device_code };
    isOauthError(await client.login("token", fields, "organizations"), "invalid_grant", 500208);
    assert.equal((await client.login("token", fields, "consumers")).status, 200);
  });

  test("a public client has no secret", async () => {
    const { status, json } = await client.login("token", { grant_type: "refresh_token", refresh_token: "x", client_secret: "y" });
    assert.deepEqual([status, json.error, json.error_codes], [401, "invalid_client", [700025]]);
  });

  test("a test may choose the error of the next token requests", async () => {
    await sandbox.signin("fail", { error: "interaction_required", number: 50076, suberror: "basic_action", times: 1 });
    const refused = await client.login("token", { grant_type: "refresh_token", refresh_token: "x" });
    isOauthError(refused, "interaction_required", 50076);
    isOauthError(await client.login("token", { grant_type: "refresh_token", refresh_token: "x" }), "invalid_grant", 9002313);
    await sandbox.signin("recover");
  });

  test("another account at the browser has another drive", async () => {
    await client.signIn();
    const ana = (await client.get("/me/drive")).json.id;
    await sandbox.signin("account", { account: "bo" });
    await client.signIn();
    assert.notEqual((await client.get("/me/drive")).json.id, ana);
    await sandbox.signin("account", { account: "ana" });
  });
});
