// The agent in a network namespace of its own, with one cable to the service: what happens
// when packets stop coming and nobody says so (F-129, F-131).
//
// Runs itself again inside namespaces where it may do as it likes; skipped where the system
// does not allow that.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const PING = { ping_interval_ms: 1000, ping_timeout_ms: 1000 };
const NOTICED_MS = 2000 + 500; // the server's interval and timeout, and our asking
const BACK_MS = 2000;
const OUTAGE_MS = 8000;

if (process.env.IN_NAMESPACE === "1") await inside();
else outside();

function outside() {
  const options = ["--user", "--map-root-user", "--net", "--mount"];
  const may = spawnSync("unshare", [...options, "sh", "-c", "mount -t tmpfs none /run && ip link set lo up"]);
  const skip = may.status !== 0 && "namespaces are not allowed here";
  test("a network that goes and comes", { skip, timeout: 180_000 }, () => {
    const env = { ...process.env, IN_NAMESPACE: "1" };
    delete env.NODE_TEST_CONTEXT;
    const child = spawnSync("unshare", [...options, process.execPath, fileURLToPath(import.meta.url)], { env, encoding: "utf8" });

    assert.equal(child.status, 0, child.stdout + child.stderr);
  });
}

function sh(...lines) {
  execFileSync("sh", ["-e", "-c", lines.join("\n")], { stdio: ["ignore", "ignore", "inherit"] });
}

/** The service here, the agent at the other end of the cable: AGENT becomes a script that goes there. */
function layCable(folder) {
  const hosts = path.join(folder, "hosts");
  const script = path.join(folder, "agent");
  writeFileSync(hosts, "127.0.0.1 localhost\n10.99.0.1 sandbox.test\n");
  writeFileSync(script, `#!/bin/sh\nexec ip netns exec there '${path.resolve(process.env.AGENT ?? "build/agent/agent")}' "$@"\n`);
  chmodSync(script, 0o755);
  process.env.AGENT = script;
  sh(
    "mount -t tmpfs none /run",
    "mkdir /run/netns",
    `mount --bind '${hosts}' /etc/hosts`,
    "ip link set lo up",
    "ip netns add there",
    "ip link add here type veth peer name cable netns there",
    "ip addr add 10.99.0.1/24 dev here",
    "ip link set here up",
    "ip -n there link set lo up",
    "ip -n there addr add 10.99.0.2/24 dev cable",
    "ip -n there link set cable up",
  );
}

async function inside() {
  const folder = mkdtempSync(path.join(tmpdir(), "drive-agent-network-"));
  layCable(folder);
  const { openBench, until } = await import("../support/agent.mjs");
  const roles = ["graph", "login", "content", "push"];
  const args = roles.flatMap((role) => [`--address-${role}`, "10.99.0.1", `--name-${role}`, "sandbox.test"]);
  const bench = await openBench({ settings: PING, args });

  const channel = async () => (await bench.status()).mirrors[0].channel;
  const change = (name) => bench.sandbox.change({ op: "put", path: name, content: name });

  async function goAndCome({ away, back, limit, name }) {
    await bench.untilLive();
    away();
    const begin = Date.now();
    await change(`${name}.txt`);
    /* By the agent's own time: to ask takes a while on a busy machine. */
    const { since: left } = await until("noticed", async () => {
      const found = await channel();
      return found.state !== "live" && found;
    });
    const noticed = left - begin;
    assert.ok(noticed <= NOTICED_MS, `noticed after ${noticed} ms`);
    await new Promise((done) => setTimeout(done, begin + OUTAGE_MS - Date.now()));
    back();
    const since = Date.now();
    await bench.untilEqual();
    const late = Date.now() - since;
    assert.ok(late <= limit, `back after ${late} ms`);
    await bench.untilLive();
    assert.ok(Date.now() - since <= limit + 500, `live after ${Date.now() - since} ms`);
  }

  const OUTAGES = [
    { name: "the other side's cable is drawn", away: () => sh("ip link set here down"), back: () => sh("ip link set here up"), limit: BACK_MS },
    {
      name: "our own cable is drawn, and the address with it",
      away: () => sh("ip -n there addr del 10.99.0.2/24 dev cable", "ip -n there link set cable down"),
      back: () => sh("ip -n there link set cable up", "ip -n there addr add 10.99.0.2/24 dev cable"),
      limit: BACK_MS,
    },
    {
      /* Nothing tells of the return: the next attempt does. */
      name: "answers vanish on the way",
      away: () => sh("ip route add blackhole 10.99.0.2/32"),
      back: () => sh("ip route del blackhole 10.99.0.2/32"),
      limit: 12_000,
    },
  ];

  test("outages", async (t) => {
    await bench.login();
    await bench.add();
    await bench.start();
    for (const outage of OUTAGES)
      await t.test(`${outage.name}: noticed within the server's times, back in time, nothing missed`, async () => {
        try {
          await goAndCome(outage);
        } catch (error) {
          console.error(bench.log.split("\n").filter((line) => !line.startsWith("{") && !line.startsWith("$")).slice(-60).join("\n"));
          throw error;
        }
      });
  });
  test.after(async () => {
    await bench.close();
    rmSync(folder, { recursive: true });
  });
}
