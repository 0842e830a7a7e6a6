// The sign-in in a real keyring: gnome-keyring on a bus of its own (F-117).

import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { openBench, until } from "../support/agent.mjs";
import { missing, openSession } from "../support/keyring.mjs";

const skip = await missing();
const PASSWORD = "correct horse";

/** A bench whose tokens may rest in the keyring of `session`; nothing is signed in. */
async function withSession({ store = "auto", password = PASSWORD, keyring = true }, body) {
  const bench = await openBench({ config: { account: { token_store: store } } });
  const session = await openSession(bench.home);
  try {
    if (keyring) await session.startKeyring(password);
    bench.environment.DBUS_SESSION_BUS_ADDRESS = session.address;
    await body(bench, session);
  } catch (error) {
    console.error(bench.log.split("\n").slice(-80).join("\n"), session.said);
    throw error;
  } finally {
    await bench.close();
    await session.close();
  }
}

const tokenFile = (bench) => path.join(bench.stateDir, "tokens.json");
const hasFile = (bench) => access(tokenFile(bench)).then(() => true, () => false);

for (const store of ["auto", "keyring"]) {
  test(`token_store = ${store}: the keyring has the sign-in, the file never appears`, { skip }, async () => {
    await withSession({ store }, async (bench, session) => {
      await bench.login();
      assert.deepEqual(await session.items(bench.stateDir), [1, 0]);
      await bench.add();
      await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
      /* Each run begins with a renewal, and each renewal replaces the token (F-116). */
      for (let run = 0; run < 3; run++) await bench.ok("sync-now");
      assert.deepEqual(await bench.sandbox.violations(), []);
      assert.deepEqual(await session.items(bench.stateDir), [1, 0]);
      assert.match((await bench.ok("doctor")).stdout, /stored in the keyring/);
      assert.equal(await hasFile(bench), false);
      await bench.ok("logout");
      assert.deepEqual(await session.items(bench.stateDir), [0, 0]);
      assert.equal((await bench.run("sync-now")).code, 4);
    });
  });
}

test("a locked keyring is one clear line, and no question to anybody", { skip }, async () => {
  await withSession({}, async (bench, session) => {
    await bench.login();
    await bench.add();
    await session.lock();
    for (const command of [["sync-now"], ["drives"], ["logout"]]) {
      const result = await bench.run(...command);
      assert.equal(result.code, 4, result.stderr);
      assert.match(result.stderr, /^error F-117 the keyring is locked: unlock it.*\n$/);
    }
    assert.equal(session.prompts, 0);
    /* Only `agent login` has the keyring ask, once, and before the person goes through a sign-in. */
    const result = await bench.run("login", "--device-code");
    assert.equal(result.code, 4);
    assert.match(result.stderr, /^error F-117 the keyring is locked: unlock it.*\n$/);
    assert.equal(session.prompts, 1);
    assert.equal(await hasFile(bench), false);
    assert.deepEqual(await session.items(bench.stateDir), [0, 1]);
  });
});

test("an agent that starts under a locked keyring waits, and goes on once it is unlocked", { skip }, async () => {
  await withSession({}, async (bench, session) => {
    await bench.login();
    await bench.add();
    await session.lock();
    await bench.start({ live: false });
    await until("the status says why", async () => /keyring is locked/.test((await bench.status()).account.message ?? ""));
    assert.equal((await bench.status()).account.state, "lapsed");
    await session.stopKeyring();
    await session.startKeyring(PASSWORD);
    await bench.untilLive();
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
    assert.equal(session.prompts, 0);
    assert.equal(await hasFile(bench), false);
    const lines = bench.log.match(/^.*F-117.*$/gm);
    assert.deepEqual(lines, [...new Set(lines)], "each is said once");
  });
});

test("the end of the session takes the keyring away, not the running agent (F-158)", { skip }, async () => {
  await withSession({}, async (bench, session) => {
    await bench.login();
    await bench.add();
    await bench.start();
    await session.close();
    await bench.sandbox.signin("revoke_access");
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.untilEqual();
    assert.deepEqual(await bench.stop(), { code: 0, signal: null });
  });
});

test("the sign-in moves when the setting changes, and lies in one place only", { skip }, async () => {
  await withSession({ store: "file" }, async (bench, session) => {
    const use = (store) => bench.writeConfig({ account: { token_store: store } });
    await bench.login();
    assert.equal(await hasFile(bench), true);
    for (const [store, file] of [["keyring", false], ["file", true], ["auto", false]]) {
      await use(store);
      await bench.ok("drives");
      assert.equal(await hasFile(bench), file, store);
      assert.deepEqual(await session.items(bench.stateDir), file ? [0, 0] : [1, 0], store);
    }
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});

test("a locked keyring takes nothing from who was content with the file", { skip }, async () => {
  await withSession({ store: "file" }, async (bench, session) => {
    await bench.login();
    await session.lock();
    await bench.writeConfig({ account: { token_store: "auto" } });
    await bench.ok("drives");
    assert.equal(await hasFile(bench), true);
    await bench.writeConfig({ account: { token_store: "keyring" } });
    assert.equal((await bench.run("drives")).code, 4);
    assert.equal(await hasFile(bench), true);
  });
});

test("auto without a keyring is the file, with one warning; keyring without one is an error", { skip }, async () => {
  await withSession({ keyring: false }, async (bench) => {
    await bench.sandbox.settings({ auto_approve: true });
    const first = await bench.ok("login", "--device-code", "-v");
    assert.match(first.stderr, /warning F-117 no keyring answers: the sign-in is kept in .*tokens\.json/);
    const second = await bench.ok("drives", "-v");
    assert.doesNotMatch(second.stderr, /F-117/);
    assert.equal(JSON.parse(await readFile(tokenFile(bench), "utf8")).user_name, "Ana Example");
    await bench.ok("logout");
    await bench.writeConfig({ account: { token_store: "keyring" } });
    const result = await bench.run("login", "--device-code");
    assert.equal(result.code, 4);
    assert.match(result.stderr, /^error F-117 no keyring answers here .*token_store = auto or file\n$/);
  });
});
