/**
 * The real binary for tests written in node: a home of its own for each test, commands,
 * the background program, and waiting for what must become true.
 *
 *   const bench = await openBench({ settings: { page_size: 50 }, config: { sync: { transfers: 4 } } });
 *   await bench.login();
 *   await bench.add();                       // mirror "main" of drive "me" in bench.folder
 *   await bench.start();                     // agent run, until the channel is live
 *   await bench.sandbox.change({ op: "put", path: "a.txt", content: "x" });
 *   await bench.untilEqual();
 *   await bench.close();
 *
 * AGENT names the binary. Whatever the agent prints is kept and shown when a test fails.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { differences } from "./compare-tree.mjs";
import { startSandbox } from "./sandbox.mjs";

export const AGENT = process.env.AGENT ?? path.resolve("build/agent/agent");
/** Why a test that looks at a process from outside is left out: the restrictions of the
 * system's unit hide all others (packaging/confined). */
export const HIDDEN = !existsSync("/proc/1") && "other processes are hidden here";
const PATIENCE_MS = 30_000;
/* The start of an instrumented program is dear: what asks again and again by a command takes
 * the processor from what it waits for. */
const FIRST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 200;
/* Half of what an instrumented command costs is the search for leaks at its end. The
 * background program is searched, and the contract's test searches every command. */
const COMMAND_ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ""}:detect_leaks=0`;

/** Waits until `probe` answers something true; fails with what it last said. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const begin = Date.now();
  const end = begin + patience;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}; last: ${last?.stack ?? JSON.stringify(last)}`);
    await delay(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + (Date.now() - begin) / 8));
  }
}

/** The agent's answer, or undefined: it does not listen there, or does not answer in time. */
function askStatus(socketPath) {
  return new Promise((done) => {
    let text = "";
    const socket = connect(socketPath, () => socket.write('{"command":"status"}\n'));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("data", (data) => (text += data));
    socket.on("error", () => {});
    socket.on("close", () => done(text.includes("\n") ? JSON.parse(text.slice(0, text.indexOf("\n"))) : undefined));
  });
}

