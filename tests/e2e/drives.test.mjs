// The five forms of `drive =`, several mirrors in one process, and a second account beside
// the first.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { openBench, until, withBench } from "../support/agent.mjs";

async function words(bench) {
  const drives = JSON.parse((await bench.ok("drives", "--json")).stdout);
  return (drives.drives ?? drives).map((drive) => drive.drive ?? drive.word);
}

test("`drives` lists own drives, groups and sites with the word to use, and each can be mirrored", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    const found = await words(bench);
    assert.ok(found.includes("me"), `${found}`);
    const group = found.find((word) => word.startsWith("group:"));
    const site = found.find((word) => word.startsWith("site:"));
    assert.ok(group && site, `${found}`);
    const own = await bench.sandbox.drive({ drive: "me" });
    const forms = { me: ["me", "me"], byid: [`drive:${own.id}`, "me"], list: [`drive-list:${(await bench.sandbox.drive({ drive: "site" })).id}`, "site"], team: [group, "group"], docs: [site, "site"] };
    for (const [name, [word, drive]] of Object.entries(forms)) {
      await bench.sandbox.change({ op: "put", path: `${name}.txt`, content: name, drive });
      await bench.add(path.join(bench.home, name), name, word);
    }
    await bench.start();
    for (const [name, [, drive]] of Object.entries(forms)) {
      const folder = path.join(bench.home, name);
      await bench.untilEqual({ drive, folder });
      await bench.sandbox.change({ op: "put", path: `later ${name}.txt`, content: name, drive });
      await bench.untilEqual({ drive, folder });
    }
    await bench.ok("remove", "team");
    await access(path.join(bench.home, "team/team.txt"));
    await assert.rejects(access(path.join(bench.home, "team/.drive-agent")));
    await bench.sandbox.change({ op: "put", path: "still.txt", content: "x", drive: "site" });
    await bench.untilEqual({ drive: "site", folder: path.join(bench.home, "docs") });
  });
});

test("what this sign-in may not list is named with its mend", async () => {
  await withBench({ add: false }, async (bench) => {
    const { stdout, stderr } = await bench.ok("drives");
    assert.match(stdout, /^me /m);
    assert.match(stderr, /^note: the sites you can see cannot be listed: 403 .*: sign in with agent login --all-drives$/m);
  });
});

