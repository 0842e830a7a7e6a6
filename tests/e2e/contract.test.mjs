// The contract with people and scripts, whole: every command, option, view, exit code and key
// of the configuration is used here at least once, and what the program offers beyond these
// lists, or no longer offers, fails.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import path from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { AGENT, openBench, until, withBench } from "../support/agent.mjs";

/* Where every command is used once, each is searched for leaks, if the sanitizer is there. */
const WITH_LEAK_SEARCH = { ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? "" };

/* What was promised. */
const COMMANDS = {
  login: ["browser", "device-code", "all-drives"],
  logout: [],
  drives: ["json"],
  add: ["drive", "name", "no-bookmark"],
  remove: [],
  run: [],
  "sync-now": ["full", "dry-run", "allow-big-delete", "timeout", "no-wait", "json"],
  status: ["json", "watch", "metrics"],
  monitor: [],
  pause: ["for"],
  resume: [],
  approve: [],
  refuse: [],
  inspect: ["format", "mirror", "since", "limit", "path", "operation", "follow"],
  verify: ["repair", "json"],
  doctor: ["json"],
  help: ["completion"],
};
const GLOBAL = ["config", "state-dir", "verbose", "log-format", "no-color", "help", "version"];
const LETTERS = { v: "verbose", h: "help", V: "version" };
const VIEWS = ["items", "item", "pending", "problems", "history", "conflicts", "sql", "schema", "check"];
const EXIT_CODES = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/* Shown by a test of its own: file and what stands in it. */
const ELSEWHERE = {
  "login --browser": ["lifecycle.test.mjs", '["login", "--browser"]'],
  "add --no-bookmark": ["desktop.test.mjs", '"--no-bookmark"'],
  "inspect --path": ["inspection.test.mjs", '"--path"'],
  "inspect --operation": ["inspection.test.mjs", '"--operation"'],
};

const all = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/* One story, told in order. `code` is the exit code (0), `out` and `err` must match, `before`
 * and `after` are what happens around it; `goesOn` commands are ended when `out` has come. */
