// What the service manager and the agent tell each other: signs of life, reload, signals,
// and where the commands of a session find an agent that has none.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

/* node has no datagram sockets of the file system. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(listener.recv(4096).decode().replace("\\n", " "), flush=True)
`;
const skip = spawnSync("python3", ["--version"]).status !== 0 && "needs python3";

/** A service manager that only listens: { lines, path, stop }. */
async function listen(home) {
  const socket = path.join(home, "notify.sock");
  const child = spawn("python3", ["-c", LISTENER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const manager = { path: socket, lines: [], stop: () => child.kill() };
  child.stdout.on("data", (data) => manager.lines.push(...data.toString().split("\n").filter(Boolean)));
  await until("the service manager listens", () => manager.lines.shift() === "listening");
  return manager;
}

const heard = (manager, wanted) => until(wanted, () => manager.lines.some((line) => line.startsWith(wanted)));

test("signs of life, a reload and a stop are told to the service manager (F-156)", { skip }, async () => {
  await withBench({}, async (bench) => {
    const manager = await listen(bench.home);
    try {
      await bench.start({ environment: { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "400000" } });
      await heard(manager, "READY=1");
      await heard(manager, "WATCHDOG=1");
      await heard(manager, "STATUS=idle; mirrors: 1");
      manager.lines.length = 0;
      bench.child.kill("SIGHUP");
      await heard(manager, "RELOADING=1 MONOTONIC_USEC=");
      await heard(manager, "READY=1");
      manager.lines.length = 0;
      await bench.stop();
      await heard(manager, "STOPPING=1");
    } finally {
      manager.stop();
    }
  });
});

const RELOADS = [
  {
    name: "a mirror that came and one that went",
    change: async (bench) => {
      await bench.writeConfig({ "mirror second": { folder: path.join(bench.home, "Second"), drive: "me" } });
    },
    holds: (status) => status.mirrors.length === 1 && status.mirrors[0].name === "second",
  },
  {
    name: "a key that all mirrors share",
    change: (bench) => bench.writeConfig({ sync: { delta_interval: "2h", transfers: 3 }, "mirror main": { folder: bench.folder, drive: "me" } }),
    holds: (status) => status.mirrors[0].channel?.state === "live" && status.mirrors[0].state === "idle",
  },
  {
    name: "the bandwidth, without a restart of the mirror",
    change: (bench) => bench.writeConfig({ sync: { bandwidth_limit: "10M" }, "mirror main": { folder: bench.folder, drive: "me" } }),
    holds: (status) => status.mirrors[0].channel?.state === "live",
  },
];

for (const { name, change, holds } of RELOADS) {
  test(`SIGHUP takes up ${name} (F-156)`, async () => {
    await withBench({}, async (bench) => {
      await bench.start();
      await change(bench);
      bench.child.kill("SIGHUP");
      await until("the configuration is read anew", () => bench.log.includes("configuration read anew"));
      await until(name, async () => holds(await bench.status()));
      await bench.sandbox.change({ op: "put", path: "later.txt", content: "x" });
      const folder = (await bench.status()).mirrors[0].folder;
      await bench.untilEqual({ folder });
    });
  });
}

test("SIGHUP with a configuration that cannot be read changes nothing (F-156, F-159)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await writeFile(`${bench.configFile}.new`, "[mirror main]\nfolder = relative\nnonsense = 1\n");
    await rename(`${bench.configFile}.new`, bench.configFile);
    bench.child.kill("SIGHUP");
    await until("the complaint", () => bench.log.includes("going on with the old configuration"));
    assert.match(bench.log, /config\.ini:3: .*nonsense/);
    await bench.sandbox.change({ op: "put", path: "still.txt", content: "x" });
    await bench.untilEqual();
  });
});

test("SIGUSR1 looks at once (F-156)", async () => {
  await withBench({}, async (bench) => {
    await bench.start();
    await bench.sandbox.settings({ notify: false });
    await bench.sandbox.change({ op: "put", path: "unheard.txt", content: "x" });
    bench.child.kill("SIGUSR1");
    await bench.untilEqual();
  });
});

test("the commands of a session find the agent of the system's service manager", async () => {
  await withBench({}, async (bench) => {
    /* Both have the state where it lies when nobody names it; the one has no runtime folder. */
    const places = { AGENT_STATE_DIR: "", XDG_STATE_HOME: path.dirname(bench.stateDir) };
    await rename(bench.stateDir, path.join(bench.home, "drive-agent"));
    bench.environment = { ...bench.environment, ...places };
    await bench.start({ live: false, environment: { XDG_RUNTIME_DIR: "" } });
    const runtime = path.join(bench.home, "runtime");
    await mkdir(runtime, { mode: 0o700 });
    bench.environment.XDG_RUNTIME_DIR = runtime;
    await bench.untilLive();
    assert.equal((await bench.status()).running, true);
    const second = await bench.run("run");
    assert.equal(second.code, 7, second.stderr);
    await bench.ok("sync-now");
    await bench.untilEqual();
  });
});