test("add and remove keep the comments of the configuration file", async () => {
  await withBench({}, async (bench) => {
    const before = `; mine\n${await readFile(bench.configFile, "utf8")}\n# the end\n`;
    await writeFile(bench.configFile, before);
    await bench.add(path.join(bench.home, "Second"), "second");
    assert.match(await readFile(bench.configFile, "utf8"), /; mine[\s\S]*# the end[\s\S]*\[mirror second\]/);
    await bench.ok("remove", "second");
    assert.equal((await readFile(bench.configFile, "utf8")).trimEnd(), before.trimEnd());
  });
});

test("a name that is made from a long folder ends with a whole character", async () => {
  await withBench({}, async (bench) => {
    await bench.ok("add", path.join(bench.home, `${"x".repeat(39)}\u00e4`));
    assert.match(await readFile(bench.configFile, "utf8"), /\[mirror x{39}\]\n/);
  });
});

for (const isRunning of [false, true]) {
  test(`a section deleted by hand, ${isRunning ? "with" : "without"} a running agent: status names its mirror, remove forgets it`, async () => {
    await withBench({}, async (bench) => {
      const folder = path.join(bench.home, "Second");
      await bench.add(folder, "second");
      await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
      await bench.ok("sync-now");
      assert.deepEqual((await bench.printedStatus()).unconfigured, []);
      if (isRunning) await bench.start();
      await writeFile(bench.configFile, (await readFile(bench.configFile, "utf8")).replace(/\[mirror second\][^[]*/, ""));
      bench.child?.kill("SIGHUP");
      const message = "no longer configured: agent remove second forgets it";
      const status = await until("the agent has left it", async () => {
        const now = await bench.printedStatus();
        return now.unconfigured.length > 0 && now;
      });
      assert.deepEqual(status.unconfigured, [{ name: "second", folder, message }]);
      assert.deepEqual(status.mirrors.map(({ name }) => name), ["main"]);
      assert.ok((await bench.ok("status")).stdout.includes(`\nsecond  ${folder}\n`));
      assert.ok((await bench.ok("status")).stdout.includes(message));
      assert.equal((await bench.run("remove", "secnd")).code, 2);
      await bench.ok("remove", "second");
      assert.deepEqual(await bench.query("select mirror from v_mirrors"), [{ mirror: "main" }]);
      assert.deepEqual(await readdir(folder), ["a.txt"]);
      assert.deepEqual((await bench.printedStatus()).unconfigured, []);
      assert.equal((await bench.run("remove", "second")).code, 2);
    });
  });
}

test("a section that gets another name by hand: the old mirror is forgotten, the new one goes on in the folder", async () => {
  for (const isRunning of [false, true]) {
    await withBench({}, async (bench) => {
      await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
      await bench.ok("sync-now");
      await writeFile(bench.configFile, (await readFile(bench.configFile, "utf8")).replace("[mirror main]", "[mirror new]"));
      await bench.ok("sync-now");
      if (isRunning) await bench.start();
      await bench.ok("remove", "main");
      await access(bench.file(".drive-agent"));
      await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
      await bench.ok("sync-now");
      await bench.untilEqual();
      assert.deepEqual(await bench.query("select mirror from v_mirrors"), [{ mirror: "new" }]);
    });
  }
});

test("a second account is a second --config and --state-dir", async () => {
  const bench = await openBench();
  try {
    await bench.login();
    await bench.add();
    await bench.sandbox.signin("account", { account: "bo" });
    const other = { AGENT_CONFIG: path.join(bench.home, "bo.ini"), AGENT_STATE_DIR: path.join(bench.home, "bo-state") };
    await writeFile(other.AGENT_CONFIG, (await readFile(bench.configFile, "utf8")).replace(/\[mirror[\s\S]*/, ""));
    const folder = path.join(bench.home, "Bo");
    for (const command of [["login", "--device-code"], ["add", folder, "--name", "bo"], ["sync-now"]]) {
      const result = await bench.runWith({ environment: other }, ...command);
      assert.equal(result.code, 0, result.stderr);
    }
    await bench.sandbox.change([{ op: "put", path: "ana.txt", content: "a" }, { op: "put", path: "bo.txt", content: "b", drive: "bo" }]);
    await bench.ok("sync-now");
    const result = await bench.runWith({ environment: other }, "sync-now");
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(await bench.differences(), []);
    assert.deepEqual(await bench.differences("bo", folder), []);
  } catch (error) {
    console.error(bench.log);
    throw error;
  } finally {
    await bench.close();
  }
});

const SITE = "https://contoso.sharepoint.com/sites/team";
const MY = "https://contoso-my.sharepoint.com/personal/ana_contoso_com";

/** What a person may paste from the browser, and what it becomes. */
const ADDRESSES = [
  { name: "a site", url: SITE, drive: "site" },
  { name: "a library's page", url: `${SITE}/Shared%20Documents/Forms/AllItems.aspx`, drive: "site" },
  { name: "a folder's page", url: `${SITE}/Shared%20Documents/Forms/AllItems.aspx?id=%2Fsites%2Fteam%2FShared%20Documents%2FOne%20%26%20two%2FB&viewid=7`, drive: "site", folder: "One & two/B" },
  { name: "a folder", url: `${SITE}/Shared%20Documents/One%20%26%20two/`, drive: "site", folder: "One & two" },
  { name: "a direct link", url: `https://contoso.sharepoint.com/:f:/r/sites/team/Shared%20Documents/One%20%26%20two?csf=1`, drive: "site", folder: "One & two" },
  { name: "the own drive's page", url: `${MY}/_layouts/15/onedrive.aspx`, drive: "me", word: "me" },
  { name: "a folder of the own drive", url: `${MY}/_layouts/15/onedrive.aspx?id=${encodeURIComponent("/personal/ana_contoso_com/Documents/Photos")}`, drive: "me", word: "me", folder: "Photos" },
  { name: "a folder of somebody else", url: "https://contoso-my.sharepoint.com/personal/bo_contoso_com/Documents/For%20Ana", drive: "bo", folder: "For Ana" },
];

test("`add` takes web addresses pasted from the browser, and mirrors what they show", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    const put = (path, drive) => ({ op: "put", path, drive, content: path });
    const [, , , , , { id }] = await bench.sandbox.change([
      put("One & two/B/in.txt", "site"), put("One & two/a.txt", "site"), put("out.txt", "site"), put("Photos/p.txt", "me"), put("top.txt", "me"),
      { op: "mkdir", path: "For Ana", drive: "bo" }, put("For Ana/x.txt", "bo"), { op: "share", path: "For Ana", drive: "bo" },
    ]);
    const link = { name: "a sharing link", url: `https://contoso.sharepoint.com/:f:/s/x/E${encodeURIComponent(id)}?e=4`, drive: "bo", folder: "For Ana" };
    for (const [i, row] of [...ADDRESSES, link].entries()) {
      const result = await bench.ok("add", path.join(bench.home, `m${i}`), "--drive", row.url);
      const word = row.word ?? `drive:${(await bench.sandbox.drive({ drive: row.drive })).id}`;
      assert.ok(result.stdout.includes(`<- ${word}\n`), `${row.name}: ${result.stdout}`);
      assert.match(result.stdout, row.folder ? /^The folder .* of the drive .*:\n {2}\d+ items? at its top\n {2}.* in all; .* are free here\n/ : /^The drive .*:\n {2}\d+ items? at its top\n/, row.name);
    }
    await bench.ok("sync-now");
    for (const [i, row] of [...ADDRESSES, link].entries()) {
      const below = row.folder ? `${row.folder}/` : "";
      const wanted = (await bench.sandbox.tree(row.drive)).filter((item) => `${item.path}/`.startsWith(below) && item.type === "file").map((item) => item.path);
      const found = JSON.parse((await bench.ok("inspect", "items", "--mirror", `m${i}`, "--format", "json")).stdout).filter((item) => item.kind === "file" && item.local_mtime).map((item) => item.path);
      assert.deepEqual(found.sort(), wanted.sort(), row.name);
    }
    assert.deepEqual(await bench.sandbox.violations(), []);
  });
});