const STORY = [
  { words: ["--version"], out: /^agent \d+\.\d+\.\d+$/m },
  { words: ["-V"], out: /^agent / },
  { words: ["help"], out: /^Commands$/m },
  { words: ["-h"], out: /^Commands$/m },
  { words: ["help", "add"], out: /agent add/ },
  { words: ["status", "--help"], out: /^agent status:/ },
  ...["bash", "zsh", "fish"].map((shell) => ({ words: ["help", "--completion", shell], out: new RegExp(`${shell}`) })),
  { words: ["help", "lgoin"], code: 2, err: /did you mean login\?/ },
  { words: ["inspect"], code: 1, err: /no state database/ },
  { words: ["inspect", "itmes"], code: 2, err: /did you mean items\?/ },
  { words: ["inspect", "--limit", "few"], code: 2, err: /number of rows/ },
  { words: ["monitor"], code: 1, err: /no agent is running/ },
  { words: ["status", "--config", "broken.ini"], code: 3, err: /broken\.ini:1/, before: (bench) => writeFile(path.join(bench.home, "broken.ini"), "[nonsense]\n") },
  { words: ["drives"], code: 4, err: /agent login/ },
  { words: ["login", "--device-code", "--all-drives"], out: /Signed in as Ana/, before: (bench) => bench.sandbox.settings({ auto_approve: true }) },
  { words: ["drives", "--json"], out: /"drive":"me"/ },
  { words: ["add", "Drive", "--drive", "me", "--name", "main"], out: /Added the mirror main/ },
  {
    words: ["sync-now", "--dry-run"],
    out: /^download +\S*a\.txt/m,
    before: (bench) => bench.sandbox.change([{ op: "put", path: "a.txt", content: "a" }, { op: "put", path: "b.txt", content: "b" }, ...all(60, (i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` }))]),
    after: (bench) => assert.ok(!existsSync(bench.file("a.txt"))),
  },
  { words: ["sync-now", "main", "--timeout", "1m"], out: /^main: up to date, \d+ changes$/m, after: (bench) => bench.untilEqual() },
  { words: ["help", "--completion", "mirrors"], out: /^main$/m },
  { words: ["sync-now", "--no-wait", "--dry-run"], code: 2, err: /exclude each other/ },
  { words: ["sync-now", "mian"], code: 2, err: /did you mean main\?/ },
  { words: ["sync-now", "--json"], out: /"event":"result"/ },
  { words: ["inspect", "--format", "json"], out: /"mirror":"main"/ },
  { words: ["inspect", "items", "--format", "csv", "--mirror", "main", "--limit", "1"], out: /^mirror,path.*\r\nmain,[^\n]*\r\n$/ },
  { words: ["inspect", "items", "--mirror", "mani"], code: 2, err: /did you mean main\?/ },
  { words: ["inspect", "item", "a.txt"], out: /download/ },
  { words: ["inspect", "pending", "--format", "json"], out: /^\[\]$/m },
  { words: ["inspect", "problems", "--format", "json"], out: /^\[\]$/m },
  { words: ["inspect", "conflicts", "--format", "json"], out: /^\[\]$/m },
  { words: ["inspect", "history", "--since", "1h"], out: /a\.txt/ },
  { words: ["inspect", "sql", "select 6 * 7 as answer", "--format", "csv"], out: /^answer\r\n42\r\n$/ },
  { words: ["inspect", "sql", "delete from item"], code: 2, err: /only questions are allowed/ },
  { words: ["inspect", "sql", "selec 1"], code: 2, err: /syntax error/ },
  { words: ["inspect", "sql", "select 1", "--limit", "1"], code: 2, err: /--limit does nothing/ },
  { words: ["inspect", "check", "--mirror", "main"], code: 2, err: /--mirror does nothing/ },
  { words: ["inspect", "schema", "--format", "json"], code: 2, err: /--format does nothing/ },
  { words: ["inspect", "schema"], out: /create view v_items/ },
  { words: ["inspect", "check"], out: /whole/ },
  { words: ["inspect", "--state-dir", "elsewhere"], code: 1, err: /elsewhere/ },
  { words: ["verify", "main"], code: 6, out: /a\.txt differs/, before: (bench) => writeFile(bench.file("a.txt"), "damaged") },
  { words: ["verify", "--json"], code: 6, out: /"path":"a\.txt"/ },
  { words: ["verify", "--repair"], after: async (bench) => assert.equal(await bench.read("a.txt"), "a") },
  { words: ["sync-now", "--full"], before: (bench) => rm(bench.file("b.txt")), after: async (bench) => assert.equal(await bench.read("b.txt"), "b") },
  { words: ["-vv", "--log-format", "json", "sync-now"], err: /^\{"time":"/m, before: (bench) => bench.sandbox.change({ op: "put", path: "c.txt", content: "c" }) },
  { words: ["-v", "--log-format", "text", "sync-now"], out: /up to date/ },
  { words: ["status", "--no-color"], out: /^agent {7}not running/m },
  { words: ["sync-now"], code: 6, err: /^held F-\d+ main: /m, before: (bench) => bench.sandbox.change({ op: "put", name: "bad/name", content: "x" }) },
  { words: ["sync-now"], code: 8, err: /agent approve/, before: (bench) => bench.sandbox.change(all(25, (i) => ({ op: "delete", path: `d/${i}.txt` }))) },
  { words: ["sync-now", "--allow-big-delete"], code: 6, after: (bench) => assert.ok(!existsSync(bench.file("d/0.txt"))) },
  { words: ["verify", "--repair", "--json"], code: 6, out: /^\[\n\{[^\n]*"path":"a\.txt"[^\n]*\n\]\n$/, err: /^held F-\d+ main: /m, before: (bench) => writeFile(bench.file("a.txt"), "damaged") },
  { words: ["refuse", "main"], code: 6, err: /^held F-\d+ main: /m, before: (bench) => deleteMany(bench, 25, 30), after: (bench) => assert.ok(existsSync(bench.file("d/25.txt"))) },
  { words: ["sync-now", "--timeout", "2s"], code: 5, before: (bench) => bench.sandbox.service("stop", "graph"), after: (bench) => bench.sandbox.service("start", "graph") },
  { words: ["run"], code: 7, err: /already|another/, before: (bench) => bench.start() },
  { words: ["status"], out: /^agent {7}(idle|working), running since/m },
  { words: ["status", "--json"], out: /"running":true/ },
  { words: ["status", "--metrics"], out: /^drive_agent_\w+ 1$/m },
  { words: ["status", "--watch", "--json"], goesOn: true, out: /"running":true/ },
  { words: ["monitor"], goesOn: true, out: /"event":"arrival"/, during: (bench) => changeSomething(bench, "m") },
  { words: ["inspect", "history", "--follow"], goesOn: true, out: /h\d+\.txt/, during: (bench) => changeSomething(bench, "h") },
  { words: ["sync-now", "--no-wait"], after: (bench) => until("idle", async () => (await bench.status()).state === "idle") },
  { words: ["pause", "--for", "1h"], out: /^Paused until \d{4}-/m },
  { words: ["resume"], out: /^Resumed\.$/m },
  { words: ["approve", "mian"], code: 2, err: /did you mean main\?/ },
  { words: ["approve"], out: /^$/, err: /^nothing waits/ },
  { words: ["approve", "main"], out: /^Approved/, before: (bench) => holdDeletion(bench, "d"), after: (bench) => until("gone", () => !existsSync(bench.file("d/30.txt"))) },
  { words: ["doctor"], out: /^ok +agent +running/m },
  { words: ["doctor", "--json"], out: /"check":"sign-in"/ },
  { words: ["remove", "mian"], code: 2, err: /did you mean main\?/, before: (bench) => bench.stop() },
  { words: ["remove", "main"], out: /its files stay/, after: (bench) => assert.ok(existsSync(bench.file("a.txt")) && !existsSync(bench.file(".drive-agent"))) },
  { words: ["logout"] },
  { words: ["drives"], code: 4, err: /agent login/ },
];

/* More than a quarter, or more than the threshold: both are a person's to decide. */
async function deleteMany(bench, from, to) {
  await bench.writeConfig({ sync: { big_delete_threshold: 3 }, "mirror main": { folder: bench.folder, drive: "me" } });
  await bench.sandbox.change(all(to - from, (i) => ({ op: "delete", path: `d/${from + i}.txt` })));
  assert.equal((await bench.run("sync-now")).code, 8);
}

/* A running agent sees single deletions one by one; a folder goes in one. */
async function holdDeletion(bench, folder) {
  await bench.sandbox.change({ op: "delete", path: folder });
  await until("they are held", async () => (await bench.status()).mirrors[0].held_deletions > 0);
}

/** A change that a command which has just begun may miss: it is asked for until it is seen. */
async function changeSomething(bench, stem) {
  await bench.sandbox.change({ op: "put", path: `${stem}${Date.now()}.txt`, content: stem });
  await delay(200);
}

/** A command that does not end by itself: ended when it has said what is wanted. */
async function untilSaid(bench, row) {
  const child = spawn(AGENT, row.words, { env: bench.environment, cwd: bench.home, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  const ended = new Promise((done) => child.once("close", done));
  try {
    await until(row.words.join(" "), async () => {
      await row.during?.(bench);
      return row.out.test(said);
    });
  } finally {
    child.kill("SIGINT");
    await ended;
  }
}

/** "COMMAND --option" for all that the words use. */
function usedBy(words) {
  const command = words.find((word) => word in COMMANDS && !word.startsWith("-"));
  const options = words.flatMap((word) => {
    if (word.startsWith("--")) return [word.slice(2)];
    return /^-[a-zA-Z]+$/.test(word) ? [...word.slice(1)].map((letter) => LETTERS[letter]) : [];
  });
  const owner = (option) => (GLOBAL.includes(option) ? "" : command);
  return [...(command === undefined ? [] : [command]), ...options.map((option) => `${owner(option)} --${option}`.trim())];
}

function tableOf(help) {
  const options = (text) => [...text.matchAll(/^ {2}(?:-\w, | {4})--([a-z-]+)/gm)].map((match) => match[1]);
  const codes = (text) => [...text.split("\nExit codes\n")[1].matchAll(/^ {2}(\d) /gm)].map((match) => Number(match[1]));
  return { options: options(help.split("\nOptions of every command\n")[0]), global: options(help.split("\nOptions of every command\n")[1]), codes: codes(help) };
}

test("every command, option, view and exit code", async () => {
  const bench = await openBench();
  try {
    const help = {};
    for (const name of Object.keys(COMMANDS)) help[name] = tableOf((await bench.ok("help", name)).stdout);
    const offered = [...(await bench.ok("help")).stdout.split("\nCommands\n")[1].split("\n\n")[0].matchAll(/^ {2}([a-z-]+) {2,}/gm)].map((match) => match[1]);
    assert.deepEqual(offered, Object.keys(COMMANDS));
    for (const [name, options] of Object.entries(COMMANDS)) assert.deepEqual([help[name].options, help[name].global], [options, GLOBAL], name);

    for (const row of STORY) {
      const title = `agent ${row.words.join(" ")}`;
      await row.before?.(bench);
      if (row.goesOn) {
        await untilSaid(bench, row);
        continue;
      }
      const { code, stdout, stderr } = await bench.runWith({ cwd: bench.home, environment: WITH_LEAK_SEARCH }, ...row.words);
      assert.equal(code, row.code ?? 0, `${title}: ${stdout}${stderr}`);
      if (row.out) assert.match(stdout, row.out, title);
      if (row.err) assert.match(stderr, row.err, title);
      const command = usedBy(row.words)[0];
      if (command in help) assert.ok(help[command].codes.includes(code), `${title}: the help does not name code ${code}`);
      await row.after?.(bench);
    }

    const used = new Set(STORY.flatMap((row) => usedBy(row.words)));
    for (const [what, [file, text]] of Object.entries(ELSEWHERE)) {
      assert.ok((await readFile(new URL(file, import.meta.url), "utf8")).includes(text), `${file} has ${text}`);
      used.add(what);
    }
    const promised = [...Object.keys(COMMANDS), ...Object.entries(COMMANDS).flatMap(([name, options]) => options.map((option) => `${name} --${option}`)), ...GLOBAL.map((option) => `--${option}`)];
    assert.deepEqual(promised.filter((what) => !used.has(what)), [], "without a test");
    assert.deepEqual(VIEWS.filter((view) => !STORY.some(({ words }) => words[0] === "inspect" && words[1] === view)), [], "views without a test");
    assert.deepEqual(EXIT_CODES.filter((code) => !STORY.some((row) => (row.code ?? 0) === code)), [], "exit codes without a test");
  } catch (error) {
    console.error(bench.log.split("\n").slice(-60).join("\n"));
    throw error;
  } finally {
    await bench.close();
  }
});

/* Every key with a value that is taken and one that is refused, and the test that shows what
 * it does; "here" is below. */
const KEYS = {
  service: {
    cloud: ["us-gov", "mars", "../agent/test_config.c"],
    graph_url: ["https://localhost:1/v1.0", "http://localhost/v1.0", "../support/agent.mjs"],
    login_url: ["https://localhost:1", "localhost", "../support/agent.mjs"],
    extra_hosts: ["example.com sharepoint.example.com", "a/b", "../agent/test_config.c"],
    ca_file: ["~/ca.pem", "ca.pem", "../support/agent.mjs"],
    proxy: ["http://127.0.0.1:3128", null, "here"],
  },
  account: {
    client_id: ["00001111-aaaa-2222-bbbb-3333cccc4444", null, "../support/agent.mjs"],
    tenant: ["organizations", "a/b", "../agent/test_config.c"],
    access: ["read-write", "write", "../agent/test_config.c"],
    token_store: ["file", "pocket", "keyring.test.mjs"],
  },
  sync: {
    transfers: ["4", "0", "transfer.test.mjs"],
    bandwidth_limit: ["08:00-18:00=2M 18:00-08:00=0", "fast", "../agent/test_config.c"],
    delta_interval: ["15m", "often", "channel.test.mjs"],
    reconcile_interval: ["7d", "weekly", "here"],
    trash: ["no", "maybe", "conflicts.test.mjs"],
    big_delete_threshold: ["1000", "-1", "kill.test.mjs"],
  },
  desktop: {
    notifications: ["no", "loud", "desktop.test.mjs"],
    pause_on_metered: ["no", "2", "desktop.test.mjs"],
    pause_on_battery_saver: ["no", "2", "desktop.test.mjs"],
  },
  "mirror one": {
    folder: ["~/One", "One", "../support/agent.mjs"],
    drive: ["group:abc", "mine", "drives.test.mjs"],
    folders: ["Projects/2026", "../x", "here"],
    exclude: ["*.iso", null, "here"],
    include: ["small.iso", null, "here"],
  },
};

const iniOf = (index) =>
  Object.entries(KEYS).map(([section, keys]) => `[${section}]\n${Object.entries(keys).map(([key, values]) => (values[index] === null ? "" : `${key} = ${values[index]}\n`)).join("")}`).join("");

test("every key of the configuration", async () => {
  const bench = await openBench();
  try {
    const known = [...(await readFile(new URL("../../agent/config.c", import.meta.url), "utf8")).matchAll(/^\s*\{"(\w+)",\s*"(\w+)",\s*config_/gm)].map((match) => `${match[1]} ${match[2]}`);
    const listed = Object.entries(KEYS).flatMap(([section, keys]) => Object.keys(keys).map((key) => `${section.split(" ")[0]} ${key}`));
    assert.deepEqual(listed, known);

    await writeFile(bench.configFile, iniOf(0));
    assert.equal((await bench.run("status")).stderr, "");
    await writeFile(bench.configFile, iniOf(1));
    const refused = await bench.run("status");
    assert.equal(refused.code, 3);
    for (const [section, keys] of Object.entries(KEYS)) {
      for (const [key, [, bad, shown]] of Object.entries(keys)) {
        if (bad !== null) assert.match(refused.stderr, new RegExp(`^error F-159 .*config\\.ini:\\d+: .*\\b${key}\\b`, "m"), `${section} ${key} = ${bad}`);
        const file = shown === "here" ? "contract.test.mjs" : shown;
        assert.match(await readFile(new URL(file, import.meta.url), "utf8"), new RegExp(`\\b${key}\\b`), `${file} has ${key}`);
      }
    }
  } finally {
    await bench.close();
  }
});

test("folders, exclude and include choose what is mirrored", async () => {
  await withBench({}, async (bench) => {
    const paths = ["in/a.txt", "in/large.iso", "in/small.iso", "out/b.txt"];
    await bench.sandbox.change(paths.map((name) => ({ op: "put", path: name, content: name })));
    await bench.writeConfig({ "mirror main": { folder: bench.folder, drive: "me", folders: "in", exclude: "*.iso", include: "small.iso" } });
    await bench.ok("sync-now");
    assert.deepEqual(paths.filter((name) => existsSync(bench.file(name))), ["in/a.txt", "in/small.iso"]);
  });
});

test("a folder that is left out stands, and moves, for what is let in below it (F-162)", async () => {
  await withBench({}, async (bench) => {
    const kept = async () => {
      assert.deepEqual(await bench.query("select * from v_pending"), [], "nothing waits");
      return (await bench.query("select path from v_items where state = 'synced' and kind = 'file'")).map((row) => row.path).sort();
    };
    await bench.sandbox.change(["docs/keep/k.txt", "docs/x.txt", "a.txt"].map((name) => ({ op: "put", path: name, content: name })));
    await bench.ok("sync-now");
    await bench.writeConfig({ "mirror main": { folder: bench.folder, drive: "me", exclude: "docs", include: "keep" } });
    await bench.ok("sync-now");
    assert.deepEqual(await kept(), ["a.txt", "docs/keep/k.txt"]);
    await bench.sandbox.change({ op: "rename", path: "docs", name: "papers" });
    await bench.ok("sync-now");
    assert.deepEqual(await kept(), ["a.txt", "papers/keep/k.txt", "papers/x.txt"]);
    await bench.sandbox.change({ op: "rename", path: "papers", name: "docs" });
    await bench.ok("sync-now");
    assert.deepEqual(await kept(), ["a.txt", "docs/keep/k.txt"]);
    assert.equal(await readFile(bench.file("docs/keep/k.txt"), "utf8"), "docs/keep/k.txt");
  });
});

test("after reconcile_interval the drive is listed anew", async () => {
  await withBench({ config: { sync: { reconcile_interval: "2s" } } }, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.start();
    const first = (await bench.query("select enumerated_at from v_mirrors"))[0].enumerated_at;
    await until("another listing", async () => (await bench.query("select enumerated_at from v_mirrors"))[0].enumerated_at > first);
  });
});

test("everything goes through the proxy that the configuration names", async () => {
  const seen = [];
  const proxy = createServer((client) => {
    client.on("error", () => {});
    client.once("data", (head) => {
      const [, host, port] = head.toString("latin1").match(/^CONNECT ([^:]+):(\d+) /) ?? [];
      seen.push(`${host}:${port}`);
      const server = connect(Number(port), host, () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        server.pipe(client).pipe(server);
      });
      server.on("error", () => client.destroy());
    });
  });
  await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
  try {
    await withBench({ config: { service: { proxy: `http://127.0.0.1:${proxy.address().port}` } } }, async (bench) => {
      await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
      await bench.start();
      await bench.untilEqual();
      for (const url of [bench.sandbox.graph_url, bench.sandbox.login_url, bench.sandbox.content_url, bench.sandbox.push_url])
        assert.ok(seen.includes(new URL(url).host), `${url} in ${[...new Set(seen)]}`);
    });
  } finally {
    proxy.close();
  }
});
