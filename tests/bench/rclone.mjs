/**
 * rclone against the sandbox. Its hosts are fixed, so both run in a network namespace where the sandbox is
 * graph.microsoft.com: rcloneOnce() starts this file again inside it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { startSandbox } from "../support/sandbox.mjs";
import { command, measured } from "./measure.mjs";
import { Service } from "./service.mjs";

const SELF = fileURLToPath(import.meta.url);
const ENTER = 'ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@"';

/** The cost of one `rclone copy` at its defaults; undefined where there is no rclone, or no such namespace. */
export async function rcloneOnce({ count, size }) {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-rclone-"));
  const hosts = path.join(folder, "hosts");
  writeFileSync(hosts, "127.0.0.1 localhost graph.microsoft.com login.microsoftonline.com content.sharepoint.com\n");
  const words = ["unshare", "-rnm", "sh", "-c", ENTER, "sh", hosts, process.execPath, SELF, folder, String(count), String(size)];
  const result = await command(words).catch(() => ({ code: 127, stderr: "no unshare" }));
  rmSync(folder, { recursive: true, force: true });
  if (result.code === 0) return JSON.parse(result.stdout);
  process.stderr.write(`  rclone left out: ${result.stderr.trim().split("\n").at(-1)}\n`);
  return undefined;
}

async function inside(folder, count, size) {
  const names = { graph: "graph.microsoft.com", login: "login.microsoftonline.com", content: "content.sharepoint.com" };
  const args = Object.entries(names).flatMap(([role, name]) => [`--name-${role}`, name]);
  const settings = { auto_approve: true, content_refuses_token: false };
  const sandbox = await startSandbox({ args: [...args, "--port-graph", "443"], settings });
  const service = new Service(sandbox);
  await sandbox.bulk({ count, folders: Math.ceil(count / 100), depth: 3, size, notify: false });
  const token = await service.token();
  const drive = await sandbox.drive({ drive: "me" });
  const expiry = new Date(Date.now() + 3_000_000).toISOString();
  const kept = { access_token: token.access_token, token_type: "Bearer", refresh_token: token.refresh_token, expiry };
  const config = path.join(folder, "rclone.conf");
  writeFileSync(config, `[cloud]\ntype = onedrive\nclient_id = ${sandbox.client_id}\ntoken = ${JSON.stringify(kept)}\ndrive_id = ${drive.id}\ndrive_type = business\n`);
  const copy = path.join(folder, "copy");
  mkdirSync(copy);
  const env = { ...process.env, SSL_CERT_FILE: sandbox.ca_file };
  const cost = await measured(["rclone", "--config", config, "copy", "cloud:", copy], { env });
  if (cost.code !== 0) throw new Error(cost.stderr.split("\n").slice(-5).join(" "));
  await service.close();
  process.stdout.write(JSON.stringify({ seconds: cost.seconds, cpu: cost.cpu, peak_rss_kib: cost.peak_rss_kib }));
}

if (process.argv[1] === SELF) {
  const [folder, count, size] = process.argv.slice(2);
  inside(folder, Number(count), Number(size)).then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
}
