// Thousands of reconnects leak nothing: no descriptor, no memory, no timer (the tool says
// so itself when its loop is not empty at the end, and the leak checker of the sanitizer
// when memory is left).

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import nodeTest from "node:test";
import tls from "node:tls";

import { Authority } from "../sandbox/tls.mjs";
import { listen, startServer, until } from "./peers.mjs";

const LONG = process.env.TEST_LONG === "1";
const COUNT = LONG ? 10_000 : 1_000;
const WARM_UP = 200;
const GROWTH_KIB = 4096; // the allocator's own, whatever the count
const test = (name, body) => nodeTest(name, { timeout: COUNT * 100 }, body);

/* The sanitizer would keep what is freed, and call it memory. */
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ""}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0`;

async function facts(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return { kib: Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]), descriptors: (await readdir(`/proc/${pid}/fd`)).length };
}

/** Counts the connections of our client up to COUNT, and holds the facts of the end against those of the beginning. */
async function watch(ours, connections) {
  await until("warmed up", () => connections() >= WARM_UP, COUNT * 100);
  const before = await facts(ours.pid);
  await until("all of them", () => connections() >= COUNT, COUNT * 100);
  const after = await facts(ours.pid);
  assert.ok(after.descriptors <= before.descriptors + 2, `${before.descriptors} descriptors, then ${after.descriptors}`);
  assert.ok(after.kib <= before.kib + GROWTH_KIB, `${before.kib} KiB, then ${after.kib}`);
}

async function againstDropping(make, scheme, words, drop) {
  let connections = 0;
  const server = make((socket) => {
    connections++;
    socket.on("error", () => {});
    drop(socket);
  });
  await new Promise((done) => server.listen(0, "localhost", done));
  const ours = listen(`${scheme}://localhost:${server.address().port}/n?t=1`, "--again", "0", ...words);
  try {
    await watch(ours, () => connections);
  } finally {
    const ended = ours.close();
    server.close();
    await ended;
  }
}

test(`${COUNT} connections that the server drops at once leak nothing (F-139)`, async () => {
  await againstDropping((taken) => net.createServer(taken), "http", [], (socket) => socket.destroy());
});

test(`${COUNT} connections that the server resets in the upgrade leak nothing (F-130)`, async () => {
  await againstDropping((taken) => net.createServer(taken), "http", [], (socket) => socket.once("data", () => socket.resetAndDestroy()));
});

test(`${COUNT} TLS connections that end behind the handshake leak nothing`, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "drive-agent-interop-"));
  try {
    const authority = new Authority(folder);
    const make = (taken) => tls.createServer(authority.certificate(), taken).on("tlsClientError", () => {});
    await againstDropping(make, "https", ["--ca", authority.caFile], (socket) => socket.once("data", () => socket.destroy()));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(`${COUNT} times joined and told to go leak nothing`, async () => {
  const server = await startServer(4);
  server.onJoin = (socket) => socket.disconnect(true);
  const ours = listen(`${server.url}/notifications?token=1`, "--again", "0");
  try {
    await watch(ours, () => server.joins);
  } finally {
    await ours.close();
    await server.close();
  }
});
