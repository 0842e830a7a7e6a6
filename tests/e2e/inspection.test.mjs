// Anyone can look: every public view with plain sqlite3 while the agent works, and no
// secret in any log, at any level.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";

import { AGENT, until, withBench } from "../support/agent.mjs";

const VIEWS = {
  v_items: ["mirror", "path", "kind", "size", "item_id", "etag", "ctag", "hash", "remote_mtime", "state", "local_mtime", "problem"],
  v_pending: ["mirror", "path"],
  v_problems: ["mirror"],
  v_conflicts: ["mirror"],
  v_history: ["when", "mirror", "path", "operation", "bytes", "trigger", "notified_at", "delta_at", "done_at"],
  v_mirrors: ["mirror"],
  v_channel: ["mirror", "state"],
};

test("every view answers plain sqlite3 while the agent works", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 200 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
    await bench.start({ live: false });
    for (let round = 0; round < 5; round++) for (const view of Object.keys(VIEWS)) await until(view, () => bench.query(`select count(*) as n from ${view}`));
    await bench.untilLive();
    for (const [view, columns] of Object.entries(VIEWS)) {
      const names = (await bench.query(`select name from pragma_table_info('${view}')`)).map((row) => row.name);
      for (const column of columns) assert.ok(names.includes(column), `${view}.${column} in ${names}`);
    }
    const items = await bench.query("select * from v_items where path = 'd/7.txt'");
    assert.equal(items.length, 1);
    assert.equal(items[0].size, 1);
    assert.deepEqual(await bench.query("select * from v_pending"), []);
  });
});

test("the ten queries of agent-state(5) answer from a real state", async () => {
  const page = await readFile(new URL("../../packaging/man/agent-state.5", import.meta.url), "utf8");
  const plain = page.replace(/\\-/g, "-").replace(/\\\(aq/g, "'").replace(/\\\(dq/g, '"');
  const queries = [...plain.split("\n.Sh EXAMPLES\n")[1].matchAll(/^\.Bd .*\n([^]*?)^\.Ed$/gm)].map((match) => match[1]);
  assert.equal(queries.length, 10);
  await withBench({}, async (bench) => {
    const copies = ["Reports/Budget.xlsx", "Reports/Copy.xlsx"].map((name) => ({ op: "put", path: name, content: "the same" }));
    await bench.sandbox.change(copies);
    await bench.start();
    await bench.sandbox.change({ op: "put", path: "Reports/Later.txt", content: "y" });
    await bench.untilEqual();
    const answers = [];
    for (const query of queries) answers.push(await bench.query(query));
    assert.equal(answers[0].length, 1, "one mirror");
    assert.equal(answers[0][0].items, answers[0][0].placed);
    assert.ok(answers[4].some((row) => row.path === "Reports/Later.txt" && row.seconds > 0 && row.seconds < 60), JSON.stringify(answers[4]));
    assert.ok(answers[7].some((row) => row.folder === "Reports/" && row.files === 3), JSON.stringify(answers[7]));
    assert.deepEqual(answers[8].map((row) => row.paths.split(", ").sort()), [["Reports/Budget.xlsx", "Reports/Copy.xlsx"]]);
    assert.equal(answers[9][0].state, "live");
  });
});

test("inspect prints tables, JSON and CSV, with and without a running agent", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "docs/a, b.txt", content: "x" });
    await bench.ok("sync-now");
    const check = async () => {
      const json = JSON.parse((await bench.ok("inspect", "items", "--format", "json")).stdout);
      assert.ok(json.some((row) => row.path === "docs/a, b.txt"));
      assert.match((await bench.ok("inspect", "items", "--format", "csv")).stdout, /"docs\/a, b\.txt"/);
      assert.match((await bench.ok("inspect", "items")).stdout, /docs\/a, b\.txt/);
      const sql = await bench.ok("inspect", "sql", "select count(*) as n from v_items", "--format", "json");
      assert.ok(JSON.parse(sql.stdout)[0].n >= 2);
      const write = await bench.run("inspect", "sql", "delete from item");
      assert.notEqual(write.code, 0);
      assert.match((await bench.ok("inspect", "schema")).stdout, /v_items/);
      await bench.ok("inspect", "check");
    };
    await check();
    await bench.start();
    await check();
  });
});

test("a name from right to left stands by itself on a terminal, and is plain on a pipe", async () => {
  await withBench({}, async (bench) => {
    const name = "\u05e9\u05dc\u05d5\u05dd.txt";
    await bench.sandbox.change({ op: "put", path: name, content: "x" });
    const shown = (words) => bench.runWith({ environment: { TERM: "xterm" } }, ...words);
    const onTerminal = (words) =>
      execFileSync("script", ["-qec", [AGENT, ...words].join(" "), "/dev/null"], { encoding: "utf8", env: { ...bench.environment, TERM: "xterm" } });
    for (const words of [["sync-now", "--dry-run"], ["sync-now"], ["inspect", "items"]]) {
      assert.ok(!(await shown(words)).stdout.includes("\u2068"), words.join(" "));
      /* A narrow table cuts it, but not its isolation. */
      if (words.length > 1) assert.match(onTerminal(words), /\u2068\u05e9\u05dc\u05d5[^\u2068]*\u2069/, words.join(" "));
    }
  });
});