const NO_ADDRESSES = [
  { name: "a file", url: `${SITE}/Shared%20Documents/out.txt`, code: 3, wants: /that is a file, and a mirror is of folders/ },
  { name: "a folder that is not there", url: `${SITE}/Shared%20Documents/none`, code: 3, wants: /see agent drives/ },
  { name: "a site that is not there", url: "https://contoso.sharepoint.com/sites/none", code: 3, wants: /see agent drives/ },
  { name: "a page that is no library", url: `${SITE}/Lists/Tasks/AllItems.aspx`, code: 3, wants: /no library of that site/ },
  { name: "a link of elsewhere", url: "https://example.com/x", code: 3, wants: /no access/ },
  { name: "no address", url: "https://", code: 3, wants: /web address of a library or folder/ },
];

test("an address that leads to no drive is refused in one line, and nothing is written", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    await bench.sandbox.change({ op: "put", path: "out.txt", content: "x", drive: "site" });
    const before = await readFile(bench.configFile, "utf8");
    for (const { name, url, code, wants } of NO_ADDRESSES) {
      const result = await bench.run("add", bench.folder, "--drive", url);
      assert.equal(result.code, code, `${name}: ${result.stderr}`);
      assert.match(result.stderr, wants, name);
      assert.equal(result.stderr.split("\n").length, 2, result.stderr);
    }
    /* With the rights for the own drive only, the mend is another sign-in. */
    await bench.ok("login", "--device-code");
    const result = await bench.run("add", bench.folder, "--drive", SITE);
    assert.equal(result.code, 4);
    assert.match(result.stderr, /agent login --all-drives/);
    assert.equal(await readFile(bench.configFile, "utf8"), before);
  });
});

