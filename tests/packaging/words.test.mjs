// The words that people read: the catalogues are complete and fit the program, a person gets
// them in their language, and programs get the same in every language.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const AGENT = process.env.AGENT ?? path.join(ROOT, "build/agent/agent");
const BUILD = path.resolve(process.env.BUILD_TESTS ?? path.join(ROOT, "build/tests"), "..");
const LANGUAGES = { de: "de_DE", ru: "ru_RU" };

const home = mkdtempSync(path.join(tmpdir(), "drive-agent-words-"));
after(() => rmSync(home, { recursive: true, force: true }));

/* The gate installs them; without them there is nothing to be held against. */
const TOOLS = ["xgettext", "msgfmt", "localedef", "perl", "script"];
const missing = TOOLS.filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
if (missing.length > 0) {
  console.log(`skipped: needs ${missing.join(", ")}`);
  process.exit(0);
}

function run(program, words, environment = {}) {
  const result = spawnSync(program, words, {
    encoding: "utf8",
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: home, TZ: "UTC", ...environment },
  });
  assert.equal(result.error, undefined);
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/* The locales themselves belong to the system, which may have none: ours are made aside. The
 * C library leaks a few bytes where it looks for locales in LOCPATH. */
const locales = path.join(home, "locales");
mkdirSync(locales);
for (const name of Object.values(LANGUAGES)) run("localedef", ["-i", name, "-f", "UTF-8", path.join(locales, `${name}.UTF-8`)]);
const speaking = (language) => ({
  LOCPATH: locales,
  LANG: `${LANGUAGES[language]}.UTF-8`,
  LANGUAGE: language,
  ASAN_OPTIONS: "detect_leaks=0",
});

test("every message is translated, none is unsure, directives fit", () => {
  const { code, stdout, stderr } = run("packaging/po/messages", ["check"]);
  assert.equal(code, 0, stdout + stderr);
});

/** Spoils a catalogue in a copy of the sources and gives what the check says of it. */
function checkSpoilt(spoil) {
  const copy = path.join(home, "copy");
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  execFileSync("sh", ["-c", 'git ls-files -z agent protocol store packaging/po | xargs -0 cp --parents -t "$1"', "sh", copy], { cwd: ROOT });
  const file = path.join(copy, "packaging/po/de.po");
  writeFileSync(file, spoil(readFileSync(file, "utf8")));
  return run(path.join(copy, "packaging/po/messages"), ["check"]);
}

