// What people see on a terminal, in two sizes, held against captures that were looked at:
// the agent is played by a fixture, so that times and rates are always the same.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

import { withBench } from "../support/agent.mjs";
import { hasTerminal, linesOf, openTerminal, speak } from "../support/terminal.mjs";

const AGENT = process.env.AGENT ?? path.resolve("build/agent/agent");
const SIZES = [
  [80, 24],
  [200, 60],
];

function terminalTest(name, { columns = 80, rows = 24, answers, words }, body) {
  test(name, { skip: !hasTerminal }, async () => {
    const home = mkdtempSync(path.join(tmpdir(), "drive-agent-test-"));
    const state = path.join(home, "state");
    mkdirSync(state, { mode: 0o700 });
    const agent = await speak(path.join(state, "control.sock"), answers);
    writeFileSync(path.join(home, "config.ini"), `[mirror documents]\nfolder = ${home}/Documents\n`);
    const environment = { HOME: home, AGENT_CONFIG: path.join(home, "config.ini"), AGENT_STATE_DIR: state };
    const terminal = openTerminal({ columns, rows, environment, command: [AGENT, ...words] });
    try {
      await body(terminal, agent);
    } finally {
      terminal.close();
      await agent.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
}

for (const [columns, rows] of SIZES) {
  const size = `${columns}x${rows}`;
  for (const name of ["work", "attention"]) {
    terminalTest(`status --watch: ${name} in ${size}`, { columns, rows, answers: { watch: linesOf(name) }, words: ["status", "--watch"] }, (terminal) =>
      terminal.shows(`${name}-${size}`),
    );
  }
  terminalTest(`the progress of sync-now in ${size}`, { columns, rows, answers: { "sync-now": linesOf("sync") }, words: ["sync-now"] }, (terminal) =>
    terminal.shows(`sync-${size}`),
  );
}

terminalTest("several mirrors share one bar", { answers: { "sync-now": linesOf("sync-two") }, words: ["sync-now"] }, (terminal) => terminal.shows("sync-two-80x24"));

const WATCH = { answers: { watch: linesOf("work") }, words: ["status", "--watch"] };

terminalTest("another size shows another screen", WATCH, async (terminal) => {
  await terminal.shows("work-80x24");
  terminal.resize(200, 60);
  await terminal.shows("work-200x60");
  terminal.resize(80, 24);
  await terminal.shows("work-80x24");
});

for (const key of ["C-c", "q"]) {
  terminalTest(`${key} ends it and leaves the terminal as it was`, WATCH, async (terminal) => {
    await terminal.shows("work-80x24");
    terminal.keys(key);
    const screen = await terminal.until(/ended with 0/);
    assert.doesNotMatch(screen, /account|documents/);
    terminal.keys("echo shown", "Enter");
    await terminal.until(/\$ echo shown\nshown/);
    assert.equal(terminal.tmux("display-message", "-p", "-t", ":", "#{cursor_flag} #{alternate_on}").trim(), "1 0");
  });
}

terminalTest("Ctrl-Z gives the screen back, and fg takes it again", WATCH, async (terminal) => {
  await terminal.shows("work-80x24");
  terminal.keys("C-z");
  const screen = await terminal.until(/Stopped/);
  assert.doesNotMatch(screen, /documents/);
  terminal.keys("fg", "Enter");
  await terminal.shows("work-80x24");
});

terminalTest("the end of the agent is said on a clean screen", WATCH, async (terminal, agent) => {
  await terminal.shows("work-80x24");
  await agent.close();
  const screen = await terminal.until(/ended with 1/);
  assert.match(screen, /the running agent went away/);
  assert.doesNotMatch(screen, /last changes/);
});

test("tables fit the terminal, whatever the names", { skip: !hasTerminal }, async () => {
  await withBench({}, async (bench) => {
    const long = "a long name that goes on and on, with 日本語 and שלום in it, until it is far too wide.txt";
    await bench.sandbox.change([{ op: "put", path: `docs/${long}`, content: "x" }, { op: "package", path: "Notebook" }]);
    await bench.run("sync-now");
    for (const { words, rows } of [
      { words: ["items"], rows: 3 },
      { words: ["history"], rows: 2 },
      { words: ["pending"], rows: 1 },
      { words: ["problems"], rows: 1 },
      { words: [], rows: 1 },
    ]) {
      const environment = { AGENT_CONFIG: bench.configFile, AGENT_STATE_DIR: bench.stateDir, HOME: bench.home };
      const terminal = openTerminal({ columns: 80, rows: 24, environment, command: [AGENT, "inspect", ...words] });
      try {
        const lines = (await terminal.until(/ended with 0/)).split("\n");
        assert.equal(lines.indexOf("ended with 0"), rows + 1, lines.join("\n"));
      } finally {
        terminal.close();
      }
    }
  });
});
