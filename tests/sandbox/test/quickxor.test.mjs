import assert from "node:assert/strict";
import { test } from "node:test";
import { contentQuickXor, contentRange } from "../content.mjs";
import { QuickXor, quickXorHash } from "../quickxor.mjs";

const sequence = (length, modulus) => Buffer.from(Array.from({ length }, (_, i) => i % modulus));

const VECTORS = [
  ["empty", Buffer.alloc(0), "AAAAAAAAAAAAAAAAAAAAAAAAAAA="],
  ["one zero", Buffer.alloc(1), "AAAAAAAAAAAAAAAAAQAAAAAAAAA="],
  ["a", Buffer.from("a"), "YQAAAAAAAAAAAAAAAQAAAAAAAAA="],
  ["abc", Buffer.from("abc"), "YRDDGAAAAAAAAAAAAwAAAAAAAAA="],
  ["hello world", Buffer.from("hello world"), "aCgDG9jwBhDc4Q1yawMZAAAAAAA="],
  ["fox", Buffer.from("The quick brown fox jumps over the lazy dog"), "bMSlbysmxJL6S75XwfMcQZOpcr4="],
  ["20 x ff", Buffer.alloc(20, 0xff), "HOc4xznOcX784x//7Mc//vGPf/w="],
  ["00..9f", sequence(160, 256), "/+EGLlnQi0dVs5OErXWhEnz5wg4="],
  ["00..ff", sequence(256, 256), "QkGEfSisZcA7k+FCh71r2dbCayY="],
  ["161 x a", Buffer.alloc(161, "a"), "nv//////////////Xv////////8="],
  ["1000 x a", Buffer.alloc(1000, "a"), "cIADHOAABzjAAQ5waAAcgQhEIAI="],
  ["1 MiB of zeros", Buffer.alloc(1 << 20), "AAAAAAAAAAAAAAAAAAAQAAAAAAA="],
  ["i mod 251", sequence(327681, 251), "CFxjLVlWbbPTEZb19KiSkx+BLpI="],
];

for (const [name, bytes, expected] of VECTORS) {
  test(`QuickXorHash of ${name}`, () => assert.equal(quickXorHash(bytes), expected));
}

test("the hash of pieces is the hash of the whole", () => {
  const bytes = sequence(1000, 251);
  for (const cut of [0, 1, 159, 160, 161, 999]) {
    const hash = new QuickXor().update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
    assert.equal(hash.digest(), quickXorHash(bytes));
  }
});

const SIZES = [0, 1, 15, 16, 17, 100, 160, 161, 65536, 327679, 327680, 327681, 655360, 655361, 1000003];

for (const size of SIZES) {
  test(`generated content of ${size} bytes: the quick hash equals the plain one`, () => {
    const item = { bytes: null, seed: 42, size };
    const whole = Buffer.concat([...contentRange(item, 0, size)]);
    assert.equal(whole.length, size);
    assert.equal(contentQuickXor(item), quickXorHash(whole));
  });
}

test("a range of generated content is the same part of the whole", () => {
  const item = { bytes: null, seed: 7, size: 1000003 };
  const whole = Buffer.concat([...contentRange(item, 0, item.size)]);
  for (const [start, end] of [[0, 1], [10, 20], [327670, 327700], [327680, 655365], [999999, 1000003], [5, 5]]) {
    assert.deepEqual(Buffer.concat([...contentRange(item, start, end)]), whole.subarray(start, end));
  }
});

test("blocks of generated content differ from each other and from those of another seed", () => {
  const block = (seed, at) => Buffer.concat([...contentRange({ bytes: null, seed, size: 1 << 30 }, at, at + 64)]).toString("hex");
  assert.notEqual(block(1, 0), block(1, 327680));
  assert.notEqual(block(1, 0), block(2, 0));
});

test("the hash of 4 GiB takes no time to speak of", () => {
  const started = Date.now();
  contentQuickXor({ bytes: null, seed: 1, size: 2 ** 32 + 12345 });
  assert.ok(Date.now() - started < 10_000);
});