const SPOILT = [
  { name: "a missing message", from: /msgid "no memory"\nmsgstr ".*"\n/, to: "", says: /de\.po lacks a translation of:\n +"no memory"\n/ },
  { name: "a missing message of many lines", from: /(msgid ""\n"To sign in,[^]*?)msgstr ""\n(".*"\n)+/, to: '$1msgstr ""\n', says: /lacks a translation of:\n +"To sign in/ },
  { name: "an unsure one", from: /(#, c-format)\n(msgid "no memory")/, to: "#, fuzzy, c-format\n$2", says: /unsure.*\n +"no memory"\n/ },
  { name: "one that no source has", from: /\n\n/, to: '\n\nmsgid "flown away"\nmsgstr "x"\n\n', says: /no source has:\n( .*\n)* +"flown away"\n/, code: 0 },
  { name: "another directive", from: /(msgid "the option --%s takes no value")\nmsgstr ".*"/, to: '$1\nmsgstr "%d"', says: /format specifications .* are not the same/ },
];

for (const { name, from, to, says, code: wanted = 1 } of SPOILT) {
  test(`the check finds ${name}`, () => {
    const { code, stdout, stderr } = checkSpoilt((text) => {
      assert.match(text, from);
      return text.replace(from, to);
    });
    assert.equal(code, wanted);
    assert.match(stdout + stderr, says);
  });
}

const SPOKEN = [
  { name: "help", words: ["help"], en: /^Commands$/m, de: /^Befehle$/m, ru: /^Команды$/m },
  { name: "the help of a command", words: ["help", "add"], en: /name of the mirror/, de: /Name des Spiegels/, ru: /имя зеркала/ },
  { name: "a mistyped command", words: ["statsu"], en: /^error unknown command statsu: did you mean status\?$/m, de: /^Fehler unbekannter Befehl statsu: war status gemeint\?$/m, ru: /^ошибка неизвестная команда statsu: может быть, status\?$/m },
  { name: "a status", words: ["status"], en: /^agent {7}not running/m, de: /^agent {7}läuft nicht/m, ru: /^agent {7}не работает/m },
  { name: "a failure", words: ["inspect"], en: /no state database/, de: /keine Zustandsdatenbank/, ru: /нет базы состояния/ },
  { name: "the log of the agent itself", words: ["--config", "one.ini", "run"], en: /nobody is signed in/, de: /niemand ist angemeldet/, ru: /вход не выполнен/ },
  { name: "a fault of the configuration", words: ["--config", "broken.ini", "status"], en: /unknown key clod; did you mean cloud\?/, de: /unbekannter Schlüssel clod; war cloud gemeint\?/, ru: /неизвестный ключ clod; может быть, cloud\?/ },
];

writeFileSync(path.join(home, "broken.ini"), "[service]\nclod = global\n");
writeFileSync(path.join(home, "one.ini"), `[account]\nclient_id = x\n[mirror one]\nfolder = ${home}/One\n`);
for (const { name, words, ...wants } of SPOKEN) {
  const given = words.map((word) => (word.endsWith(".ini") ? path.join(home, word) : word));
  for (const [language, want] of Object.entries(wants)) {
    test(`${name} is ${language}`, () => {
      const { stdout, stderr } = run(AGENT, given, language === "en" ? { LC_ALL: "C", LANGUAGE: "de" } : speaking(language));
      assert.match(stdout + stderr, want);
    });
  }
}

const FOR_PROGRAMS = [["status", "--json"], ["status", "--metrics"], ["doctor", "--json"], ["help", "--completion", "bash"]];
for (const words of FOR_PROGRAMS) {
  test(`agent ${words.join(" ")} is the same in every language`, () => {
    const plain = run(AGENT, words, { LC_ALL: "C" });
    for (const language of Object.keys(LANGUAGES)) assert.deepEqual(run(AGENT, words, speaking(language)), plain);
  });
}

/* \x1b: whatever a terminal would take for more than text. */
const PLAIN = [
  { name: "on a pipe", command: '"$0" status', environment: { TERM: "xterm" }, escapes: false },
  { name: "on a terminal", command: 'script -qec "$0 status" /dev/null', environment: { TERM: "xterm" }, escapes: true },
  { name: "with NO_COLOR", command: 'script -qec "$0 status" /dev/null', environment: { TERM: "xterm", NO_COLOR: "1" }, escapes: false },
  { name: "with --no-color", command: 'script -qec "$0 status --no-color" /dev/null', environment: { TERM: "xterm" }, escapes: false },
  { name: "on a dumb terminal", command: 'script -qec "$0 status" /dev/null', environment: { TERM: "dumb" }, escapes: false },
];

for (const { name, command, environment, escapes } of PLAIN) {
  test(`${name} a status has ${escapes ? "colour" : "plain words only"}`, () => {
    const { stdout } = run("sh", ["-c", command, AGENT], { LC_ALL: "C.UTF-8", AGENT_CONFIG: path.join(home, "one.ini"), ...environment });
    assert.match(stdout, /stopped/);
    assert.equal(stdout.includes("\x1b"), escapes, stdout);
  });
}

/* A language in which every message stands between marks shows what has none. */
test("no line of the help and of the options is without a translation", () => {
  const place = path.join(home, "marked");
  const catalogue = path.join(place, "share/locale/de/LC_MESSAGES/drive-agent.mo");
  mkdirSync(path.join(place, "bin"), { recursive: true });
  mkdirSync(path.dirname(catalogue), { recursive: true });
  copyFileSync(AGENT, path.join(place, "bin/agent"));
  const template = path.join(place, "messages.pot");
  assert.equal(run("packaging/po/messages", ["template", template]).code, 0);
  run("sh", ["-c", `msgen "${template}" | msgfilter --keep-header -o - sed 's/^/«/' | msgfmt -o "${catalogue}" -`]);
  const help = (...words) => run(path.join(place, "bin/agent"), ["help", ...words], speaking("de")).stdout;
  const commands = [...help().matchAll(/^ {2}([a-z-]+) {2,}«/gm)].map((match) => match[1]);
  assert.ok(commands.length > 10);
  for (const command of commands) {
    for (const line of help(command).split("\n")) assert.match(line, /«|^ {2}agent |^$|^ {2,}(-\w, )?--\S+( \S+)?$|^ {2}\d {2}/, `${command}: ${line}`);
  }
});

test("the build has put the catalogues where the program looks", () => {
  for (const language of Object.keys(LANGUAGES)) {
    const text = run("msgunfmt", [path.join(BUILD, `share/locale/${language}/LC_MESSAGES/drive-agent.mo`)]).stdout;
    assert.match(text, /msgid "no memory"/);
  }
});