test("no token, code or signed address in any log at -vv (I-9, F-168)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "a.bin", content: { size: 500_000, seed: 1 } }]);
    await bench.start({ words: ["-vv", "--log-format", "json"] });
    await bench.sandbox.faults([{ route: "download", kind: "cut", share: 0.5, count: 2 }, { route: "download", kind: "status", status: 401, count: 1 }]);
    await bench.sandbox.push("drop_sockets");
    await bench.sandbox.change([{ op: "put", path: "b.bin", content: { size: 500_000, seed: 2 } }]);
    await bench.untilEqual();
    const tokens = JSON.parse(await readFile(path.join(bench.stateDir, "tokens.json"), "utf8"));
    const secrets = Object.entries(tokens).filter(([key]) => /token/.test(key)).map(([, value]) => value);
    assert.ok(secrets.length > 0 && secrets.every((secret) => secret.length > 10));
    const everything = bench.log + (await readFile(bench.database, "latin1")) + (await readFile(`${bench.database}-wal`, "latin1").catch(() => ""));
    for (const secret of secrets) assert.ok(!everything.includes(secret), "a token is in a log or in the database");
    assert.doesNotMatch(bench.log, /tempauth=|Bearer [A-Za-z0-9]|applicationId=|[?&]token=[A-Za-z0-9]/);
    /* The database does hold the delta link, which is a position and opens nothing by itself. */
    assert.doesNotMatch(everything, /tempauth=|applicationId=/);
    assert.deepEqual(await bench.sandbox.violations(), [], "the token went to the Graph host alone (I-8)");
  });
});

test("the history can be filtered, and followed", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([
      { op: "put", path: "docs/a.txt", content: "a" },
      { op: "put", path: "docs/deep/b.txt", content: "b" },
      { op: "put", path: "other.txt", content: "o" },
    ]);
    await bench.start();
    await bench.sandbox.change({ op: "put", path: "docs/a.txt", content: "a2" });
    await until("it is updated", async () => (await bench.read("docs/a.txt")) === "a2");
    const rows = async (...words) => JSON.parse((await bench.ok("inspect", "history", "--format", "json", ...words)).stdout).map((row) => `${row.operation} ${row.path}`);
    await until("it is recorded", async () => (await rows()).includes("update docs/a.txt"));
    assert.deepEqual(await rows("--operation", "update"), ["update docs/a.txt"]);
    assert.deepEqual((await rows("--path", "docs")).sort(), ["download docs/a.txt", "download docs/deep/b.txt", "mkdir docs", "mkdir docs/deep", "update docs/a.txt"]);
    assert.deepEqual(await rows("--path", "*.txt", "--operation", "download", "--limit", "9").then((all) => all.length), 3);
    assert.equal((await rows("--mirror", "main")).length, 6);
    assert.equal((await rows("--since", "1h")).length, 6);
    assert.equal((await bench.run("inspect", "history", "--operation", "upload")).code, 2);
    assert.equal((await bench.run("inspect", "history", "--since", "soon")).code, 2);
    const follow = spawn(AGENT, ["inspect", "history", "--follow", "--format", "csv"], { env: bench.environment, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    follow.stdout.on("data", (data) => (text += data));
    await until("what was", () => /update,2,/.test(text));
    await bench.sandbox.change({ op: "delete", path: "other.txt" });
    await until("what comes", () => /other\.txt,delete,/.test(text));
    follow.kill();
    assert.equal(text.match(/update/g).length, 1, "no row comes twice");
  });
});

test("the story of one item, told and as JSON", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([{ op: "put", path: "docs/a.txt", content: "a" }, { op: "package", path: "Notebook" }]);
    await bench.run("sync-now");
    const story = (await bench.ok("inspect", "item", "docs/a.txt")).stdout;
    assert.match(story, /^main: docs\/a\.txt\n {2}kind +file, 1 B\n {2}state +synced\n/);
    assert.match(story, /\n {2}history +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}download, 1 B/);
    assert.match((await bench.ok("inspect", "item", "Notebook/")).stdout, /problem +.*not mirrored[^]*to do +record: /);
    await bench.sandbox.change({ op: "delete", path: "docs/a.txt" });
    await bench.run("sync-now");
    assert.match((await bench.ok("inspect", "item", "docs/a.txt")).stdout, /history .*delete/);
    assert.equal(JSON.parse((await bench.ok("inspect", "item", "docs", "--format", "json")).stdout)[0].kind, "folder");
    assert.equal((await bench.run("inspect", "item", "nothing")).code, 1);
  });
});

