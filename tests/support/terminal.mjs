/**
 * A real terminal of a given size for tests (tmux), and an agent that says what a fixture says.
 *
 *   const agent = await speak(socketPath, { watch: linesOf("work") });
 *   const terminal = openTerminal({ columns: 80, rows: 24, environment, command: [AGENT, "status", "--watch"] });
 *   await terminal.shows("work-80x24");  terminal.keys("C-c");  terminal.resize(100, 30);
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { until } from "./agent.mjs";

const FIXTURES = fileURLToPath(new URL("../fixtures/terminal/", import.meta.url));

export const hasTerminal = (() => {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** The lines of fixtures/terminal/NAME.jsonl. */
export const linesOf = (name) => readFileSync(path.join(FIXTURES, `${name}.jsonl`), "utf8").split("\n").filter(Boolean);

/** Plays the running agent on a control socket: each command gets its lines. `say` sends more, to all. */
export async function speak(socketPath, answers) {
  const clients = new Set();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on("close", () => clients.delete(socket)).on("error", () => {});
    createInterface({ input: socket }).once("line", (line) => {
      for (const answer of answers[JSON.parse(line).command] ?? []) socket.write(`${answer}\n`);
    });
  });
  await new Promise((done) => server.listen(socketPath, done));
  return {
    say: (line) => clients.forEach((socket) => socket.write(`${line}\n`)),
    close: () => {
      clients.forEach((socket) => socket.destroy());
      return new Promise((done) => server.close(done));
    },
  };
}

class Terminal {
  #folder = mkdtempSync(path.join(tmpdir(), "drive-agent-tmux-"));

  tmux(...words) {
    return execFileSync("tmux", ["-S", path.join(this.#folder, "socket"), "-f", "/dev/null", ...words], { encoding: "utf8", env: { ...process.env, LANG: "C.UTF-8", TERM: "xterm" } });
  }

  open({ columns, rows, environment, command }) {
    const values = { TZ: "UTC", LC_ALL: "C.UTF-8", NO_COLOR: "1", ...environment };
    const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    this.tmux("new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "env", ...words, "PS1=$ ", "sh");
    this.tmux("send-keys", "-t", ":", `clear; ${command.map((word) => `'${word}'`).join(" ")}; echo "ended with $?"`, "Enter");
  }

  /** What stands on the screen, without blanks at the ends of lines and the empty lines below. */
  screen() {
    return this.tmux("capture-pane", "-p", "-t", ":").trimEnd().split("\n").map((line) => line.trimEnd()).join("\n");
  }

  keys(...words) {
    this.tmux("send-keys", "-t", ":", ...words);
  }

  resize(columns, rows) {
    this.tmux("resize-window", "-t", ":", "-x", `${columns}`, "-y", `${rows}`);
  }

  until(pattern) {
    return until(`the terminal shows ${pattern}`, () => {
      if (pattern.test(this.screen())) return this.screen();
      throw new Error(this.screen());
    }, 10_000);
  }

  /** Waits until the screen is that of the fixture; UPDATE_FIXTURES=1 writes it, to be looked at. */
  async shows(name) {
    const file = path.join(FIXTURES, `${name}.txt`);
    if (process.env.UPDATE_FIXTURES === "1" || !existsSync(file)) {
      await new Promise((done) => setTimeout(done, 1500));
      writeFileSync(file, `${this.screen()}\n`);
      return;
    }
    const wanted = readFileSync(file, "utf8").trimEnd();
    await until(`the screen of ${name}`, () => {
      if (this.screen() === wanted) return true;
      throw new Error(`wanted\n${wanted}\nseen\n${this.screen()}`);
    }, 10_000);
  }

  close() {
    this.tmux("kill-server");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function openTerminal(options) {
  const terminal = new Terminal();
  terminal.open(options);
  return terminal;
}
