// The icon in the panel, as a host of such icons sees it: properties, menu, clicks; with an
// agent that works, rests, stops and comes back, and with a panel that is started anew.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { until, withBench } from "../support/agent.mjs";
import { hasDesktop, openDesktop } from "../support/desktop.mjs";

const TRAY = path.join(path.dirname(process.env.AGENT ?? path.resolve("build/agent/agent")), "agent-tray");

class Tray {
  constructor(bench, desktop) {
    this.desktop = desktop;
    this.child = spawn(TRAY, [], { env: { ...bench.environment, ...desktop.environment }, stdio: ["ignore", "inherit", "inherit"] });
    this.ended = once(this.child, "close");
  }

  async properties() {
    const properties = (await this.desktop.ask("item", "properties"))[0];
    return { ...properties, tip: properties.ToolTip[3] };
  }

  /** Its menu as a list: {id, label, enabled, below}. */
  async menu() {
    const read = ([id, properties, below]) => ({
      id,
      label: properties.label ?? "-",
      enabled: properties.enabled ?? true,
      below: below.map(read),
    });
    return read((await this.desktop.ask("menu", "layout"))[1]).below;
  }

  async entry(label) {
    const entry = (await this.menu()).find((one) => one.label === label);
    assert.ok(entry, `${label} in ${JSON.stringify(await this.menu())}`);
    return entry;
  }

  async click(label) {
    await this.desktop.tell(`click ${(await this.entry(label)).id}`);
  }

  shows(icon, tip) {
    return until(`the icon ${icon}, ${tip}`, async () => {
      const now = await this.properties();
      if (now.IconName === `drive-agent-${icon}` && tip.test(now.tip)) return true;
      throw new Error(`${now.IconName}: ${now.tip}`);
    });
  }
}

function trayTest(name, body) {
  test(name, { skip: !hasDesktop }, async () => {
    const desktop = await openDesktop();
    try {
      await withBench({}, async (bench) => {
        const tray = new Tray(bench, desktop);
        try {
          await desktop.event("item");
          await body(bench, desktop, tray);
        } finally {
          tray.child.kill();
          const [code, signal] = await tray.ended;
          assert.deepEqual([code, signal], [0, null]);
        }
      });
    } finally {
      await desktop.close();
    }
  });
}

trayTest("the icon follows the agent: away, in step, paused, resumed, away, back", async (bench, desktop, tray) => {
  await tray.shows("paused", /not running/);
  assert.deepEqual((await tray.menu()).map((entry) => entry.label), ["The agent is not running", "-", "-", "Quit this icon"]);
  await bench.start();
  await tray.shows("fine", /in step/);
  assert.deepEqual(
    (await tray.menu()).map((entry) => entry.label),
    ["Everything is in step", "-", "Open the folder", "Sync now", "Pause", "Last changes", "-", "Quit this icon"],
  );
  await tray.click("Pause");
  await tray.shows("paused", /as you asked/);
  assert.equal((await bench.status()).paused, true);
  assert.equal((await tray.entry("Sync now")).enabled, false);
  await tray.click("Resume");
  await tray.shows("fine", /in step/);
  await bench.stop();
  await tray.shows("paused", /not running/);
  await bench.start();
  await tray.shows("fine", /in step/);
});

trayTest("the last changes are named with their editor and open their folder; names are fit for a menu (F-152)", async (bench, desktop, tray) => {
  await bench.start();
  await bench.sandbox.change({ op: "put", path: "docs/my_<b>file\u202e.txt", content: "a", editor: "Ana" });
  await bench.untilEqual();
  const changes = await until("a change in the menu", async () => {
    const { below } = await tray.entry("Last changes");
    return below.length === 2 && below;
  });
  assert.match(changes[0].label, /^\d\d:\d\d {2}Ana added my__<b>file\.txt$/);
  assert.match(changes[1].label, /docs is new|made the folder docs/);
  await desktop.tell(`click ${changes[0].id}`);
  const shown = await desktop.event("folders");
  assert.equal(shown.folders[0], `file://${bench.folder}/docs`);
  await desktop.tell("activate");
  await desktop.event("folders", (one) => one.folders[0] === `file://${bench.folder}`);
});

trayTest("what wants a person shows as attention, with its reason", async (bench, desktop, tray) => {
  await bench.start();
  await bench.sandbox.signin("revoke");
  await bench.sandbox.change({ op: "put", path: "a.txt", content: "a" });
  await tray.shows("attention", /agent login/);
  assert.equal((await tray.properties()).Status, "NeedsAttention");
  await desktop.event("signal", (one) => one.member === "NewStatus" && one.values[0] === "NeedsAttention");
  await bench.ok("login", "--device-code");
  await tray.shows("fine", /in step/);
});

trayTest("a panel that is started anew gets the icon again", async (bench, desktop) => {
  await desktop.tell("drop org.kde.StatusNotifierWatcher");
  await desktop.tell("take org.kde.StatusNotifierWatcher");
  await until("the icon is enlisted again", () => desktop.count("item") === 2);
});

trayTest("its menu ends the icon and not the agent", async (bench, desktop, tray) => {
  await bench.start();
  await tray.shows("fine", /in step/);
  await tray.click("Quit this icon");
  await tray.ended;
  assert.equal((await bench.status()).state, "idle");
});

trayTest("it sleeps while nothing happens, with an agent and without", async (bench, desktop, tray) => {
  const wakeups = async () => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(await readFile(`/proc/${tray.child.pid}/status`, "utf8"))[1]);
  /* What it is told of the agent's start may come late; a clock of its own would tick in any such time. */
  const sleeps = () =>
    until("three seconds without a wake-up", async () => {
      const before = await wakeups();
      await delay(3000);
      const count = (await wakeups()) - before;
      if (count === 0) return true;
      throw new Error(`${count} wake-ups`);
    });
  await tray.shows("paused", /not running/);
  await sleeps();
  await bench.start();
  await tray.shows("fine", /in step/);
  await sleeps();
});
