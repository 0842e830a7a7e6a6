// The official servers of every generation, with our channel and the official client side
// by side on each: what they see is the same, in the same order, and every end is known
// for what it is.

import assert from "node:assert/strict";
import nodeTest, { describe } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { binaryParts, listen, listenOfficially, listenWith, startServer, until, withPlaceholders } from "./peers.mjs";

const LONG = process.env.TEST_LONG === "1";
const test = (name, body) => nodeTest(name, { timeout: LONG ? 900_000 : 60_000 }, body);

/* A URL as documented, and one as seen in the field. */
const SHAPES = {
  documented: "/zbaehwg/callback?snthgk=1ff3-2345672zz831837523",
  real: "/notifications?token=9ec6-5d1e&applicationId=11111111-2222-3333-4444-555555555555",
};
const GENERATIONS = [2, 3, 4];
/* What a server answers with decides: without a sid it is protocol 4, and we ping. */
const HEARTBEAT = { 2: 3, 3: 4, 4: 4 };

const isNotification = ({ what }) => what === "notification";

async function withServer(generation, options, body) {
  const server = await startServer(generation, options);
  const open = [];
  const track = (peer) => {
    open.push(peer);
    return peer;
  };
  try {
    await body(server, track);
  } finally {
    const ends = await Promise.allSettled(open.map((peer) => peer.close()));
    await server.close();
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}

const EVENTS = [
  ["notification", '{"value":[{"subscriptionId":"1"}]}'],
  ["notification", { value: [{ a: 1, b: [null, true, -0.5, 1e21, "€ 😀 \u2028 \u0000"] }] }],
  ["notification"],
  ["notification", 1, "two", { three: 3 }, [4]],
  ["other", "]},\"\\"],
  ["bin", { a: Buffer.from([1, 2, 3]), b: { c: Buffer.alloc(0) } }, Buffer.alloc(70_000, 7)],
  ["notification", { blob: Buffer.from("x") }],
  ["", {}],
  ["notification", { deep: [[[[[[[[["down"]]]]]]]]] }],
];

for (const generation of GENERATIONS) {
  for (const [shape, target] of Object.entries(SHAPES)) {
    test(`server ${generation}, ${shape} URL: the same events in the same order as the official client`, async () => {
      await withServer(generation, {}, async (server, track) => {
        const ours = track(listen(server.url + target));
        const official = track(listenOfficially(generation, server.url + target));
        const live = await ours.untilLive();
        await official.untilLive();
        await server.untilJoined(2);
        assert.equal(live.namespace, target.split("?")[0]);
        assert.equal(ours.lines.find(({ phase }) => phase === "live").generation, HEARTBEAT[generation]);
        for (let i = 0; i < 300; i++) server.emit("notification", { i });
        for (const event of EVENTS) server.emit(...event);
        for (let i = 300; i < 400; i++) server.emit(i % 7 === 0 ? "other" : "notification", { i });
        const total = 400 + EVENTS.length;
        await until("both saw all", () => ours.events().length === total && official.events().length === total);
        assert.deepEqual(
          ours.events(),
          official.events().map((event) => withPlaceholders(event)),
        );
        assert.deepEqual(ours.attachments(), official.events().map(binaryParts));
        assert.equal(ours.count(({ what }) => what === "end"), 0);
      });
    });

    test(`server ${generation}, ${shape} URL: an event that wants an answer gets one`, async () => {
      await withServer(generation, {}, async (server, track) => {
        const ours = track(listen(server.url + target));
        await ours.untilLive();
        await server.untilJoined(1);
        const [socket] = server.sockets;
        for (let i = 0; i < 12; i++) await new Promise((done) => socket.emit("notification", { i }, done));
        await ours.until(isNotification, { nth: 12 });
      });
    });
  }

  test(`server ${generation}: it leaves, disconnects, dies and restarts, and we come back each time`, async () => {
    await withServer(generation, {}, async (server, track) => {
      const ours = track(listen(server.url + SHAPES.real, "--again", "50"));
      const ends = [
        { name: "41", act: () => server.sockets.forEach((socket) => socket.disconnect(false)), why: /ended the subscription/ },
        { name: "41 and a close", act: () => server.sockets.forEach((socket) => socket.disconnect(true)), why: /ended the subscription|closed/ },
        { name: "a dropped connection", act: () => server.http.closeAllConnections(), why: /without a closing handshake/ },
        { name: "a restart", act: () => server.restart(), why: /closed the connection|refused|closing handshake/ },
      ];
      for (const [i, { name, act, why }] of ends.entries()) {
        await ours.until(({ what }) => what === "live", { nth: i + 1 });
        await server.untilJoined(1);
        const before = ours.count(({ what }) => what === "end");
        if (name === "a dropped connection") destroySockets(server);
        await act();
        const end = await ours.untilEnd(before + 1);
        assert.match(end.why, why, name);
        assert.equal(end.urlRefused, false, name);
      }
      await ours.until(({ what }) => what === "live", { nth: ends.length + 1 });
      await server.untilJoined(1);
      server.emit("notification", "back");
      await ours.until(isNotification);
    });
  });

  test(`server ${generation}: a refused namespace is a URL that is no longer good (F-136)`, async () => {
    await withServer(generation, {}, async (server, track) => {
      server.admit = (socket, next) => (socket.nsp.name === "/" ? next() : next(Object.assign(new Error("Not authorized"), { data: { code: 401 } })));
      const ours = track(listen(server.url + SHAPES.real));
      const end = await ours.untilEnd();
      assert.equal(end.urlRefused, true);
      assert.match(end.detail, /401|Not authorized/, "what the server says is told");
      assert.equal(server.joins, 0);
    });
  });

  test(`server ${generation}: 0.9 MB arrive whole; 5 MB are answered by 1009, and what comes next is heard`, async () => {
    await withServer(generation, {}, async (server, track) => {
      const ours = track(listen(server.url + SHAPES.real, "--again", "50"));
      await ours.untilLive();
      await server.untilJoined(1);
      const large = "x€".repeat(225_000); // 900,000 bytes
      server.emit("notification", large);
      const { data } = await ours.until(isNotification);
      assert.equal(data[1], large);
      server.emit("notification", "y".repeat(5_000_000));
      const end = await ours.untilEnd();
      assert.match(end.why, /large|big|limit/);
      await until("the server knows why", () => server.closeCodes.includes(1009));
      await ours.untilLive(2);
      await server.untilJoined(1);
      server.emit("notification", "after");
      await ours.until((line) => isNotification(line) && line.data[1] === "after");
    });
  });
}

/* Side by side, since the long ones take minutes. */
const TIMINGS = [[200, 150], [1000, 500], ...(LONG ? [[25000, 20000], [300000, 20000]] : [])];
describe("heartbeat", { concurrency: 12 }, () => {
  for (const generation of GENERATIONS) {
    for (const [pingInterval, pingTimeout] of TIMINGS) {
      test(`server ${generation}: alive with pings every ${pingInterval} ms, dead when they stop (F-129)`, async () => {
        await withServer(generation, { pingInterval, pingTimeout }, async (server, track) => {
          const ours = track(listen(server.url + SHAPES.real));
          await ours.untilLive();
          await server.untilJoined(1);
          await delay(Math.max(2000, pingInterval * 1.1));
          assert.equal(ours.count(({ what }) => what === "end"), 0);
          assert.equal(server.sockets.size, 1);
          const silentSince = Date.now();
          for (const connection of Object.values(server.io.engine.clients)) silence(connection);
          const limit = pingInterval + pingTimeout;
          const end = await ours.until(({ what }) => what === "end", { patience: limit + 5000 });
          assert.equal(end.number, 129);
          assert.ok(Date.now() - silentSince <= limit + 1000, `noticed after ${Date.now() - silentSince} ms`);
        });
      });
    }
  }
});

function destroySockets(server) {
  for (const connection of Object.values(server.io.engine.clients)) connection.transport.socket._socket.destroy();
}

/** No packet out, none in, no timer: as when they are lost on the way. */
function silence(connection) {
  clearTimeout(connection.pingIntervalTimer);
  clearTimeout(connection.pingTimeoutTimer);
  connection.sendPacket = () => {};
  connection.onPacket = () => {};
}

const VARIANTS = [
  { name: "EIO=4, the namespace alone", variant: "0", generations: [3, 4] },
  { name: "EIO=4, first / and then the namespace, as another client does", variant: "1", generations: [3, 4] },
  { name: "EIO=3, the namespace with its query", variant: "2", generations: [2] },
];

for (const { name, variant, generations } of VARIANTS) {
  for (const generation of generations) {
    test(`server ${generation} takes ${name}`, async () => {
      await withServer(generation, {}, async (server, track) => {
        const ours = track(listen(server.url + SHAPES.real, "--variant", variant));
        await ours.untilLive();
        await server.untilJoined(1);
        server.emit("notification", "once");
        server.emit("other");
        await ours.until(({ what }) => what === "other");
        assert.equal(ours.count(isNotification), 1, "an event comes once");
        assert.equal(server.joins, 1);
      });
    });
  }
}

test("server 4 that takes EIO=3 too is joined with it", async () => {
  await withServer(4, { allowEIO3: true }, async (server, track) => {
    const ours = track(listen(server.url + SHAPES.real, "--variant", "2"));
    await ours.untilLive();
    assert.equal(ours.lines.find(({ phase }) => phase === "live").generation, 3);
    await server.untilJoined(1);
    server.emit("notification", "x");
    await ours.until(isNotification);
  });
});

test("server 4, asked with EIO=3, says so in raw HTTP, and is asked with EIO=4 next", async () => {
  await withServer(4, {}, async (server, track) => {
    const ours = track(listen(server.url + SHAPES.real, "--variant", "2", "--again", "10"));
    const end = await ours.untilEnd();
    assert.equal(end.nextVariant, 0);
    await ours.untilLive();
  });
});

for (const path of ["", "/", "/a/b/", "/a%20b", "/../x//y", "/%E2%82%AC"]) {
  test(`server 4, path "${path}": the namespace is the path as it stands`, async () => {
    await withServer(4, {}, async (server, track) => {
      const ours = track(listen(`${server.url}${path}?token=1`));
      const live = await ours.untilLive();
      assert.equal(live.namespace, path === "" ? "/" : path);
    });
  });
}

test("server 4: our own leaving is a 41 and a Close frame with 1000", async () => {
  await withServer(4, {}, async (server) => {
    let reason;
    server.onJoin = (socket) => socket.on("disconnect", (why) => (reason = why));
    const ours = listen(server.url + SHAPES.real);
    await ours.untilLive();
    await server.untilJoined(1);
    assert.equal(await ours.close(), 0);
    await until("the server saw it", () => reason);
    assert.equal(reason, "client namespace disconnect");
    await until("the code is there", () => server.closeCodes.length === 1);
    assert.deepEqual(server.closeCodes, [1000]);
  });
});

test("the tool takes options on either side of the URL, and drops a name and a password as io() does", async () => {
  await withServer(4, {}, async (server) => {
    const url = `http://ana:secret@127.0.0.1:${server.port}/n?token=1#part`;
    for (const words of [[url, "--leave", "100", "--again", "10"], ["--leave", "100", url, "--again", "10"]]) {
      const ours = listen(...words);
      assert.equal((await ours.untilLive()).namespace, "/n");
      assert.equal(await ours.close(), 0);
    }
  });
});

const CALLS = [
  { name: "--help", words: ["--help"], code: 0 },
  { name: "no URL", words: [], code: 2 },
  { name: "two URLs", words: ["http://127.0.0.1:1", "http://127.0.0.1:2"], code: 2 },
  { name: "a URL of another kind", words: ["ftp://127.0.0.1/"], code: 2 },
  { name: "an unknown option", words: ["--what", "1", "http://127.0.0.1:1/"], code: 2 },
  { name: "an option without a value", words: ["http://127.0.0.1:1/", "--again"], code: 2 },
  { name: "a number that is none", words: ["http://127.0.0.1:1/", "--again", "soon"], code: 2 },
  { name: "a certificate file that is not there", words: ["http://127.0.0.1:1/", "--ca", "/nonexistent"], code: 1 },
  { name: "a server that is away", words: ["http://127.0.0.1:1/"], code: 1 },
];
for (const { name, words, code } of CALLS) {
  test(`the tool called with ${name} ends with ${code} and says why`, async () => {
    const { code: got, lines, errors } = await listenWith(...words);
    assert.equal(got, code);
    assert.ok(lines.some((line) => line.what === "end" || /^usage/.test(line)) || /usage|sio_listen: /.test(errors), errors);
  });
}
