// The desktop around the agent, each service played by a stand-in on a private bus: work
// rests on metered networks and battery savers, sleep is noticed, and what wants a person is
// shown once, with what they can do about it.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";

import { HIDDEN, until, withBench } from "../support/agent.mjs";
import { hasDesktop, openDesktop } from "../support/desktop.mjs";

const AT_ONCE_MS = 2000;
const MIB = 1024 * 1024;

function desktopTest(name, options, body) {
  test(name, { skip: !hasDesktop }, async () => {
    const desktop = await openDesktop();
    try {
      await withBench(options, (bench) => body(bench, desktop));
    } finally {
      await desktop.close();
    }
  });
}


/* A download that takes far longer than the test. */
async function startSlowDownload(bench, desktop) {
  await bench.sandbox.faults({ route: "download", kind: "drip", bytes: 65536, every_ms: 50 });
  await bench.sandbox.change({ op: "put", path: "large.bin", content: { size: 64 * MIB, seed: 1 } });
  await bench.start({ live: false, environment: desktop.environment });
  await until("bytes arrive", async () => (await bench.status()).mirrors[0].done_bytes > 0);
}

const inFlight = async (bench) => (await bench.sandbox.log()).filter((entry) => entry.route === "download" && entry.ms === undefined);

async function restsAfter(bench, command, reason) {
  const begin = Date.now();
  assert.equal((await inFlight(bench)).length, 1);
  await command();
  await until("the download ends", async () => (await inFlight(bench)).length === 0);
  await until("the channel ends", async () => (await bench.sandbox.stats()).sockets_joined === 0);
  const status = await until("the status says so", async () => {
    const now = await bench.status();
    return now.paused && now.mirrors[0].state === "paused" && now;
  });
  assert.ok(Date.now() - begin < AT_ONCE_MS, `${Date.now() - begin} ms`);
  assert.match(status.paused_why, reason);
  await bench.sandbox.resetLog();
}

async function goesOnAfter(bench, command) {
  const begin = Date.now();
  await command();
  await until("work goes on", async () => (await bench.sandbox.log()).some((entry) => entry.route === "download"));
  assert.ok(Date.now() - begin < AT_ONCE_MS, `${Date.now() - begin} ms`);
}

desktopTest("a metered network stops the work within two seconds, and its end resumes it", {}, async (bench, desktop) => {
  await startSlowDownload(bench, desktop);
  await restsAfter(bench, () => desktop.tell("metered 1"), /metered/);
  await bench.sandbox.clearFaults();
  await goesOnAfter(bench, () => desktop.tell("metered 2"));
  await bench.untilEqual();
});

desktopTest("the battery saver stops the work within two seconds, and its end resumes it", {}, async (bench, desktop) => {
  await startSlowDownload(bench, desktop);
  await restsAfter(bench, () => desktop.tell("profile power-saver"), /battery saver/);
  await bench.sandbox.clearFaults();
  await goesOnAfter(bench, () => desktop.tell("profile balanced"));
  await bench.untilEqual();
});

desktopTest("who wants to spend it anyway is not stopped", { config: { desktop: { pause_on_metered: "no", pause_on_battery_saver: "no" } } }, async (bench, desktop) => {
  await desktop.tell("metered 1");
  await desktop.tell("profile power-saver");
  await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
  await bench.start({ environment: desktop.environment });
  await bench.untilEqual();
});

desktopTest("a pause that ends by itself ends nothing else: only a person's word goes on for all", {}, async (bench, desktop) => {
  await desktop.tell("metered 1");
  await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
  await bench.start({ live: false, environment: desktop.environment });
  await until("it rests", async () => (await bench.status()).paused);
  await bench.ok("pause", "--for", "1s");
  assert.match((await bench.status()).paused_why, /you asked/);
  await until("the pause is over", async () => /metered/.test((await bench.status()).paused_why));
  await bench.ok("resume");
  await bench.untilEqual();
});

desktopTest("why work rests is told to its end, in a language of long words too", {}, async (bench, desktop) => {
  await desktop.tell("profile power-saver");
  await bench.start({ live: false, environment: { ...desktop.environment, LANGUAGE: "ru" } });
  await until("it rests", async () => (await bench.status()).paused);
  assert.match((await bench.run("sync-now")).stderr, /\(включён режим энергосбережения\).*: agent resume$/m);
});

desktopTest("waking from sleep connects anew, at once (F-154)", {}, async (bench, desktop) => {
  await bench.start({ environment: desktop.environment });
  await bench.sandbox.resetLog();
  await desktop.tell("sleep 1");
  await desktop.tell("sleep 0");
  await until("it looks what changed", async () => (await bench.sandbox.log()).some((entry) => entry.route === "delta"));
  await bench.untilLive();
});