test("`drives NAME` finds by name, and shows what others share", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    await bench.sandbox.change([{ op: "mkdir", path: "For Ana", drive: "bo" }, { op: "share", path: "For Ana", drive: "bo" }, { op: "put", path: "note.txt", content: "x", drive: "bo" }, { op: "share", path: "note.txt", drive: "bo" }]);
    const kinds = async (...names) => JSON.parse((await bench.ok("drives", "--json", ...names)).stdout).map(({ kind, name, place }) => `${kind} ${name} (${place})`);
    const all = await kinds();
    assert.deepEqual(all.map((line) => line.split(" ")[0]), ["own", "group", "library", "shared"], `${all}`);
    assert.deepEqual(await kinds("team site"), ["library Documents (Team site)"]);
    assert.deepEqual(await kinds("for ana"), ["shared For Ana ()"]);
    assert.deepEqual(await kinds("no such & name"), []);
  });
});

test("what there is no room for, and what the folder holds already, is said before it begins", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "same.txt", content: "same", mtime: "2026-01-01T00:00:00Z" });
    await bench.sandbox.change({ op: "put", path: "vast.bin", content: { size: 2 ** 52, seed: 1 } });
    await mkdir(bench.folder);
    await writeFile(bench.file("same.txt"), "same");
    await writeFile(bench.file("mine.txt"), "mine");
    const result = await bench.add();
    assert.match(result.stderr, /^note: there is not enough room/);
    assert.match(result.stdout, /^The folder holds 2 entries already: what equals the drive's is taken over/m);
    await bench.sandbox.change({ op: "delete", path: "vast.bin" });
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal((await bench.sandbox.log()).filter(({ route }) => route === "download").length, 0, "adopted by its hash");
    assert.deepEqual(await bench.differences(), ["only here: mine.txt"]);
  });
});

/** `agent add` on a terminal of its own: answers each question as it comes. */
async function addOnTerminal(bench, answers, words = []) {
  const command = [bench.program, "add", ...words].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { env: { ...bench.environment, TERM: "dumb" } });
  const ended = new Promise((done) => child.once("close", done));
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  let from = 0;
  for (const [question, answer] of answers) {
    await until(`it asks ${question}`, async () => {
      const at = said.slice(from).search(question);
      if (at < 0) throw new Error(said);
      from += at + 1;
      return true;
    });
    child.stdin.write(answer);
  }
  const code = await ended;
  return { code, said: said.replaceAll("\r", "") };
}

test("on a terminal `add` asks with a numbered list", async () => {
  await withBench({ add: false }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    const group = (await bench.sandbox.drive({ drive: "group" })).id;
    await bench.sandbox.change({ op: "put", path: "g.txt", content: "g", drive: "group" });
    const { code, said } = await addOnTerminal(bench, [
      [/Which one\? A number, or a web address \[1\]: /, "9\n"],
      [/neither a number from 1 to 3 nor a web address.\s+Which one/, "2\n"],
      [/Into which folder\? \[~\/Team\]: /, "\n"],
      [/1 item at its top[^?]*Begin\? \[yes\]: /, "\n"],
    ]);
    assert.equal(code, 0, said);
    assert.match(said, /^nr +kind +name +place *\n *1 +own/m);
    assert.match(said, /Added the mirror team: .*\/Team <- group:/);
    await bench.ok("sync-now");
    await bench.untilEqual({ drive: group, folder: path.join(bench.home, "Team") });
    const again = await addOnTerminal(bench, [
      [/Which one\?/, "2\n"],
      [/Into which folder\? \[~\/Team 2\]: /, "\u0004"],
    ]);
    assert.equal(again.code, 1, "a folder that another mirror has is not offered");
  });
});

