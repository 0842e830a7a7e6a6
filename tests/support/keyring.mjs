/**
 * A session bus of its own with a real gnome-keyring on it, for tests written in node.
 *
 *   const session = await openSession(bench.home);     // a bus, nothing on it
 *   await session.startKeyring("password");            // unlocked; without a password: locked
 *   bench.environment.DBUS_SESSION_BUS_ADDRESS = session.address;
 *   await session.items(bench.stateDir);               // how many the keyring holds of that state
 *   await session.close();
 *
 * Nothing is started on the bus by itself, so that a test says what there is.
 */
import { execFile, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { until } from "./agent.mjs";

const run = promisify(execFile);

/** Why there can be no such session here; false where there can. */
export async function missing() {
  for (const program of ["dbus-daemon", "gnome-keyring-daemon", "busctl"]) {
    const found = await run("sh", ["-c", `command -v ${program}`]).catch(() => null);
    if (found === null) return `${program} is not installed`;
  }
  return false;
}

const CONFIG = (socket) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
`;

class Session {
  constructor(home) {
    this.home = home;
    this.socket = path.join(home, "bus-of-test");
    this.address = `unix:path=${this.socket}`;
    this.said = ""; /* by the keyring */
  }

  async startBus() {
    const file = path.join(this.home, "bus.conf");
    await writeFile(file, CONFIG(this.socket));
    this.bus = spawn("dbus-daemon", ["--nofork", `--config-file=${file}`], { stdio: ["ignore", "ignore", "ignore"] });
    await until("the bus answers", () => this.busctl("call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId"));
  }

  async busctl(...words) {
    return (await run("busctl", [`--address=${this.address}`, ...words])).stdout.trim();
  }

  secrets(method, ...words) {
    return this.busctl("call", "org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", method, ...words);
  }

  /** With its password the login keyring is made, or opened; without, it stays as locked as it was. */
  async startKeyring(password) {
    const environment = { ...process.env, HOME: this.home, XDG_RUNTIME_DIR: this.home, XDG_DATA_HOME: path.join(this.home, "data"), DBUS_SESSION_BUS_ADDRESS: this.address };
    mkdirSync(environment.XDG_DATA_HOME, { recursive: true });
    delete environment.DISPLAY;
    const words = ["--foreground", "--components=secrets", ...(password === undefined ? [] : ["--unlock"])];
    this.keyring = spawn("gnome-keyring-daemon", words, { env: environment, stdio: ["pipe", "ignore", "pipe"] });
    this.keyring.stderr.on("data", (data) => (this.said += data));
    this.keyring.stdin.end(password ?? "");
    await until("the keyring answers", () => this.secrets("ReadAlias", "s", "default"));
  }

  lock() {
    return this.secrets("Lock", "ao", "1", "/org/freedesktop/secrets/collection/login");
  }

  /** How many items there are of a state folder: [unlocked, locked]. */
  async items(state) {
    const answer = await this.secrets("SearchItems", "a{ss}", "1", "state", state);
    const [, open, , locked] = /^aoao (\d+)((?: ".*?")*?) (\d+)/.exec(answer);
    return [Number(open), Number(locked)];
  }

  /** How often the keyring wanted to ask a person: there is nobody who could show the question. */
  get prompts() {
    return this.said.split("create system prompt").length - 1;
  }

  async #end(child) {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  }

  stopKeyring() {
    return this.#end(this.keyring);
  }

  async close() {
    await this.#end(this.keyring);
    await this.#end(this.bus);
  }
}

export async function openSession(home) {
  const session = new Session(home);
  await session.startBus();
  return session;
}
