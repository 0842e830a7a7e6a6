// Makes the table failure number -> tests from the tests themselves, and fails where a
// number has no test and no reason, or a reason although it has a test.
//
//   node check_failures.mjs [--table]     --table prints it

import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const FOLDERS = ["protocol", "store", "agent", "e2e", "interop", "sim", "support"];

function* testsBelow(folder) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) {
      if (name !== "node_modules") yield* testsBelow(file);
    } else if (/\.(c|h|mjs)$/.test(name)) yield file;
  }
}

const number = (id) => Number(id.slice(2));
const named = new Map();
function note(id, file) {
  if (!named.has(id)) named.set(id, new Set());
  named.get(id).add(path.relative(here, file));
}

for (const folder of FOLDERS) {
  for (const file of testsBelow(path.join(here, folder))) {
    const text = readFileSync(file, "utf8");
    for (const [id] of text.matchAll(/F-\d+/g)) note(id, file);
    /* "F-50 … F-54" names all between as well. */
    for (const [, from, to] of text.matchAll(/(F-\d+) (?:…|\.\.\.|to) (F-\d+)/g))
      for (let i = number(from); i <= number(to); i++) note(`F-${String(i).padStart(2, "0")}`, file);
  }
}

const problems = [];
let pending = 0;
for (const line of readFileSync(path.join(here, "failures.txt"), "utf8").split("\n")) {
  if (line === "" || line.startsWith("#")) continue;
  const [title, reason] = line.split(" -- ");
  const id = title.split(" ")[0];
  const files = [...(named.get(id) ?? [])];
  if (files.length === 0 && reason === undefined) problems.push(`${id} has no test`);
  if (files.length > 0 && reason !== undefined) problems.push(`${id} has a test now: take its reason out (${files[0]})`);
  if (reason !== undefined) pending++;
  if (process.argv.includes("--table")) console.log(`${title}: ${files.length > 0 ? files.join(" ") : `-- ${reason}`}`);
}
for (const problem of problems) console.error(problem);
console.log(`${named.size} failures are named by tests, ${pending} wait for one`);
process.exit(problems.length === 0 ? 0 : 1);