test("on a terminal nothing is added for who says no, or goes away", async () => {
  await withBench({ add: false }, async (bench) => {
    const before = await readFile(bench.configFile, "utf8");
    const no = await addOnTerminal(bench, [[/Into which folder\? \[~\/OneDrive\]: /, "~/Here\n"], [/Begin\?/, "no\n"]], ["--drive", "me"]);
    const gone = await addOnTerminal(bench, [[/Which one/, "\u0004"]]);
    for (const { code, said } of [no, gone]) {
      assert.equal(code, 1, said);
      assert.match(said, /error nothing was added/);
    }
    assert.equal(await readFile(bench.configFile, "utf8"), before);
    const result = await bench.run("add");
    assert.equal(result.code, 2, "without a terminal there is nobody to ask");
    assert.match(result.stderr, /add needs FOLDER/);
  });
});

/** How many requests of a route were under way at once. */
function mostAtOnce(entries, route) {
  const edges = entries.filter((entry) => entry.route === route).flatMap(({ time, ms }) => [[time, 1], [time + ms - 1, -1]]);
  let now = 0;
  return Math.max(0, ...edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, step]) => (now += step)));
}

test("three mirrors of three forms: one process, one sign-in, shared limits, a channel each", async () => {
  await withBench({ add: false, config: { sync: { transfers: 2 } }, settings: { latency_ms: { download: 150 } } }, async (bench) => {
    await bench.ok("login", "--device-code", "--all-drives");
    const found = await words(bench);
    const forms = { me: "me", site: found.find((word) => word.startsWith("site:")), group: found.find((word) => word.startsWith("group:")) };
    const folder = (name) => path.join(bench.home, name);
    for (const [name, word] of Object.entries(forms)) {
      await bench.add(folder(name), name, word);
      await bench.sandbox.change(Array.from({ length: 5 }, (_, i) => ({ op: "put", path: `${name} ${i}.txt`, content: `${name} ${i}`, drive: name })));
    }
    await bench.sandbox.resetLog();
    await bench.start();
    for (const name of Object.keys(forms)) await bench.untilEqual({ drive: name, folder: folder(name) });
    const log = await bench.sandbox.log();
    assert.equal(log.filter(({ route }) => route === "token").length, 1, "one sign-in serves all");
    assert.equal(log.filter(({ route }) => route === "download").length, 15);
    assert.ok(mostAtOnce(log, "download") <= 2, "transfers = 2 is for all of them together");
    assert.equal(log.filter(({ route }) => route === "upgrade").length, 3, "each has its own channel");
    /* A wait that the service asks of one is kept by all (F-110); the sandbox notes who asks too early. */
    await bench.sandbox.faults({ route: "delta", kind: "status", status: 429, retry_after: 1, count: 1 });
    for (const name of Object.keys(forms)) await bench.sandbox.change({ op: "put", path: "again.txt", content: name, drive: name });
    for (const name of Object.keys(forms)) await bench.untilEqual({ drive: name, folder: folder(name) });
    assert.deepEqual(await bench.sandbox.violations(), []);
    /* One goes: the others keep their channels and ask for nothing. */
    await bench.sandbox.resetLog();
    await bench.ok("remove", "site");
    await bench.untilLive("me");
    for (const name of ["me", "group"]) {
      await bench.sandbox.change({ op: "put", path: "last.txt", content: name, drive: name });
      await bench.untilEqual({ drive: name, folder: folder(name) });
    }
    const routes = (await bench.sandbox.log()).map(({ route }) => route);
    for (const route of ["upgrade", "socketIo", "token", "drive"]) assert.ok(!routes.includes(route), `${route}: ${routes}`);
    await access(path.join(folder("site"), "site 0.txt"));
    await bench.sandbox.change({ op: "put", path: "unheard.txt", content: "x", drive: "site" });
    assert.equal((await bench.sandbox.stats()).sockets_joined, 2);
    await assert.rejects(access(path.join(folder("site"), "unheard.txt")));
  });
});
