/**
 * Reads gcov's counters of one folder and prints a table of its files.
 *
 *   node coverage.mjs BUILD/protocol EXCEPTIONS [--all]
 *
 * EXCEPTIONS accepts lines that no test reaches, by their text, so that it survives edits
 * above them:
 *
 *   # Why these are accepted: one sentence.
 *   protocol/tls.c: return TLS_BROKEN;
 *
 * An exception covers the line and its branches; one that no longer matches a line with
 * something missing is itself an error. Accepted ones still count against the percentages;
 * whatever is missing and not accepted fails. Never counted are two kinds of branch that
 * only our own bug can take: the one of `assert`, and the implicit default of a `switch`
 * over all values of an enum.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const LEAST_LINES = 99;
const LEAST_BRANCHES = 95;

function counterFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".gcda"))
    .map((name) => path.resolve(folder, name));
}

/** {name, lines: [{number, text, hit, branches, missed}]} of each source under `root`. */
function readCounters(folder, root) {
  const options = ["--json-format", "--stdout", "--branch-probabilities"];
  const answer = execFileSync("gcov", [...options, ...counterFiles(folder)], { encoding: "utf8", maxBuffer: 1 << 28 });
  const files = answer.split("\n").filter(Boolean).flatMap((line) => JSON.parse(line).files);
  return files
    .map((file) => ({ ...file, name: path.relative(root, file.file) }))
    .filter(({ name, lines }) => name.startsWith("protocol/") && lines.length > 0)
    .map(({ name, lines }) => ({ name, lines: readLines(path.join(root, name), lines) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readLines(file, counters) {
  const source = readFileSync(file, "utf8").split("\n");
  return counters.map(({ line_number: number, count, branches }) => {
    const text = source[number - 1].trim();
    const counted = text.startsWith("assert(") ? [] : branches;
    const missed = counted.filter((branch) => branch.count === 0).length;
    const never = text.startsWith("switch (") && missed > 0 ? 1 : 0;
    return { number, text, hit: count > 0 || text === "assert(false);", branches: counted.length - never, missed: missed - never };
  });
}

function readExceptions(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name, text] = /^(\S+?): (.*)$/.exec(line);
    return { name, text, uses: 0 };
  });
}

function accept(file, exceptions) {
  for (const line of file.lines.filter(({ hit, missed }) => !hit || missed > 0)) {
    const found = exceptions.find(({ name, text }) => name === file.name && text === line.text);
    if (found === undefined) continue;
    found.uses++;
    line.accepted = true;
  }
}

function sum(files) {
  const lines = files.flatMap((file) => file.lines);
  const add = (member) => lines.reduce((total, line) => total + line[member], 0);
  return { lines: lines.length, missedLines: lines.filter(({ hit }) => !hit).length, branches: add("branches"), missedBranches: add("missed") };
}

const percent = (missed, all) => (all === 0 ? 100 : (100 * (all - missed)) / all);

function row(name, { lines, missedLines, branches, missedBranches }) {
  const cell = (missed, all) => `${percent(missed, all).toFixed(1).padStart(6)} % of ${String(all).padStart(4)}`;
  return `${name.padEnd(28)} ${cell(missedLines, lines)}   ${cell(missedBranches, branches)}`;
}

function describe(file, { number, text, hit, missed, branches }) {
  return `  ${file.name}:${number}: ${hit ? `${missed} of ${branches} branches` : "never run"}: ${text}`;
}

const [folder, exceptionFile, ...options] = process.argv.slice(2);
const files = readCounters(folder, process.cwd());
const exceptions = readExceptions(exceptionFile);
files.forEach((file) => accept(file, exceptions));

console.log(`${"".padEnd(28)}  lines            branches`);
for (const file of files) console.log(row(file.name, sum([file])));
const total = sum(files);
console.log(row("together", total));

const wanting = files.flatMap((file) => file.lines.filter(({ hit, missed }) => !hit || missed > 0).map((line) => ({ file, line })));
const show = (title, list) => list.length > 0 && console.log([title, ...list.map(({ file, line }) => describe(file, line))].join("\n"));
const unexplained = wanting.filter(({ line }) => !line.accepted);
show("not reached, and not accepted:", unexplained);
if (options.includes("--all")) show("accepted:", wanting.filter(({ line }) => line.accepted));

const stale = exceptions.filter(({ uses }) => uses === 0);
for (const { name, text } of stale) console.log(`no longer an exception: ${name}: ${text}`);
const isLow = percent(total.missedLines, total.lines) < LEAST_LINES || percent(total.missedBranches, total.branches) < LEAST_BRANCHES;
if (isLow) console.log(`below ${LEAST_LINES} % of lines or ${LEAST_BRANCHES} % of branches`);
process.exitCode = isLow || unexplained.length > 0 || stale.length > 0 ? 1 : 0;