function iniText(sections) {
  return Object.entries(sections)
    .map(([name, keys]) => {
      const lines = Object.entries(keys).flatMap(([key, value]) => [value].flat().map((one) => `${key} = ${one}`));
      return `[${name}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}

export class Bench {
  constructor(sandbox, home) {
    this.sandbox = sandbox;
    this.home = home;
    this.folder = path.join(home, "Drive");
    this.stateDir = path.join(home, "state");
    this.configFile = path.join(home, "config.ini");
    this.database = path.join(this.stateDir, "state.db");
    this.log = "";
    this.program = AGENT;
    this.commands = new Set();
    this.environment = {
      ...process.env,
      HOME: home,
      XDG_RUNTIME_DIR: home,
      TZ: "UTC",
      LC_ALL: "C.UTF-8",
      AGENT_CONFIG: this.configFile,
      AGENT_STATE_DIR: this.stateDir,
    };
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "https_proxy", "HTTPS_PROXY", "LANGUAGE", "NO_COLOR"])
      delete this.environment[name];
  }

  async writeConfig(more = {}) {
    const sections = {
      service: { graph_url: this.sandbox.graph_url, login_url: this.sandbox.login_url, ca_file: this.sandbox.ca_file },
      account: { client_id: this.sandbox.client_id, token_store: "file" },
      sync: { delta_interval: "1h" },
    };
    for (const [name, keys] of Object.entries(more)) sections[name] = { ...sections[name], ...keys };
    await writeFile(this.configFile, iniText(sections));
  }

  /** Runs one command to its end: {code, signal, stdout, stderr, ms}. */
  run(...words) {
    return this.runWith({}, ...words);
  }

  runWith({ environment = {}, input = "", cwd }, ...words) {
    const begin = Date.now();
    return new Promise((done, failed) => {
      const env = { ...this.environment, ASAN_OPTIONS: COMMAND_ASAN_OPTIONS, ...environment };
      const child = spawn(AGENT, words, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
      this.commands.add(child);
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (data) => (stdout += data));
      child.stderr.on("data", (data) => (stderr += data));
      child.on("error", failed);
      child.on("close", (code, signal) => {
        this.commands.delete(child);
        this.log += `$ agent ${words.join(" ")}\n${stdout}${stderr}`;
        done({ code, signal, stdout, stderr, ms: Date.now() - begin });
      });
      child.stdin.on("error", () => {}); /* it may have ended without reading */
      child.stdin.end(input);
    });
  }

  /** As run(), but anything but the wanted exit code fails. */
  async ok(...words) {
    const result = await this.run(...words);
    if (result.code !== 0)
      throw new Error(`agent ${words.join(" ")} ended with ${result.code ?? result.signal}:\n${result.stdout}${result.stderr}`);
    return result;
  }

  async login() {
    await this.sandbox.settings({ auto_approve: true });
    return this.ok("login", "--device-code");
  }

  add(folder = this.folder, name = "main", drive = "me") {
    return this.ok("add", folder, "--name", name, "--drive", drive);
  }

  /** Starts `agent run`; `live` false does not wait for the channel. */
  async start({ live = true, words = ["-vv"], environment = {}, program = AGENT } = {}) {
    const child = spawn(program, ["run", ...words], { env: { ...this.environment, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.ended = new Promise((done) => child.once("close", (code, signal) => done({ code, signal })));
    const keep = (data) => (this.log += data);
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    if (live) await this.untilLive();
    return child;
  }

  /** Ends `agent run` and gives {code, signal}. */
  async stop(signal = "SIGTERM") {
    this.child?.kill(signal);
    const how = await this.ended;
    this.child = undefined;
    return how;
  }

  /** What a running agent says of itself, asked without a command's start; else as printed. */
  async status() {
    return (await askStatus(path.join(this.stateDir, "control.sock"))) ?? this.printedStatus();
  }

  /** What `agent status --json` prints: problems as well, and mirrors without a section. */
  async printedStatus() {
    return JSON.parse((await this.ok("status", "--json")).stdout);
  }

  async untilLive(name) {
    await until("the channel is live", async () => {
      if (this.child?.exitCode != null) throw new Error(`agent run ended with ${this.child.exitCode}:\n${this.log.slice(-6000)}`);
      const status = await this.status();
      const mirrors = status.mirrors.filter((mirror) => name === undefined || mirror.name === name);
      return mirrors.length > 0 && mirrors.every((mirror) => mirror.channel?.state === "live" && mirror.state === "idle");
    });
  }

  async differences(drive = "me", folder = this.folder) {
    return differences(await this.sandbox.tree(drive), folder);
  }

  /** Waits until the folder equals the drive. Local extras in `except` (names) do not count. */
  async untilEqual({ drive = "me", folder = this.folder, except = [], patience } = {}) {
    await until(
      "the folder equals the drive",
      async () => {
        const lines = (await this.differences(drive, folder)).filter((line) => !except.some((name) => line.includes(name)));
        if (lines.length > 0) throw new Error(lines.slice(0, 20).join("\n"));
        return true;
      },
      patience,
    );
  }

  /** One query to the state database, as a person with sqlite3 would ask it. */
  query(sql) {
    return new Promise((done, failed) => {
      const child = spawn("sqlite3", ["-readonly", "-json", this.database, sql]);
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (data) => (stdout += data));
      child.stderr.on("data", (data) => (stderr += data));
      child.on("close", (code) => (code === 0 ? done(stdout === "" ? [] : JSON.parse(stdout)) : failed(new Error(stderr))));
    });
  }

  file(...parts) {
    return path.join(this.folder, ...parts);
  }

  read(...parts) {
    return readFile(this.file(...parts), "utf8");
  }

  async close() {
    if (this.child) await this.stop("SIGKILL");
    for (const child of this.commands) child.kill("SIGKILL"); /* a failed test may have left one waiting */
    await this.sandbox.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** A sandbox and a home; nothing is signed in yet. */
export async function openBench({ settings = {}, config = {}, args = [] } = {}) {
  const defaults = {
    /* A device code is asked for once an interval; five seconds in each test would be most of its time. */
    device_interval_s: 1,
    /* The agent asks for large pages: a test that wants small ones bounds what it may ask for. */
    ...(settings.page_size === undefined ? {} : { max_top: settings.page_size }),
  };
  const sandbox = await startSandbox({ settings: { ...defaults, ...settings }, args });
  const home = mkdtempSync(path.join(tmpdir(), "drive-agent-test-"));
  const bench = new Bench(sandbox, home);
  await mkdir(bench.stateDir, { mode: 0o700 });
  await bench.writeConfig(config);
  return bench;
}

/** Opens a bench, signs in, adds the mirror, runs `body`, closes; shows the log on failure. */
export async function withBench(options, body) {
  const bench = await openBench(options);
  try {
    await bench.login();
    if (options.add !== false) await bench.add();
    await body(bench);
  } catch (error) {
    console.error(bench.log.split("\n").slice(-150).join("\n"));
    throw error;
  } finally {
    await bench.close();
  }
}
