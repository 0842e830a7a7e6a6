// A working day in short under valgrind: first mirror, changes, a dropped socket, a reload, a stop.
// Any finding, or any memory that is lost, fails.
//
//   node tests/valgrind.mjs AGENT      AGENT: a build without sanitizers

import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const [agent] = process.argv.slice(2);
const logs = await mkdtemp(path.join(tmpdir(), "agent-valgrind-"));
const wrapper = path.join(logs, "agent");
await writeFile(
  wrapper,
  `#!/bin/sh\nexec valgrind -q --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect ` +
    `--child-silent-after-fork=yes --log-file="${logs}/%p.log" "${path.resolve(agent)}" "$@"\n`,
);
await chmod(wrapper, 0o755);
process.env.AGENT = wrapper;
const { until, withBench } = await import("./support/agent.mjs");

const patience = 120_000;
await withBench({}, async (bench) => {
  await bench.sandbox.change(Array.from({ length: 200 }, (_, i) => ({ op: "put", path: `d${i % 7}/${i}.txt`, content: { size: i * 977, seed: i } })));
  await bench.ok("sync-now");
  await bench.start();
  await bench.sandbox.change([{ op: "put", path: "a.txt", content: "a" }, { op: "delete", path: "d1" }, { op: "move", path: "d2", to: "d3/x" }]);
  await bench.untilEqual({ patience });
  await bench.sandbox.push("drop_sockets");
  await bench.sandbox.change({ op: "put", path: "b.txt", content: "b" });
  await bench.untilEqual({ patience });
  await bench.ok("inspect", "items");
  /* Everything shared is made anew while the old connection waits for its answer. */
  const config = await readFile(bench.configFile, "utf8");
  await writeFile(bench.configFile, config.replace("[sync]\n", "[sync]\ntransfers = 5\n"));
  process.kill(bench.sandbox.pid, "SIGSTOP");
  bench.child.kill("SIGHUP");
  await until("the reload", () => bench.log.includes("configuration read anew"));
  process.kill(bench.sandbox.pid, "SIGCONT");
  await bench.untilLive();
  const how = await bench.stop();
  if (how.code !== 0) throw new Error(`agent run ended with ${how.code ?? how.signal}`);
});

/* valgrind before 3.21 does not know openat2 and says so at length; the agent then opens
 * component by component, as on an old kernel. */
const IGNORED = /unhandled amd64-linux syscall|write your own handler|README_MISSING|Nevertheless we consider|valgrind\.org/;
let findings = 0;
for (const name of (await readdir(logs)).filter((file) => file.endsWith(".log"))) {
  const lines = (await readFile(path.join(logs, name), "utf8")).split("\n").filter((line) => line !== "" && !IGNORED.test(line));
  findings += lines.length;
  if (lines.length > 0) console.error(lines.slice(0, 60).join("\n"));
}
await rm(logs, { recursive: true, force: true });
console.log(findings === 0 ? "valgrind is silent" : "valgrind has findings");
process.exit(findings === 0 ? 0 : 1);