desktopTest("a lapsed sign-in is told once, its action opens the sign-in, and signing in takes it away (F-114)", {}, async (bench, desktop) => {
  await bench.start({ environment: desktop.environment });
  await bench.sandbox.signin("revoke");
  await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
  const notice = await desktop.event("notice");
  assert.match(notice.summary, /sign in/i);
  assert.deepEqual(notice.actions, ["default", "Sign in", "sign-in", "Sign in"]);
  await desktop.tell(`choose ${notice.id} sign-in`);
  const unit = JSON.stringify((await desktop.event("unit")).arguments);
  assert.match(unit, /"env","[^"]*agent","login","--browser","--config"/);
  await bench.ok("login", "--device-code");
  await desktop.event("taken-away", (one) => one.id === notice.id);
  await bench.untilEqual();
  assert.equal(desktop.count("notice"), 1);
});

for (const row of [
  { word: "approve", action: "Delete here too", files: 0 },
  { word: "refuse", action: "Keep the files", files: 40 },
]) {
  desktopTest(`a held big deletion is told with its choices: ${row.word} (F-90)`, {}, async (bench, desktop) => {
    await bench.sandbox.change(Array.from({ length: 40 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
    await bench.start({ environment: desktop.environment });
    await bench.sandbox.change(Array.from({ length: 40 }, (_, i) => ({ op: "delete", path: `d/${i}.txt` })));
    const notice = await desktop.event("notice", (one) => one.actions.includes(row.action));
    assert.match(notice.body, /40 deletions/);
    assert.equal((await readdir(bench.file("d"))).length, 40);
    await desktop.tell(`choose ${notice.id} ${row.word}`);
    await desktop.event("taken-away", (one) => one.id === notice.id);
    await until("the files are as chosen", async () => (await readdir(bench.file("d"))).length === row.files);
  });
}

desktopTest("a conflict is told, and its folder shown; hostile names are escaped (F-26, F-152)", {}, async (bench, desktop) => {
  const folder = path.join(bench.home, "<b>Drive & more");
  await bench.add(folder, "other");
  await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
  await bench.start({ environment: desktop.environment });
  await writeFile(path.join(folder, "a.txt"), "mine");
  await bench.sandbox.change({ op: "put", path: "a.txt", content: "theirs" });
  const notice = await desktop.event("notice", (one) => /both sides/.test(one.summary));
  assert.match(notice.body, /^other: 1 of your versions/);
  await desktop.tell(`choose ${notice.id} default`);
  const shown = await desktop.event("folders");
  assert.equal(shown.folders[0], `file://${encodeURIComponent(folder).replaceAll("%2F", "/")}`);
});

desktopTest("no notice where the configuration forbids it", { config: { desktop: { notifications: "no" } } }, async (bench, desktop) => {
  await bench.start({ environment: desktop.environment });
  await bench.sandbox.signin("revoke");
  await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
  await until("the sign-in has lapsed", async () => (await bench.status()).account.state === "lapsed");
  assert.equal(desktop.count("notice"), 0);
});

test("bulk work has a low priority, answers have the usual one", { skip: HIDDEN }, async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const { pid } = bench.child;
    /* The 16th field behind the name, which may hold blanks, is the nice value. */
    const nice = async (thread) => Number((await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8")).split(") ")[1].split(" ")[16]);
    const threads = (await readdir(`/proc/${pid}/task`)).map(Number);
    const values = await Promise.all(threads.map(nice));
    const own = await nice(pid);
    assert.ok(values.filter((value) => value >= Math.min(own + 5, 19)).length >= 4, `${values}`);
    assert.equal(own, os.getPriority());
  });
});

test("a mirror is a bookmark of the file manager, unless a person does not want it", async () => {
  await withBench({ add: false }, async (bench) => {
    const environment = { XDG_CONFIG_HOME: path.join(bench.home, "config") };
    const run = async (...words) => assert.equal((await bench.runWith({ environment }, ...words)).code, 0);
    const file = path.join(bench.home, "config/gtk-3.0/bookmarks");
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, "file:///srv Server\n");
    await run("add", path.join(bench.home, "One"), "--name", "one");
    assert.equal(await readFile(file, "utf8"), `file:///srv Server\nfile://${bench.home}/One\n`);
    await run("remove", "one");
    assert.equal(await readFile(file, "utf8"), "file:///srv Server\n");
    await run("add", path.join(bench.home, "Two"), "--name", "two", "--no-bookmark");
    assert.equal(await readFile(file, "utf8"), "file:///srv Server\n");
  });
});
