/**
 * A desktop for tests: a bus of its own with stand-ins for the services that the agent and
 * its tray icon talk to (tests/tools/desktop_stand_in.c says which, and its commands).
 *
 *   const desktop = await openDesktop();              // undefined where there is none
 *   await bench.start({ environment: desktop.environment });
 *   await desktop.tell("metered 1");
 *   const notice = await desktop.event("notice", (one) => /sign in/.test(one.summary));
 *   await desktop.close();
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { until } from "./agent.mjs";

const STAND_IN = path.join(process.env.BUILD_TESTS ?? path.resolve("build/tests"), "desktop_stand_in");

class Desktop {
  #daemon;
  #standIn;
  #waiting = [];
  events = [];

  constructor(daemon, standIn, address) {
    this.#daemon = daemon;
    this.#standIn = standIn;
    this.environment = { DBUS_SYSTEM_BUS_ADDRESS: address, DBUS_SESSION_BUS_ADDRESS: address };
    createInterface({ input: standIn.stdout }).on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "done") this.#waiting.shift()?.();
      else this.events.push(event);
    });
  }

  /** Gives a command and waits until it is done. */
  tell(line) {
    return new Promise((done) => {
      this.#waiting.push(done);
      this.#standIn.stdin.write(`${line}\n`);
    });
  }

  /** Gives a command that answers, and gives its answer. */
  async ask(line, event) {
    const from = this.events.length;
    await this.tell(line);
    const answer = this.events.slice(from).find((one) => one.event === event);
    if (answer?.answer === undefined) throw new Error(`${line}: ${JSON.stringify(answer)}`);
    return answer.answer;
  }

  /** Waits for an event, also one that came before. */
  event(name, fits = () => true) {
    return until(`the event ${name}`, () => this.events.find((one) => one.event === name && fits(one)));
  }

  count(name) {
    return this.events.filter((one) => one.event === name).length;
  }

  async close() {
    this.#standIn.kill("SIGKILL");
    this.#daemon.kill("SIGKILL");
    await Promise.all([once(this.#standIn, "close"), once(this.#daemon, "close")]);
  }
}

/** Without sd-bus there is no stand-in, and nothing to test. */
export const hasDesktop = existsSync(STAND_IN);

export async function openDesktop() {
  const daemon = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], { stdio: ["ignore", "pipe", "ignore"] });
  const [address] = await once(createInterface({ input: daemon.stdout }), "line");
  const standIn = spawn(STAND_IN, [], { env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address }, stdio: ["pipe", "pipe", "inherit"] });
  const desktop = new Desktop(daemon, standIn, address);
  await desktop.event("ready");
  return desktop;
}
