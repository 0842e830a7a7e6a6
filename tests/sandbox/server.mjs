#!/usr/bin/env node
/** Starts the sandbox from the command line. When all hosts listen it prints one line of JSON and serves until it is stopped. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bulk } from "./operations.mjs";
import { ROLES, Sandbox } from "./sandbox.mjs";

const USAGE = `usage: server.mjs [options]
  --state-dir DIR       where the authority and its certificates are kept (default: a temporary folder)
  --personal            the persons' own drives are Personal (default: --business)
  --old-ids             Personal ids and eTags in their old forms
  --items N             fills drive "me" with N small files
  --older-clients       what clients of years past lean on (README.md, Other clients)
  --auto-approve        sign-ins succeed without a person
  --set JSON            settings to start with, as POST /settings takes them
  --port-ROLE N         port of graph, login, content, push, control (default: any free one)
  --address-ROLE IP     address to listen on (default: 127.0.0.1 and ::1)
  --name-ROLE NAME      host name in the URLs handed out (default: localhost; content: 127.0.0.1)
  --exit-with-stdin     ends when standard input does
`;

/** Manners that the service has had, or that its documentation does not promise. */
const OLDER_CLIENTS = { delta_paths: true, tombstone_facets: true, content_refuses_token: false };

function parse() {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const options = {
    "state-dir": text, personal: flag, business: flag, "old-ids": flag, items: text, "auto-approve": flag, set: text,
    "exit-with-stdin": flag, "older-clients": flag, help: flag, "port-control": text,
  };
  for (const role of ROLES) {
    for (const what of ["port", "address", "name"]) options[`${what}-${role}`] = text;
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

function hostsOf(values) {
  const hosts = {};
  for (const role of ROLES) {
    hosts[role] = {
      port: Number(values[`port-${role}`] ?? 0),
      address: values[`address-${role}`] ?? "127.0.0.1",
      name: values[`name-${role}`] ?? (role === "content" ? "127.0.0.1" : "localhost"),
      http1: role === "content" && values["older-clients"],
    };
  }
  return hosts;
}

/** The folder for certificates; a temporary one goes when the program ends. */
function stateDir(wanted) {
  if (wanted !== undefined) {
    mkdirSync(wanted, { recursive: true });
    return resolve(wanted);
  }
  const folder = mkdtempSync(join(tmpdir(), "graph-sandbox-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function main() {
  const values = parse();
  if (values.help) return process.stdout.write(USAGE);
  const settings = { ...(values["older-clients"] ? OLDER_CLIENTS : {}), ...JSON.parse(values.set ?? "{}") };
  if (values["auto-approve"]) settings.auto_approve = true;
  const sandbox = new Sandbox({
    stateDir: stateDir(values["state-dir"]),
    kind: values.personal ? "personal" : "business",
    style: values["old-ids"] ? "old" : "new",
    settings,
    hosts: hostsOf(values),
  });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
  if (values["exit-with-stdin"]) process.stdin.on("end", () => process.exit(0)).resume();
  const about = await sandbox.start(Number(values["port-control"] ?? 0));
  if (values.items !== undefined) bulk(sandbox, { count: Number(values.items), folders: Math.ceil(Number(values.items) / 200) });
  return process.stdout.write(`${JSON.stringify(about)}\n`);
}

main();
