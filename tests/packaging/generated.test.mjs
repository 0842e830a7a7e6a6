// Manual pages and completions cannot disagree with the program: what the command table,
// the keys of the configuration and the public views name is in them, and nothing else.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const AGENT = process.env.AGENT ?? path.join(ROOT, "build/agent/agent");
const GENERATED = path.resolve(process.env.BUILD_TESTS ?? path.join(ROOT, "build/tests"), "../packaging");

const source = (name) => readFileSync(path.join(ROOT, name), "utf8");
const agent = (...words) => execFileSync(AGENT, words, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
/** What a page says, without the escapes that make a dash a dash. */
const plain = (page) => page.replace(/\\-/g, "-").replace(/\\\(aq/g, "'").replace(/\\\(dq/g, '"');

function optionsOf(text) {
  return [...text.matchAll(/^ {2}(?:-\w, | {4})--([a-z-]+)/gm)].map((match) => match[1]);
}

/** The table, as `agent help` shows it: [{ name, options }]. */
function commands() {
  const all = agent("help").split("\nCommands\n")[1].split("\n\n")[0];
  return [...all.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => ({
    name,
    options: optionsOf(agent("help", name).split("\nOptions of every command\n")[0]),
  }));
}

const TABLE = commands();
const GLOBAL = optionsOf(agent("help").split("\nOptions of every command\n")[1]);

test("the table has been read", () => {
  assert.ok(TABLE.length > 10 && GLOBAL.length > 4);
  assert.deepEqual(TABLE.find((command) => command.name === "login").options, ["browser", "device-code", "all-drives"]);
});

test("the help names every choice of an option in full", () => {
  const page = plain(readFileSync(path.join(GENERATED, "agent.1"), "utf8")).replace(/\\f[BIP]/g, "");
  const choices = [...page.matchAll(/^\.It Fl -([a-z-]+) No (\S+\|\S+)$/gm)];
  assert.ok(choices.length >= 4);
  const help = ["", ...TABLE.map((command) => command.name)].map((name) => agent("help", ...(name ? [name] : []))).join("");
  for (const [, option, words] of choices) assert.ok(help.includes(`--${option} ${words}\n`) || help.includes(`--${option} ${words} `), `--${option} ${words}`);
});

test("agent(1) has every command with its options", () => {
  const page = plain(readFileSync(path.join(GENERATED, "agent.1"), "utf8"));
  const described = page.split("\n.Sh COMMANDS\n")[1].split("\n.Sh ")[0].split(/^\.It Cm /m).slice(1);
  const found = described.map((text) => ({
    name: text.match(/^\S+/)[0],
    options: [...text.matchAll(/^\.It.* Fl -([a-z-]+)/gm)].map((match) => match[1]),
  }));
  assert.deepEqual(found, TABLE);
  const global = page.split("\n.Sh OPTIONS\n")[1].split("\n.Sh ")[0];
  assert.deepEqual([...global.matchAll(/^\.It.* Fl -([a-z-]+)/gm)].map((match) => match[1]), GLOBAL);
});

const SHELLS = [
  { shell: "bash", option: (name) => ` --${name}` },
  { shell: "zsh", option: (name) => `--${name}[` },
  { shell: "fish", option: (name) => ` -l ${name} ` },
];

for (const { shell, option } of SHELLS) {
  const file = path.join(GENERATED, `agent.${shell}`);
  test(`the ${shell} completion has every command and option`, () => {
    const text = readFileSync(file, "utf8");
    for (const command of TABLE) {
      assert.match(text, new RegExp(`\\b${command.name}\\b`));
      for (const name of [...command.options, ...GLOBAL]) assert.ok(text.includes(option(name)), `${command.name} --${name}`);
    }
  });
  test(`${shell} can read its completion`, { skip: !has(shell) }, () => {
    execFileSync(shell, ["-n", file]);
  });
}

const BASH_LINES = [
  { name: "a command", words: ["agent", "sta"], wants: ["status"] },
  { name: "an option of a command", words: ["agent", "login", "--dev"], wants: ["--device-code"] },
  { name: "a global option before any command", words: ["agent", "--log"], wants: ["--log-format"] },
  { name: "a word of a command", words: ["agent", "inspect", "pend"], wants: ["pending"] },
  { name: "no option of another command", words: ["agent", "logout", "--dev"], wants: [] },
  { name: "the words of a choice", words: ["agent", "inspect", "--format", ""], wants: ["table", "json", "csv"] },
  { name: "a choice behind an equals sign", words: ["agent", "inspect", "--format", "=", "js"], wants: ["json"] },
  { name: "a choice where only the sign is typed", words: ["agent", "inspect", "--format", "="], wants: ["table", "json", "csv"] },
  { name: "a global choice", words: ["agent", "run", "--log-format", "jo"], wants: ["journal"] },
  { name: "what follows a value", words: ["agent", "inspect", "--format", "json", "probl"], wants: ["problems"] },
  { name: "the command behind a global option", words: ["agent", "--state-dir", "/tmp", "verif"], wants: ["verify"] },
  { name: "the mirrors that are configured", words: ["agent", "sync-now", ""], wants: ["documents", "team"], among: /^[a-z]/ },
  { name: "a second mirror", words: ["agent", "sync-now", "team", "doc"], wants: ["documents"] },
  { name: "the mirror of an option", words: ["agent", "inspect", "--mirror", "te"], wants: ["team"] },
  { name: "the mirror to be removed", words: ["agent", "remove", "t"], wants: ["team"] },
  { name: "a command to be explained", words: ["agent", "help", "doc"], wants: ["doctor"] },
  { name: "a folder", words: ["agent", "add", "Ph"], wants: ["Photos"] },
  { name: "a file", words: ["agent", "--config", "con"], wants: ["config.ini"] },
  { name: "nothing for a person's own word", words: ["agent", "pause", "--for", ""], wants: [] },
];

/* A person's folder with two mirrors in the configuration. */
const home = mkdtempSync(path.join(tmpdir(), "drive-agent-completion-"));
after(() => rmSync(home, { recursive: true, force: true }));
mkdirSync(path.join(home, "Photos"));
writeFileSync(path.join(home, "config.ini"), `[mirror documents]\nfolder = ${home}/Documents\n[mirror team]\nfolder = ${home}/Team\n`);
const AT_HOME = { cwd: home, encoding: "utf8", env: { ...process.env, HOME: home, LC_ALL: "C", AGENT_CONFIG: path.join(home, "config.ini"), PATH: `${path.dirname(AGENT)}:${process.env.PATH}` } };

for (const { name, words, wants, among = /./ } of BASH_LINES) {
  test(`bash completes ${name}`, () => {
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _agent; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync("bash", ["-c", script, "bash", path.join(GENERATED, "agent.bash"), ...words], AT_HOME);
    assert.deepEqual(output.split("\n").filter((word) => among.test(word)), wants);
  });
}

/* fish tells what it would offer; the form is its own. */
const FISH_LINES = [
  { line: "agent inspect --format ", wants: ["table", "json", "csv"] },
  { line: "agent sync-now d", wants: ["documents"] },
  { line: "agent inspect prob", wants: ["problems"] },
  { line: "agent help doct", wants: ["doctor"] },
];

for (const { line, wants } of FISH_LINES) {
  test(`fish completes "${line}"`, { skip: !has("fish") }, () => {
    const output = execFileSync("fish", ["--no-config", "-c", `source ${path.join(GENERATED, "agent.fish")}; complete -C ${JSON.stringify(line)}`], AT_HOME);
    const words = output.split("\n").map((row) => row.split("\t")[0]).filter(Boolean);
    assert.deepEqual(words.sort(), [...wants].sort());
  });
}

const PAGES = [
  path.join(GENERATED, "agent.1"),
  path.join(ROOT, "packaging/man/agent-config.5"),
  path.join(ROOT, "packaging/man/agent-state.5"),
];

for (const page of PAGES) {
  test(`${path.basename(page)} is a clean page`, () => {
    if (has("mandoc")) {
      const lint = spawnSync("mandoc", ["-T", "lint", "-W", "warning", page], { encoding: "utf8" });
      assert.doesNotMatch(lint.stdout + lint.stderr, /: (WARNING|ERROR|UNSUPP|FATAL): /);
    }
    if (has("man")) {
      const shown = spawnSync("man", ["--warnings", "-l", page], { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "80" } });
      assert.equal(shown.stderr, "");
      assert.equal(shown.status, 0);
    }
  });
}

test("agent-config(5) has the keys that the program reads, and no others", () => {
  const known = [...source("agent/config.c").matchAll(/^\s*\{"(\w+)",\s*"(\w+)",\s*config_/gm)].map((match) => `${match[1]} ${match[2]}`);
  const documented = source("packaging/man/agent-config.5")
    .split(/^\.Ss /m)
    .slice(1)
    .flatMap((text) => {
      const section = text.match(/^\[(\w+)/)[1];
      return [...text.matchAll(/^\.It Va (\w+)$/gm)].map((match) => `${section} ${match[1]}`);
    });
  assert.ok(known.length > 20);
  assert.deepEqual(documented, known);
});

test("agent-config(5) names a default for each key", () => {
  const keys = source("packaging/man/agent-config.5").split(/^\.Sh /m).find((text) => text.startsWith("DESCRIPTION")).split(/^\.It Va /m).slice(1);
  for (const text of keys) assert.match(text, /^(Default: |No default\.)/m, text);
});

/** The public views: { name: [columns] }, as the store's source creates them. */
function views() {
  const sql = [...source("store/store_view.c").matchAll(/^\s*"((?:[^"\\]|\\.)*)"/gm)]
    .map((match) => match[1].replace(/\\n/g, "\n").replace(/\\"/g, '"'))
    .join("");
  const all = [...sql.matchAll(/create view (v_\w+)\(\n([^]*?)\n\) as/g)];
  return Object.fromEntries(all.map(([, name, body]) => [name, [...body.matchAll(/^ {2}("?\w+"?)/gm)].map((match) => match[1])]));
}

test("agent-state(5) has the public views with their columns", () => {
  const documented = source("packaging/man/agent-state.5").split(/^\.Ss /m).slice(1).map((text) => [
    text.match(/^\w+/)[0],
    [...plain(text.split(/^\.Sh /m)[0]).matchAll(/^\.It Va (\S+)$/gm)].map((match) => match[1]),
  ]);
  assert.deepEqual(Object.fromEntries(documented), views());
});

test("the operations of v_history are those that inspect can choose", () => {
  const words = source("agent/cli/cmd_table.c").match(/"operation", 0, "([a-z|]+)"/)[1].split("|");
  const comment = source("store/store_view.c").match(/ operation, +-- (download.*leave)/)?.[1];
  const [history] = source("packaging/man/agent-state.5").split(/^\.Ss /m).filter((text) => text.startsWith("v_history"));
  const documented = plain(history).match(/^\.It Va operation\n([^:]*?)(?::|\.$)/m)[1].replace("or ", "");
  assert.deepEqual(comment?.split(", "), words);
  assert.deepEqual(documented.split(/,\s+/), words);
});

test("the queries of agent-state(5) fit the views", { skip: !has("sqlite3") }, () => {
  const examples = plain(source("packaging/man/agent-state.5")).split("\n.Sh EXAMPLES\n")[1];
  const queries = [...examples.matchAll(/^\.Bd .*\n([^]*?)^\.Ed$/gm)].map((match) => match[1]);
  assert.equal(queries.length, 10);
  const tables = Object.entries(views()).map(([name, columns]) => `create table ${name}(${columns.join(", ")});`);
  execFileSync("sqlite3", ["-bail", ":memory:"], { input: [...tables, ...queries.map((query) => `${query};`)].join("\n") });
});
