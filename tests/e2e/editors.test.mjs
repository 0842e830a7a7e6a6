// Programs save files in their different ways while another device changes the same files:
// every marker that was ever saved is found in the end, in the file, in a conflict copy or
// in the trash (I-1; F-26 … F-30, F-37). The seed is printed; EDITOR_SEED takes it again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { until, withBench } from "../support/agent.mjs";

const LONG = process.env.TEST_LONG === "1";
const EPOCHS = LONG ? 120 : 1;
const EPOCH_MS = LONG ? 25_000 : 15_000;
const FILES_PER_HABIT = 16;
const TOOL = path.join(process.env.BUILD_TESTS ?? "build/tests", "mmap_edit");
const ROOM = 4096; /* blanks that a mapped edit fills */

function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env.EDITOR_SEED ?? Date.now() % 2 ** 31);
const random = seeded(seed);

/** The tool that edits by mapping: one question, one answer. */
class Mapper {
  constructor() {
    this.child = spawn(TOOL, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async edit(file, text) {
    this.child.stdin.write(`${file}\t${text}\n`);
    return (await this.lines.next()).value;
  }

  close() {
    this.child.stdin.end();
  }
}

/* Each saves what it has read and one more marker; false: not saved after all. What a save
 * overwrites was read before, or was put there by the agent. */
const HABITS = {
  async truncate(file, marker) {
    const text = readFileSync(file, "utf8");
    const fd = openSync(file, "w");
    writeSync(fd, text);
    await delay(random() * 3);
    writeSync(fd, marker);
    closeSync(fd);
    return true;
  },
  async temporary(file, marker) {
    const text = readFileSync(file, "utf8");
    writeFileSync(`${file}.tmp`, text + marker);
    await delay(random() * 3);
    renameSync(`${file}.tmp`, file);
    return true;
  },
  async backup(file, marker) {
    const text = readFileSync(file, "utf8");
    renameSync(file, `${file}~`);
    await delay(random() * 3);
    writeFileSync(file, text + marker);
    rmSync(`${file}~`);
    return true;
  },
  async append(file, marker) {
    const fd = openSync(file, "a");
    writeSync(fd, marker.slice(0, 8));
    await delay(random() * 120); /* open while a version comes */
    writeSync(fd, marker.slice(8));
    closeSync(fd);
    return true;
  },
  async log(file, marker) {
    appendFileSync(file, marker);
    return true;
  },
  async mapped(file, marker, mapper) {
    return (await mapper.edit(file, marker)) === "done";
  },
};

const names = Object.keys(HABITS).flatMap((habit) => Array.from({ length: FILES_PER_HABIT }, (_, i) => ({ habit, path: `${habit}/${i}.txt` })));

/** One person at one file, until told to stop. */
async function edit(bench, name, mapper, run) {
  while (!run.stop) {
    const marker = `<${name.habit} ${run.count++}>`.padEnd(24, ".");
    try {
      if (await HABITS[name.habit](bench.file(name.path), marker, mapper)) run.markers.push(marker);
    } catch (error) {
      if (error.code !== "ENOENT") throw error; /* it was away for a moment: not saved */
    }
    await delay(random() ** 2 * 2500); /* long enough for some to be untouched when a version comes */
  }
}

function version(name, count) {
  return { op: "put", path: name.path, content: `version ${count} of ${name.path}\n${name.habit === "mapped" ? " ".repeat(ROOM) : ""}` };
}

/** Another device, until told to stop. */
async function change(bench, run) {
  while (!run.stop) {
    await bench.sandbox.change(names.filter(() => random() < 0.7).map((name) => version(name, run.versions++)));
    await delay(600 + random() * 600);
  }
}

async function textsBelow(folder) {
  const texts = [];
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const file = path.join(folder, name);
    if (!name.startsWith(".drive-agent") && (await stat(file)).isFile()) texts.push(await readFile(file, "latin1"));
  }
  return texts.join("\n");
}

async function copies(bench) {
  return (await readdir(bench.folder, { recursive: true })).filter((name) => name.includes("(conflict "));
}

/** Edits and changes, then quiet; answers how many versions of persons were set aside. */
async function epoch(bench, mapper, run) {
  run.stop = false;
  run.markers = [];
  const work = [...names.map((name) => edit(bench, name, mapper, run)), change(bench, run)];
  await delay(EPOCH_MS);
  run.stop = true;
  await Promise.all(work);
  await bench.sandbox.change(names.map((name) => version(name, run.versions++)));
  await bench.untilEqual({ except: ["(conflict "], patience: 90_000 });
  const found = `${await textsBelow(bench.folder)}\n${await textsBelow(path.join(bench.home, ".local/share/Trash/files"))}`;
  const lost = run.markers.filter((marker) => !found.includes(marker));
  assert.deepEqual(lost, [], "every marker is somewhere");
  const aside = await copies(bench);
  for (const name of aside) await rm(bench.file(name));
  return { edits: run.markers.length, aside: aside.length };
}

test(`editors race placement for ${(EPOCHS * EPOCH_MS) / 1000} s, seed ${seed}`, { timeout: LONG ? 7_200_000 : 240_000 }, async (context) => {
  const mapper = new Mapper();
  context.after(() => mapper.close()); /* also when it fails: nothing ends before its children do */
  await withBench({}, async (bench) => {
    const run = { count: 0, versions: 0 };
    await bench.sandbox.change(names.map((name) => version(name, run.versions++)));
    await bench.start({ words: [] });
    await bench.untilEqual();
    let edits = 0;
    let aside = 0;
    for (let i = 0; i < EPOCHS; i++) {
      const result = await epoch(bench, mapper, run);
      edits += result.edits;
      aside += result.aside;
    }
    const placed = (await bench.sandbox.log()).filter((entry) => entry.route === "download").length;
    context.diagnostic(`${edits} saves raced ${placed} new versions; ${aside} of a person's versions were set aside`);
    assert.ok(aside > names.length, "they met");
    assert.equal((await bench.query("select count(*) as count from v_conflicts"))[0].count, aside, "each is named");
    await until("it is quiet", async () => (await bench.status()).state === "idle");
  });
});
