/** Runs the cases that are asked for, one after the other, and prints what they found. */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";

import { Report } from "./report.mjs";
import { removeAll } from "./service.mjs";

const known = readdirSync(new URL("cases", import.meta.url))
  .filter((name) => name.endsWith(".mjs"))
  .map((name) => name.replace(".mjs", ""));

function parse() {
  const options = {
    full: { type: "boolean", default: false },
    items: { type: "string" },
    json: { type: "string" },
    repeat: { type: "string", default: "3" },
  };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const strange = positionals.find((name) => !known.includes(name));
    if (strange !== undefined) throw new Error(`no such case: ${strange}; there are ${known.join(", ")}`);
    const items = values.items?.split(",").map(Number);
    return { ...values, items, repeat: Number(values.repeat), cases: positionals.length > 0 ? positionals : known };
  } catch (error) {
    process.stderr.write(`${error.message}\nusage: tests/bench/run [CASE...] [--full] [--items N,N...] [--repeat N] [--json FILE]\n`);
    return process.exit(2);
  }
}

async function runCase(report, name, options) {
  report.current = name;
  process.stderr.write(`${name}\n`);
  const { run } = await import(`./cases/${name}.mjs`);
  try {
    await run(report, options);
    return true;
  } catch (error) {
    process.stderr.write(`  failed: ${error.stack}\n`);
    return false;
  }
}

const options = parse();
const report = new Report();
let failed = 0;
for (const name of options.cases) failed += (await runCase(report, name, options)) ? 0 : 1;
process.stdout.write(`${report.table()}\n`);
if (options.json) {
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memory_mib: Math.round(totalmem() / 2 ** 20), linux: release() };
  writeFileSync(options.json, `${JSON.stringify({ machine, full: options.full, rows: report.rows }, null, 1)}\n`);
}
removeAll();
process.exit(failed > 0 ? 1 : 0);
