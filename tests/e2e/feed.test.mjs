// The change feed in all the shapes that it may come in (failure model, section G).

import assert from "node:assert/strict";
import { access, readdir } from "node:fs/promises";
import test from "node:test";

import { until, withBench } from "../support/agent.mjs";

const START = [
  { op: "put", path: "docs/a.txt", content: "a" },
  { op: "put", path: "docs/b.txt", content: "b" },
  { op: "put", path: "docs/deep/c.txt", content: "c" },
  { op: "put", path: "other/d.txt", content: "d" },
  { op: "put", path: "other/e.txt", content: "e" },
];

const downloads = async (bench) => (await bench.sandbox.log()).filter((entry) => entry.route === "download").length;

const SHAPES = [
  { name: "children long before their parents (F-73)", settings: { page_size: 2, order: "shuffle", seed: 3 } },
  { name: "in reverse (F-73)", settings: { page_size: 3, order: "reverse" } },
  { name: "with repeats that begin with an old state (F-72)", settings: { page_size: 4, repeats: 1, stale_repeats: true } },
  { name: "with empty pages (F-78)", settings: { page_size: 1, empty_pages: 0.7 } },
  { name: "without unchanged ancestors (F-76)", settings: { ancestors: false } },
  { name: "with links in the form of a function", settings: { page_size: 2, link_form: "function" } },
  { name: "a tombstone for the folder alone", settings: { tombstones: "top" } },
  { name: "late, after their event", settings: { delta_lag_ms: 1500 } },
  { name: "of a personal drive whose ids vary in form", settings: { drive_id_quirks: true, page_size: 2 }, args: ["--personal"] },
  { name: "of a personal drive with old ids", settings: {}, args: ["--personal", "--old-ids"] },
];

/* A lagging feed is asked again 5, 15 and 60 s after its event. */
const PATIENCE = 90_000;

for (const row of SHAPES) {
  test(`changes arrive when they come ${row.name}`, async () => {
    await withBench({ settings: row.settings, args: row.args ?? [] }, async (bench) => {
      await bench.sandbox.change(START);
      await bench.start();
      await bench.untilEqual({ patience: PATIENCE });
      await bench.sandbox.change([
        { op: "move", path: "docs/deep/c.txt", to: "kept.txt" },
        { op: "delete", path: "docs" },
        { op: "swap", path: "other/d.txt", with: "other/e.txt" },
        { op: "put", path: "new/deep/er/f.txt", content: "f" },
      ]);
      await bench.untilEqual({ patience: PATIENCE });
    });
  });
}

test("a set that comes again changes nothing (F-75)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const before = await bench.query("select count(*) as n from v_history");
    await bench.sandbox.change(START.filter((op) => op.op === "put").map(({ path }) => ({ op: "touch", path })));
    await bench.sandbox.resetLog();
    await bench.ok("sync-now");
    assert.equal(await downloads(bench), 0);
    assert.deepEqual(await bench.query("select count(*) as n from v_history"), before);
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a deletion that the feed has lost is found by the full comparison, and counted as drift", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([...START, ...Array.from({ length: 10 }, (_, i) => ({ op: "put", path: `more/${i}`, content: "x" }))]);
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "delete", path: "docs/a.txt", lost: true });
    await bench.ok("sync-now");
    await access(bench.file("docs/a.txt"));
    await bench.ok("sync-now", "--full");
    assert.deepEqual(await bench.differences(), []);
  });
});

/* It is asked for three times within three seconds; then it is said, and nothing more is done. */
const NO_PAGE = { says: /F-79 .*no page of changes/, limit: "20s" };