test("the metrics are Prometheus text: each with help and type, counters named so", async () => {
  const check = (text) => {
    const types = new Map([...text.matchAll(/^# TYPE (\S+) (gauge|counter|summary)$/gm)].map((match) => [match[1], match[2]]));
    for (const line of text.trimEnd().split("\n")) {
      if (/^# (HELP \S+ .+|TYPE \S+ \S+)$/.test(line)) continue;
      const sample = /^(drive_agent_[a-z_]+)(\{mirror="main"(,quantile="0\.\d+")?\})? \d+(\.\d+)?$/.exec(line);
      assert.ok(sample, line);
      assert.ok(types.has(sample[1]), line);
      assert.equal(types.get(sample[1]) === "counter", sample[1].endsWith("_total"), line);
      assert.equal(types.get(sample[1]) === "summary", line.includes("quantile="), `${line}: what promtool wants`);
    }
    return (name) => Number(new RegExp(`^drive_agent_${name}(?:\\{.*\\})? (.*)$`, "m").exec(text)?.[1]);
  };
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.ok("sync-now");
    const without = check((await bench.ok("status", "--metrics")).stdout);
    assert.equal(without("up"), 0);
    assert.equal(without("mirror_items"), 1);
    await bench.start();
    const value = check((await bench.ok("status", "--metrics")).stdout);
    assert.equal(value("up"), 1);
    assert.equal(value("channel_live"), 1);
    assert.ok(value("requests_total") > 0);
    assert.ok(Math.abs(value("mirror_synced_timestamp_seconds") * 1000 - Date.now()) < 60_000);
    assert.ok(Number.isNaN(value("change_latency_seconds")), "nothing was measured yet");
    await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
    await until("a latency", async () => check((await bench.ok("status", "--metrics")).stdout)("change_latency_seconds") > 0);
  });
});

test("monitor prints what happens as JSON lines; a new watcher hears what arrived last", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    const listen = (...words) => {
      const child = spawn(AGENT, words, { env: bench.environment, stdio: ["ignore", "pipe", "inherit"] });
      const heard = { lines: [], end: () => child.kill() };
      createInterface({ input: child.stdout }).on("line", (line) => heard.lines.push(words.includes("monitor") ? JSON.parse(line) : line));
      return heard;
    };
    const monitor = listen("monitor");
    await until("someone listens", async () => {
      await bench.sandbox.change({ op: "put", path: "a.txt", content: `${Date.now()}`, editor: "Ana" });
      return monitor.lines.find((line) => line.event === "arrival" && line.editor === "Ana");
    });
    const arrival = monitor.lines.find((line) => line.event === "arrival");
    assert.equal(arrival.mirror, "main");
    assert.equal(arrival.path, "a.txt");
    assert.ok(arrival.latency_ms >= 0 && Math.abs(arrival.at - Date.now()) < 60_000);
    assert.ok(await until("an event of the mirror", () => monitor.lines.find((line) => line.event === "mirror")));
    monitor.end();
    const watch = listen("status", "--watch");
    await until("the last change, in words", () => watch.lines.some((line) => /^\d\d:\d\d:\d\d {2}Ana (added|changed) a\.txt, here .* later$/.test(line)));
    watch.end();
  });
});

test("what listens ends with 0 when the agent stops in good order, and with 1 when it is gone without a word (F-155)", async () => {
  await withBench({}, async (bench) => {
    for (const [signal, code, stderr] of [
      ["SIGTERM", 0, /^the agent has stopped\n$/],
      ["SIGKILL", 1, /^error .*went away.*\n$/],
    ]) {
      await bench.start();
      const listeners = [["monitor"], ["status", "--watch"], ["status", "--watch", "--json"]].map((words) => {
        const child = spawn(AGENT, words, { env: bench.environment, stdio: ["ignore", "pipe", "pipe"] });
        const heard = { words, begun: false, errors: "", ended: new Promise((done) => child.once("close", done)) };
        child.stdout.once("data", () => (heard.begun = true));
        child.stderr.on("data", (data) => (heard.errors += data));
        return heard;
      });
      await until("all listen", async () => {
        await bench.sandbox.change({ op: "put", path: "a.txt", content: `${Date.now()}` });
        return listeners.every(({ begun }) => begun);
      });
      await bench.stop(signal);
      for (const listener of listeners) {
        assert.equal(await listener.ended, code, `${signal}: ${listener.words.join(" ")}: ${listener.errors}`);
        assert.match(listener.errors, stderr, listener.words.join(" "));
      }
    }
  });
});
