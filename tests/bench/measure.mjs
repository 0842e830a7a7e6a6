/** What a process costs: of a command from start to end, and of one that runs, between two moments. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const BUILD = path.resolve(process.env.BUILD_DIR ?? "build-bench");
const MEASURE = path.join(BUILD, "tests/bench/bench_measure");

/** Runs a command: {code, seconds, cpu, peak_rss_kib, written_bytes, stdout, stderr}. */
export async function measured(words, { env = process.env } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "measure-"));
  const file = path.join(folder, "cost.json");
  const output = await command([MEASURE, file, ...words], { env });
  const cost = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  return { ...cost, ...output, cpu: cost.user_seconds + cost.system_seconds };
}

/** Runs a command to its end: {code, stdout, stderr}. */
export function command(words, { env = process.env } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(words[0], words.slice(1), { env, stdio: ["ignore", "pipe", "pipe"] });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].on("data", (data) => (text[name] += data));
    child.on("error", failed);
    child.on("close", (code) => done({ code, ...text }));
  });
}

export async function succeed(words, options) {
  const result = await command(words, options);
  if (result.code !== 0) throw new Error(`${words[0]} ended with ${result.code}: ${result.stderr}${result.stdout}`);
  return result;
}

function fields(file) {
  const pairs = readFileSync(file, "utf8").split("\n").map((line) => line.split(/:\s*/));
  return Object.fromEntries(pairs.map(([name, value]) => [name, Number.parseInt(value, 10)]));
}

/**
 * CPU seconds (to the nanosecond), wake-ups, and bytes of a process so far: those that it handed to the system in writes,
 * and those that the disk was given for it. The latter also depend on what the system had written back a moment ago.
 */
export function spent(pid) {
  let cpu = 0;
  let wakeups = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    cpu += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e9;
    wakeups += fields(`/proc/${pid}/task/${task}/status`).voluntary_ctxt_switches;
  }
  const io = fields(`/proc/${pid}/io`);
  return { cpu, wakeups, written_bytes: io.write_bytes, handed_bytes: io.wchar };
}

/** What was spent between two moments. */
export function difference(before, after) {
  return Object.fromEntries(Object.keys(before).map((name) => [name, after[name] - before[name]]));
}

/** KiB: resident, its peak, and the anonymous part, which is the program's own. */
export function memory(pid) {
  const status = fields(`/proc/${pid}/status`);
  return { rss_kib: status.VmRSS, peak_rss_kib: status.VmHWM, anonymous_kib: status.RssAnon };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

/** The run of median length among several results of measured(). */
export function middle(runs) {
  return [...runs].sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)];
}

/** Floor and agent by turns, so that what else happens on the machine meets both: the middle run of each. */
export async function byTurns(times, ...tasks) {
  const runs = tasks.map(() => []);
  for (let i = 0; i < times; i++) {
    for (const [n, task] of tasks.entries()) runs[n].push(await task());
  }
  return runs.map(middle);
}