const BROKEN = [
  { name: "no value (F-79)", fault: { kind: "no_value" }, ...NO_PAGE },
  { name: "an empty object (F-79)", fault: { kind: "empty_value_object" }, ...NO_PAGE },
  { name: "an array (F-79)", fault: { kind: "array" } },
  { name: "no link (F-77)", fault: { kind: "no_links" } },
  { name: "both links (F-77)", fault: { kind: "both_links" } },
  { name: "a link to itself (F-77)", fault: { kind: "loop_links" }, says: /F-77 .*lead in a circle/ },
  { name: "a link to another host (F-147)", fault: { kind: "bad_host_links", host: "evil.example" } },
  { name: "duplicate keys (F-122)", fault: { kind: "duplicate_keys" } },
  { name: "a BOM (F-122)", fault: { kind: "bom" } },
  { name: "a cut body (F-122)", fault: { kind: "truncated" } },
  { name: "a million brackets (F-143)", fault: { kind: "deep_json" } },
  { name: "a string without end (F-143)", fault: { kind: "big_string" } },
  { name: "a body without end (F-143)", fault: { kind: "endless_json" } },
  { name: "a gigabyte of zeros, compressed (F-142)", fault: { kind: "bomb" } },
  { name: "ten thousand header lines (F-148)", fault: { kind: "headers_flood" } },
  { name: "a header line of a megabyte (F-148)", fault: { kind: "long_header" } },
  { name: "a redirect to another host (F-121)", fault: { kind: "redirect", to: "https://evil.example/" } },
  { name: "a redirect to itself (F-121)", fault: { kind: "redirect", to: "loop" } },
  { name: "a redirect to plain text (F-121)", fault: { kind: "redirect", to: "http" } },
];

test("an answer that is broken is never taken for a deletion, and passes", async (t) => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    for (const [i, row] of BROKEN.entries()) {
      await t.test(row.name, async () => {
        const before = (await readdir(bench.folder, { recursive: true })).length;
        await bench.sandbox.change({ op: "put", path: `docs/g${i}.txt`, content: "g" });
        const [id] = await bench.sandbox.faults({ route: "delta", ...row.fault });
        const result = await bench.run("sync-now", "--timeout", row.limit ?? "1s");
        assert.equal(result.code, 5, result.stderr);
        if (row.says !== undefined) assert.match(result.stderr, row.says);
        assert.ok((await readdir(bench.folder, { recursive: true })).length >= before);
        await bench.sandbox.clearFaults(id);
        await bench.ok("sync-now");
        assert.deepEqual(await bench.differences(), []);
        assert.deepEqual(await bench.sandbox.violations(), []);
      });
    }
  });
});

for (const [code, keeps] of [["resyncChangesApplyDifferences", false], ["resyncChangesUploadDifferences", true]]) {
  test(`410 with ${code} ${keeps ? "deletes nothing" : "deletes what is gone"} (F-81)`, async () => {
    await withBench({ settings: { gone_code: code } }, async (bench) => {
      await bench.sandbox.change([...START, ...Array.from({ length: 10 }, (_, i) => ({ op: "put", path: `more/${i}`, content: "x" }))]);
      await bench.ok("sync-now");
      await bench.sandbox.change({ op: "delete", path: "docs/a.txt", lost: true });
      await bench.sandbox.drive({ drive: "me", forget_tokens: true });
      await bench.sandbox.resetLog();
      await bench.ok("sync-now");
      assert.equal(await downloads(bench), 0, "what stands here already is not fetched again");
      const there = await access(bench.file("docs/a.txt")).then(() => true, () => false);
      assert.equal(there, keeps);
    });
  });
}

test("a place in the feed that the service does not know (400) brings a full comparison (F-81)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "delete", path: "docs/a.txt", lost: true });
    await bench.sandbox.faults({ route: "delta", kind: "status", status: 400, code: "invalidRequest", count: 3 });
    const result = await bench.ok("sync-now", "-v");
    assert.match(result.stderr, /F-81 .*refuses our place in its feed: full comparison/);
    assert.deepEqual(await bench.differences(), []);
  });
});

