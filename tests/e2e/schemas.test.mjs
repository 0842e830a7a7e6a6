// What programs read fits its schema (packaging/schema), in every state worth the name: a key
// that is new must be described there first.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import test from "node:test";

import { openBench, until, withBench } from "../support/agent.mjs";
import { jsonLines, schemas } from "../support/schema.mjs";

const fits = schemas();
const AGENT = process.env.AGENT ?? "build/agent/agent";
const VIEWS = ["mirrors", "items", "pending", "problems", "history", "conflicts"];

/** Prints and parses, whatever the exit code. */
async function json(bench, ...words) {
  const { stdout, stderr } = await bench.run(...words);
  try {
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(`agent ${words.join(" ")}: ${error.message}: ${stdout}${stderr}`);
  }
}

/** Every view, each of which has at least `least[view]` rows. */
async function viewsFit(bench, least = {}) {
  for (const view of VIEWS) {
    const rows = await json(bench, "inspect", ...(view === "mirrors" ? [] : [view]), "--format", "json");
    fits("inspect", rows, view);
    assert.ok(rows.length >= (least[view] ?? 0), `${view}: ${rows.length} rows`);
  }
}

async function statusFits(bench, running, want) {
  const status = await json(bench, "status", "--json");
  fits("status", status, running ? "running" : "offline");
  want?.(status);
  return status;
}

/** The lines of a command that goes on, until `wanted` has seen enough of them. */
async function linesOf(bench, words, wanted, act) {
  const child = spawn(AGENT, words, { env: bench.environment, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  try {
    await act?.();
    return await until(words.join(" "), () => {
      const lines = jsonLines(text.slice(0, text.lastIndexOf("\n") + 1));
      return wanted(lines) && lines;
    });
  } finally {
    child.kill("SIGKILL");
  }
}

test("before a sign-in, and without any mirror", async () => {
  const bench = await openBench();
  try {
    await statusFits(bench, false, (status) => assert.equal(status.mirrors.length, 0));
    const checks = await json(bench, "doctor", "--json");
    fits("doctor", checks);
    assert.ok(checks.some((check) => check.check === "sign-in" && check.result === "fail"));
    fits("drives", await json(bench, "drives", "--json"));
    await bench.start({ live: false, words: ["-vv", "--log-format", "json"] });
    const log = (await until("a line of the log", () => bench.log.includes("\n") && bench.log)).split("\n");
    for (const line of jsonLines(log.filter((text) => text.startsWith('{"time"')).join("\n"))) fits("log", line);
  } finally {
    await bench.close();
  }
});

test("an agent whose person signs out", async () => {
  await withBench({}, async (bench) => {
    await statusFits(bench, false, (status) => assert.equal(status.mirrors[0].state, "stopped"));
    await bench.start();
    await bench.ok("logout");
    await until("signed out", async () => {
      const status = await statusFits(bench, true);
      return status.account.state === "signed out" && status.state === "attention";
    });
  });
});

test("one pass: a plan, progress, results, conflicts, problems, findings", async () => {
  await withBench({ config: { sync: { big_delete_threshold: 3 } } }, async (bench) => {
    fits("drives", await json(bench, "drives", "--json"));
    await bench.sandbox.change([
      ...Array.from({ length: 6 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })),
      { op: "put", path: "large.bin", content: { size: 300_000, seed: 1 }, editor: "Bo" },
      { op: "put", path: "mine.txt", content: "theirs" },
      { op: "put", name: "bad/name", content: "x" },
    ]);
    const plan = jsonLines((await bench.run("sync-now", "--dry-run", "--json")).stdout);
    assert.ok(plan.some((line) => line.event === "plan"));
    const pass = jsonLines((await bench.run("sync-now", "--json")).stdout);
    assert.ok(pass.some((line) => line.event === "result" && line.held > 0));
    for (const line of [...plan, ...pass]) fits("sync-now", line);
    await viewsFit(bench, { mirrors: 1, items: 9, problems: 1, pending: 1, history: 8 });
    fits("inspect", await json(bench, "inspect", "item", "mine.txt", "--format", "json"), "items");
    fits("inspect", await json(bench, "inspect", "check", "--format", "json"), "check");

    await writeFile(bench.file("mine.txt"), "mine");
    await writeFile(bench.file("large.bin"), "damaged");
    const findings = await json(bench, "verify", "--json");
    fits("verify", findings);
    assert.ok(findings.length >= 2);
    await bench.sandbox.change({ op: "put", path: "mine.txt", content: "theirs again" });
    await bench.sandbox.change(Array.from({ length: 6 }, (_, i) => ({ op: "delete", path: `d/${i}.txt` })));
    const held = jsonLines((await bench.run("sync-now", "--json")).stdout);
    assert.ok(held.some((line) => line.event === "result" && line.code === 8), JSON.stringify(held.at(-1)));
    for (const line of held) fits("sync-now", line);
    await viewsFit(bench, { conflicts: 1, problems: 2 });
    await statusFits(bench, false, (status) => {
      assert.equal(status.mirrors[0].state, "guard");
      assert.ok(status.problem_count > 0);
    });
    assert.deepEqual(await bench.query("select state from v_mirrors"), [{ state: "guard" }]);
    await bench.ok("pause", "--for", "1h");
    await statusFits(bench, false, (status) => assert.equal(status.state, "paused"));
    assert.match((await bench.ok("status")).stdout, /^paused +until \S+ \S+ \(as you asked\)$/m);
    await bench.ok("pause", "--for", "1ms");
    await statusFits(bench, false, (status) => assert.deepEqual([status.paused, status.paused_until], [false, null]));
  });
});

test("a running agent: status, what is watched, what is monitored", async () => {
  await withBench({}, async (bench) => {
    await bench.start({ words: ["-vv", "--log-format", "json"] });
    await statusFits(bench, true, (status) => assert.equal(status.mirrors[0].channel.state, "live"));
    const change = (name) => () => bench.sandbox.change({ op: "put", path: name, content: name, editor: "Ana" });
    const monitored = await linesOf(bench, ["monitor"], (lines) => lines.some((line) => line.event === "arrival"), async () => {
      await until("the monitor", async () => bench.run("status").then(({ code }) => code === 0));
      await change("a.txt")();
    });
    for (const line of monitored) fits("monitor", line);
    const watched = await linesOf(bench, ["status", "--watch", "--json"], (lines) => lines.length > 1, change("b.txt"));
    for (const status of watched) fits("status", status, "running");
    for (const line of jsonLines((await bench.run("sync-now", "--full", "--json")).stdout)) fits("sync-now", line);
    fits("doctor", await json(bench, "doctor", "--json"));
    await bench.ok("pause");
    await statusFits(bench, true, (status) => assert.ok(status.paused && status.paused_why !== null));
    await bench.ok("resume");
    await bench.sandbox.signin("revoke");
    await bench.sandbox.change({ op: "put", path: "c.txt", content: "c" });
    await until("the lapsed sign-in", async () => (await statusFits(bench, true)).account.state === "lapsed");
    await viewsFit(bench, { mirrors: 1, history: 2 });
    const log = jsonLines(bench.log.split("\n").filter((line) => line.startsWith('{"time"')).join("\n"));
    assert.ok(log.length > 0);
    for (const line of log) fits("log", line);
  });
});

test("the schemas refuse a key that they do not name", async () => {
  for (const [name, value] of [["doctor", [{ result: "ok", check: "a", finding: "b", mend: "", more: 1 }]], ["monitor", { event: "mirror", mirror: "a", more: 1 }]])
    assert.throws(() => fits(name, value), /does not fit/);
});
