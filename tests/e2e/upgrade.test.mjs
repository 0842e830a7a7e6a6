// The program file is replaced while the agent runs, as an update of the package does (F-165).

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";

const installed = process.env.AGENT ?? path.resolve("build/agent/agent");
const skip = readFileSync(installed).subarray(0, 2).toString() === "#!" && "AGENT is a launcher, not the program";
const folder = mkdtempSync(path.join(tmpdir(), "drive-agent-program-"));
const program = path.join(folder, "agent");
after(() => rmSync(folder, { recursive: true }));

/** What a package manager does: the new file beside the old one, then a rename over it. */
function install() {
  copyFileSync(installed, `${program}.new`);
  renameSync(`${program}.new`, program);
}

install();
process.env.AGENT = program; /* read when the bench is loaded */
const { withBench } = await import("../support/agent.mjs");

test("an agent whose program is replaced goes on, says so, and starts anew when asked (F-165)", { skip }, async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a.txt", content: "1" });
    await bench.start();
    assert.equal((await bench.status()).replaced, false);
    install();
    assert.equal((await bench.status()).replaced, true);
    assert.match((await bench.ok("status")).stdout, /^note {8}its program was updated since: restart it/m);
    assert.match((await bench.run("doctor")).stdout, /^warn +agent +its program was updated since +systemctl --user restart/m);
    await bench.sandbox.change({ op: "put", path: "b.txt", content: "2" });
    await bench.untilEqual();
    assert.deepEqual(await bench.stop(), { code: 0, signal: null });
    await bench.start();
    assert.equal((await bench.status()).replaced, false);
    await bench.untilEqual();
  });
});