test("the drive's root reported as deleted: exit 8, nothing is removed (F-89)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const before = await readdir(bench.folder, { recursive: true });
    await bench.sandbox.change({ op: "touch", path: "docs/a.txt" });
    await bench.sandbox.faults({ route: "delta", kind: "set", set: { deleted: { state: "deleted" } }, count: 1 });
    const result = await bench.run("sync-now", "--timeout", "3s");
    assert.equal(result.code, 8, result.stderr);
    assert.match(result.stderr, /F-89 .*root folder is reported as deleted; nothing is removed/);
    assert.deepEqual(await readdir(bench.folder, { recursive: true }), before);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a drive that vanishes or refuses us is not a deletion (F-93)", async () => {
  for (const state of ["forbidden", "missing"]) {
    await withBench({}, async (bench) => {
      await bench.sandbox.change(START);
      await bench.ok("sync-now");
      await bench.sandbox.drive({ drive: "me", state });
      const result = await bench.run("sync-now", "--timeout", "3s");
      assert.equal(result.code, 5, result.stderr);
      assert.match(result.stderr, /F-93 .*no access to (the )?drive.*your files stay/);
      assert.equal(await bench.read("docs/a.txt"), "a");
      await bench.sandbox.drive({ drive: "me", state: "ok" });
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
    });
  }
});

const ODD = [
  { name: "a notebook (F-95)", op: { op: "package", path: "Notebook" }, says: /F-95 .*a notebook or the like/ },
  { name: "a shortcut to another drive (F-95)", op: { op: "shortcut", path: "Shared by Bo" }, says: /F-95 .*a shortcut into another drive/ },
  { name: "an item with neither facet (F-95)", op: { op: "bare", path: "odd" }, says: /F-95 .*neither file nor folder/ },
  { name: "a file that the service found infected (F-119)", op: { op: "put", path: "bad.exe", content: "x", set: { malware: {} } }, says: /F-119 .*malware/ },
  { name: "a file that the service refuses (F-119)", op: { op: "put", path: "no.txt", content: "x", error: { status: 403, code: "accessDenied", content_only: true } }, says: /F-119 .*status 403/ },
  { name: "a file that is locked (F-119)", op: { op: "put", path: "locked.txt", content: "x", error: { status: 423, code: "resourceLocked", content_only: true } }, says: /F-119 .*locked on the drive/ },
  { name: "a negative size (F-144)", op: { op: "put", path: "minus.txt", content: "x", set: { size: -1 } }, says: /F-144 .*an impossible size/ },
  { name: "a size beyond all bounds (F-144)", op: { op: "put", path: "large.txt", content: "x", set: { size: { $raw: "1e999" } } }, says: /F-144 .*an impossible size/ },
];

for (const row of ODD) {
  test(`${row.name} is reported and holds up nothing else`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([row.op, ...START]);
      const result = await bench.run("sync-now", "--timeout", "20s");
      assert.equal(result.code, 6, result.stderr);
      assert.match(result.stderr, row.says);
      const path = row.op.path;
      const lines = (await bench.differences()).filter((line) => !line.includes(path) && !line.includes("Notebook"));
      assert.deepEqual(lines, []);
      assert.match(result.stderr, new RegExp(path.replace(".", "\\.")));
      assert.match((await bench.ok("inspect", "problems")).stdout, new RegExp(path.replace(".", "\\.")));
      assert.equal((await bench.status()).mirrors[0].held, 1, "counted while no agent runs");
      assert.match((await bench.run("sync-now", "--full", "--timeout", "20s")).stderr, row.says, "for the same reason when it is tried anew");
      assert.deepEqual(await bench.query("select path from v_problems where held and next_try is not null"), [], "what is held is tried at no time");
      assert.deepEqual(await bench.sandbox.violations(), []);
    });
  });
}

test("the root of another drive does not take the place of ours (F-95)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const parentReference = { driveId: "b!other", driveType: "business" };
    await bench.sandbox.change([{ op: "mkdir", path: "foreign", set: { root: {}, parentReference } }, { op: "put", path: "more.txt", content: "m" }]);
    const result = await bench.run("sync-now");
    assert.match(result.stderr, /F-95/);
    assert.deepEqual(await bench.differences(), ["only on the drive: foreign"]);
  });
});

