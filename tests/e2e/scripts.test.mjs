// What scripts lean on beside the contract's words: streams that are closed, full or left by
// their reader, ends by a signal, and options that would be ignored in silence.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";

import { AGENT, until, withBench } from "../support/agent.mjs";

const run = promisify(execFile);

/** The exit code of a shell's line; "$A" is the program. */
async function shell(bench, line) {
  const environment = { ...bench.environment, A: AGENT };
  try {
    const { stdout, stderr } = await run("bash", ["-c", line], { env: environment, cwd: bench.home });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

test("a stream that the caller closed costs nothing, and nothing is written elsewhere", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    for (const words of ["drives --json", "sync-now --full", "status --json", "doctor", "verify", "inspect items"]) {
      const { code, stderr } = await shell(bench, `exec "$A" -vv ${words} <&- >&-`);
      assert.equal(code, 0, `${words}: ${stderr}`);
    }
    assert.equal((await shell(bench, 'exec "$A" -vv sync-now --full <&- >&- 2>&-')).code, 0);
    assert.equal(await bench.read("a.txt"), "a");
    assert.equal((await bench.query("pragma integrity_check"))[0].integrity_check, "ok");
    /* The agent as well: its log has nowhere to go, and goes nowhere. */
    const agent = spawn("bash", ["-c", 'exec "$A" -vv run <&- >&- 2>&-'], { env: { ...bench.environment, A: AGENT }, stdio: "ignore" });
    const ended = new Promise((done) => agent.once("close", done));
    await until("it answers", async () => (await bench.status()).running);
    await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
    await bench.untilEqual();
    agent.kill();
    assert.equal(await ended, 0);
    for (const name of ["state.db", "state.db-wal", "tokens.json"])
      assert.doesNotMatch(await readFile(path.join(bench.stateDir, name), "latin1").catch(() => ""), / (debug|info) /, name);
  });
});

test("an answer that cannot be written is an error; a reader that has enough is none", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 400 }, (_, i) => ({ op: "put", path: `d/${i} with a name that fills a pipe.txt`, content: "x" })));
    await bench.ok("sync-now");
    for (const words of ["help", "help --completion bash", "--version", "status", "status --metrics", "drives", "doctor", "verify", "sync-now", "inspect items", "inspect item d", "inspect schema"]) {
      const { code, stderr } = await shell(bench, `exec "$A" ${words} >/dev/full`);
      assert.equal(code, 1, words);
      assert.match(stderr, /^error the answer could not be written whole: /m, words);
    }
    for (const words of ["inspect items --format json", "inspect sql \"with recursive n(i) as (select 1 union all select i + 1 from n) select * from n\"", "sync-now --full --dry-run"]) {
      /* A service manager has the signal ignored, and a shell below it hands that on. */
      for (const before of ["", "trap '' PIPE; "]) {
        const { code, stdout, stderr } = await shell(bench, `${before}"$A" ${words} | head -n 1; exit "\${PIPESTATUS[0]}"`);
        assert.ok([0, 141].includes(code) && stderr === "", `${before}${words}: ${code} ${stderr}`);
        assert.notEqual(stdout, "", words);
      }
    }
  });
});

test("what goes on until it is ended, ends in good order with SIGINT and SIGTERM", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
    await bench.start();
    for (const words of [["monitor"], ["status", "--watch"], ["status", "--watch", "--json"], ["inspect", "history", "--follow"]]) {
      for (const signal of ["SIGINT", "SIGTERM"]) {
        const child = spawn(AGENT, words, { env: bench.environment, stdio: ["ignore", "pipe", "inherit"] });
        const ended = new Promise((done) => child.once("close", (code, by) => done([code, by])));
        await new Promise((done) => child.stdout.once("data", done));
        child.kill(signal);
        assert.deepEqual(await ended, [0, null], `${words.join(" ")}: ${signal}`);
      }
    }
  });
});

test("an option that would be ignored is refused", async () => {
  await withBench({}, async (bench) => {
    await bench.ok("sync-now");
    for (const words of [
      ["inspect", "items", "--path", "docs"],
      ["inspect", "problems", "--since", "1h"],
      ["inspect", "pending", "--follow"],
      ["inspect", "--operation", "delete"],
      ["status", "--json", "--metrics"],
      ["status", "--watch", "--metrics"],
      ["login", "--browser", "--device-code"],
    ]) {
      const { code, stderr } = await bench.run(...words);
      assert.equal(code, 2, `${words.join(" ")}: ${stderr}`);
    }
  });
});

test("inspect item takes a path as a shell or a file manager writes it", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "docs/a.txt", content: "a" });
    await bench.ok("sync-now");
    for (const written of ["docs/a.txt", "./docs/a.txt", bench.file("docs/a.txt"), `${bench.folder}//docs/./a.txt/`, "~/Drive/docs/a.txt"])
      assert.match((await bench.ok("inspect", "item", written)).stdout, /^main: docs\/a\.txt\n/, written);
    assert.equal(JSON.parse((await bench.ok("inspect", "item", bench.file("docs"), "--format", "json")).stdout)[0].kind, "folder");
    for (const unknown of [bench.folder, `${bench.folder}2/docs/a.txt`, "/docs/a.txt"]) assert.equal((await bench.run("inspect", "item", unknown)).code, 1, unknown);
  });
});

test("a mirror is removed though files of a person's lie in its working folder, which stays", async () => {
  for (const isRunning of [false, true]) {
    await withBench({}, async (bench) => {
      await bench.ok("sync-now");
      if (isRunning) await bench.start();
      await writeFile(bench.file(".drive-agent/mine.txt"), "mine");
      const { code, stdout, stderr } = await bench.run("remove", "main");
      assert.equal(code, 6, stderr);
      assert.match(stderr, /files lie in the working folder/);
      assert.match(stdout, /^Removed the mirror main; its files stay\.$/m);
      assert.equal(await bench.read(".drive-agent/mine.txt"), "mine");
      assert.deepEqual((await bench.status()).mirrors, []);
    });
  }
});