for (const row of [
  { name: "file", path: "a/x.txt", without: { file: null } },
  { name: "folder", path: "a", without: { folder: null } },
]) {
  test(`a known ${row.name} that comes without its facet stays what it is (F-76)`, async () => {
    await withBench({}, async (bench) => {
      await bench.sandbox.change([...START, { op: "put", path: "a/x.txt", content: "x" }]);
      await bench.ok("sync-now");
      await bench.sandbox.change({ op: "touch", path: row.path, set: row.without });
      await bench.ok("sync-now");
      assert.equal(await bench.read("a/x.txt"), "x");
      await bench.sandbox.change([{ op: "touch", path: row.path, set: null }, { op: "put", path: "a/x.txt", content: "xx" }]);
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
    });
  });
}

test("ids of a personal drive in another letter case are the same items", async () => {
  await withBench({ args: ["--personal"] }, async (bench) => {
    await bench.sandbox.change({ op: "put", path: "a/x.txt", content: "x" });
    await bench.ok("sync-now");
    const [folder, file] = await bench.sandbox.tree();
    const parentReference = { driveType: "personal", driveId: "x", id: folder.id.toUpperCase() };
    await bench.sandbox.change([
      { op: "put", path: "a/x.txt", content: "xx", set: { id: file.id.toUpperCase() } },
      { op: "put", path: "a/y.txt", content: "y", set: { parentReference } },
    ]);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a refused item is counted as held, also before anything is tried again (F-119)", async () => {
  await withBench({}, async (bench) => {
    const refused = ODD.find((row) => row.op.path === "no.txt").op;
    await bench.sandbox.change([refused, ...START]);
    await bench.start();
    await until("it is counted", async () => (await bench.status()).mirrors[0].held === 1);
    await bench.stop();
    await bench.start();
    assert.equal((await bench.status()).mirrors[0].held, 1);
    await bench.sandbox.change({ op: "put", path: "no.txt", content: "y", error: null });
    await until("it is counted no more", async () => (await bench.status()).mirrors[0].held === 0);
    assert.equal(await bench.read("no.txt"), "y");
  });
});

test("times that say nothing leave the mtime alone (F-145)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(
      ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday"].map((mtime_text, i) => ({ op: "put", path: `${i}.txt`, content: "x", mtime_text })),
    );
    await bench.ok("sync-now");
    for (let i = 0; i < 3; i++) assert.equal(await bench.read(`${i}.txt`), "x");
  });
});

test("changes that go on while pages are read arrive too (F-80)", async () => {
  await withBench({ settings: { page_size: 5, latency_ms: { delta: 20 } } }, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 200 }, (_, i) => ({ op: "put", path: `d${i % 7}/${i}.txt`, content: `${i}` })));
    const running = bench.ok("sync-now");
    for (let i = 0; i < 30; i++) {
      await bench.sandbox.change([
        { op: "put", path: `late/${i}.txt`, content: `${i}` },
        { op: "move", path: `d${i % 7}/${i}.txt`, to: `moved/${i}.txt` },
      ]);
      await new Promise((done) => setTimeout(done, 20));
    }
    await running;
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a full comparison that is interrupted never deletes (F-82)", async () => {
  await withBench({ settings: { page_size: 5, latency_ms: { delta: 100 } } }, async (bench) => {
    await bench.sandbox.change(Array.from({ length: 100 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
    await bench.ok("sync-now");
    await bench.sandbox.drive({ drive: "me", forget_tokens: true });
    await bench.sandbox.resetLog();
    await bench.start({ live: false, words: [] });
    const isUnderWay = async () => (await bench.sandbox.log()).filter((entry) => entry.route === "delta").length > 5;
    await until("some of the twenty pages have been read", isUnderWay);
    await bench.stop("SIGKILL");
    assert.equal((await readdir(bench.file("d"))).length, 100);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

const MIDWAY = [
  { name: "begins anew: what it had seen may be gone by now", first: "resyncChangesApplyDifferences", left: 95 },
  { name: "deletes nothing where the first refusal said so", first: "resyncChangesUploadDifferences", left: 100 },
];

for (const row of MIDWAY) {
  test(`a full comparison that is refused midway ${row.name} (F-81, F-82)`, async () => {
    await withBench({ settings: { page_size: 5, gone_code: row.first } }, async (bench) => {
      await bench.sandbox.change(Array.from({ length: 100 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
      await bench.ok("sync-now");
      await bench.sandbox.drive({ drive: "me", forget_tokens: true });
      const [id] = await bench.sandbox.faults({ route: "delta", kind: "status", status: 500, after: 12 });
      assert.equal((await bench.run("sync-now", "--timeout", "1s")).code, 5);
      await bench.sandbox.clearFaults(id);
      /* Of any twenty in a row one is among these. */
      await bench.sandbox.change([0, 20, 40, 60, 80].map((i) => ({ op: "delete", path: `d/${i}.txt`, lost: true })));
      await bench.sandbox.faults({ route: "delta", kind: "gone410", code: "resyncChangesApplyDifferences", count: 1 });
      await bench.ok("sync-now");
      assert.equal((await readdir(bench.file("d"))).length, row.left);
    });
  });
}

test("a complete listing without the drive's root deletes nothing, and the next one begins anew (F-79)", async () => {
  await withBench({ settings: { page_size: 4 } }, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const before = (await readdir(bench.folder, { recursive: true })).length;
    const [id] = await bench.sandbox.faults({ route: "delta", kind: "set_top", set: { value: [] } });
    const result = await bench.run("sync-now", "--full");
    assert.equal(result.code, 5, result.stderr);
    assert.match(result.stderr, /without a root/);
    assert.equal((await readdir(bench.folder, { recursive: true })).length, before);
    await bench.sandbox.clearFaults(id);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

test("what a listing without the drive's root has seen may be gone by the next one (F-79, F-82)", async () => {
  await withBench({ settings: { page_size: 4 } }, async (bench) => {
    await bench.sandbox.change([...START, ...Array.from({ length: 20 }, (_, i) => ({ op: "put", path: `more/${i}`, content: "x" }))]);
    await bench.ok("sync-now");
    await bench.sandbox.faults({ route: "delta", kind: "set_top", set: { value: [] }, count: 1 });
    const result = await bench.run("sync-now", "--full");
    assert.equal(result.code, 5, result.stderr);
    assert.match(result.stderr, /without a root/);
    await bench.sandbox.change(["other/e.txt", "more/19"].map((path) => ({ op: "delete", path, lost: true })));
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});

const STOPPED = [
  { name: "its place is still good: it is gone on with", forget: false, isDone: (pages) => pages < 20 },
  { name: "its place has expired: it begins anew", forget: true, isDone: (pages) => pages >= 20 },
];

for (const row of STOPPED) {
  test(`stopped in the middle of twenty pages, ${row.name} (F-09)`, async () => {
    await withBench({ settings: { page_size: 5 } }, async (bench) => {
      await bench.sandbox.change(START);
      await bench.ok("sync-now");
      await bench.sandbox.change(Array.from({ length: 100 }, (_, i) => ({ op: "put", path: `d/${i}.txt`, content: `${i}` })));
      const [id] = await bench.sandbox.faults({ route: "delta", kind: "status", status: 500, after: 12 });
      assert.equal((await bench.run("sync-now", "--timeout", "1s")).code, 5);
      await bench.sandbox.clearFaults(id);
      if (row.forget) await bench.sandbox.drive({ drive: "me", forget_tokens: true });
      await bench.sandbox.resetLog();
      await bench.ok("sync-now");
      assert.deepEqual(await bench.differences(), []);
      const pages = (await bench.sandbox.log()).filter((entry) => entry.route === "delta").length;
      assert.ok(row.isDone(pages), `${pages} pages`);
    });
  });
}

test("a deletion of what is not known here is ignored (F-89)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    await bench.sandbox.change([{ op: "put", path: "brief.txt", content: "x" }, { op: "delete", path: "brief.txt" }]);
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    assert.deepEqual(await bench.query("select * from v_pending"), []);
  });
});

test("a file that is gone when it is fetched does not stop the rest (F-94)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change([...START, { op: "put", path: "ghost.txt", content: "x", error: { status: 404, code: "itemNotFound", content_only: true } }]);
    const result = await bench.run("sync-now", "--timeout", "20s");
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /F-94 .*ghost\.txt|ghost\.txt.*F-94/);
    assert.deepEqual((await bench.differences()).filter((line) => !line.includes("ghost")), []);
    await bench.sandbox.change({ op: "delete", path: "ghost.txt" });
    await until("nothing is left to do", async () => (await bench.run("sync-now")).code === 0);
    assert.deepEqual(await bench.differences(), []);
  });
});

test("a parent that the feed has never told of is asked for by its id (F-74)", async () => {
  await withBench({ settings: { ancestors: false, page_size: 1 } }, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    /* Its page comes empty, and the pages behind it lead on. */
    const [{ id }] = await bench.sandbox.change([{ op: "mkdir", path: "untold" }, { op: "put", path: "other/z.txt", content: "z" }]);
    await bench.sandbox.faults({ route: "delta", kind: "set_top", set: { value: [] }, count: 1 });
    await bench.ok("sync-now");
    await bench.sandbox.change({ op: "put", path: "docs/f.txt", content: "f", set: { parentReference: { id } } });
    await bench.ok("sync-now");
    assert.equal(await bench.read("untold/f.txt"), "f");
  });
});

const enumeratedAt = async (bench) => (await bench.query("select enumerated_at from mirror"))[0].enumerated_at;

test("a parent that never arrives is looked for by a full comparison after three sets, once (F-74)", async () => {
  await withBench({}, async (bench) => {
    await bench.sandbox.change(START);
    await bench.ok("sync-now");
    const before = await enumeratedAt(bench);
    await bench.sandbox.faults({ route: "delta", kind: "set", set: { parentReference: { id: "NOWHERE" } }, count: 1 });
    await bench.sandbox.change({ op: "put", path: "docs/lost.txt", content: "lost" });
    for (let i = 0; i < 2; i++) {
      const result = await bench.run("sync-now");
      assert.equal(result.code, 6, result.stderr);
      assert.match(result.stderr, /F-74 .*item id/);
      assert.equal(await enumeratedAt(bench), before);
    }
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
    assert.notEqual(await enumeratedAt(bench), before);

    /* One that a full comparison does not help either costs no second one. */
    await bench.sandbox.change({ op: "put", path: "nowhere.txt", content: "x", set: { parentReference: { id: "NOWHERE" } } });
    const times = new Set();
    for (let i = 0; i < 6; i++) {
      assert.equal((await bench.run("sync-now")).code, 6);
      times.add(await enumeratedAt(bench));
    }
    assert.equal(times.size, 2);
  });
});

test("folders that lead in a circle stay where they are; the second set brings a full comparison (F-84)", async () => {
  await withBench({}, async (bench) => {
    const [a, b] = (await bench.sandbox.change([...["a", "b"].map((path) => ({ op: "mkdir", path })), ...START])).map(({ id }) => id);
    await bench.sandbox.change([{ op: "put", path: "a/in a.txt", content: "a" }, { op: "put", path: "b/in b.txt", content: "b" }]);
    await bench.ok("sync-now");
    const before = await enumeratedAt(bench);
    await bench.sandbox.change([
      { op: "touch", path: "a", set: { parentReference: { id: b } } },
      { op: "touch", path: "b", set: { parentReference: { id: a } } },
      { op: "put", path: "docs/new.txt", content: "n" },
    ]);
    const first = await bench.run("sync-now");
    assert.equal(first.code, 6, first.stderr);
    assert.match(first.stderr, /F-84/);
    assert.equal(await enumeratedAt(bench), before);
    assert.equal((await bench.run("sync-now")).code, 6);
    assert.notEqual(await enumeratedAt(bench), before);
    assert.deepEqual(await bench.differences(), [], "nothing was moved or deleted, all else arrived");
    await bench.sandbox.change(["a", "b"].map((path) => ({ op: "touch", path, set: null })));
    await bench.ok("sync-now");
    assert.deepEqual(await bench.differences(), []);
  });
});
