/**
 * Item numbers <-> GUIDs <-> item ids in the shapes of the service.
 *
 * An id is computed from the item's number by an invertible mixing, so that neither a million id strings nor an index of
 * them is kept in memory.
 */

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BUSINESS_ROOT = "F6Y2GOVW7725BZO354PWSELRRZ";
const MIX_A = 0x85ebca6b;
const MIX_B = 0xc2b2ae35;
const UNMIX_A = inverse(MIX_A);
const UNMIX_B = inverse(MIX_B);

/** Multiplicative inverse mod 2^32 of an odd number, by Newton's iteration. */
function inverse(odd) {
  let x = odd;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}

function mix(x) {
  x = Math.imul(x ^ (x >>> 16), MIX_A);
  x = Math.imul(x ^ (x >>> 13), MIX_B);
  return (x ^ (x >>> 16)) >>> 0;
}

function unmix(x) {
  x = Math.imul(x ^ (x >>> 16), UNMIX_B);
  x = Math.imul(x ^ (x >>> 13) ^ (x >>> 26), UNMIX_A);
  return (x ^ (x >>> 16)) >>> 0;
}

function words(salt, n) {
  const first = mix((n ^ salt) >>> 0);
  const second = mix(first ^ 0x6a09e667);
  const third = mix(second ^ salt ^ 0xbb67ae85);
  return [first, second, third, mix(third ^ 0x3c6ef372)];
}

function hex(word) {
  return word.toString(16).padStart(8, "0");
}

function numberOf(salt, firstWord) {
  return (unmix(firstWord >>> 0) ^ salt) >>> 0;
}

/** Base32 of four 32-bit words, 26 characters, most significant bit first. */
function base32(four) {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const word of four) {
    for (const byte of [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]) {
      held = ((held << 8) | byte) & 0xfff;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text += BASE32[(held >> bits) & 31];
      }
    }
  }
  return text + BASE32[(held << (5 - bits)) & 31];
}

/** The first 32 bits of a base32 text; -1 where it is none. */
function firstWord(text) {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const digit = BASE32.indexOf(text[i]);
    if (digit < 0) return -1;
    value = value * 32 + digit;
  }
  return Math.floor(value / 8);
}

/** GUID of item `n` in upper case with dashes, as eTags carry it. */
export function guidOf(salt, n) {
  const h = words(salt, n).map(hex).join("").toUpperCase();
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** Business: 34 characters that start with 01; the root's end is the same in all drives. */
export const business = {
  idOf: (drive, n) => `01${drive.code}${n === 0 ? BUSINESS_ROOT : base32(words(drive.salt, n))}`,
  numberOf(drive, id) {
    if (id.length !== 34) return -1;
    return id.endsWith(BUSINESS_ROOT) ? 0 : numberOf(drive.salt, firstWord(id.slice(8)));
  },
  same: (a, b) => a === b,
};

/** Personal since the move to the new back end: DRIVEID!s and a GUID without dashes. */
export const personal = {
  idOf: (drive, n) => `${drive.id.toUpperCase()}!s${words(drive.salt, n).map(hex).join("")}`,
  numberOf(drive, id) {
    const guid = /!s([0-9a-f]{32})$/i.exec(id);
    return guid ? numberOf(drive.salt, parseInt(guid[1].slice(0, 8), 16)) : -1;
  },
  same: (a, b) => a.toLowerCase() === b.toLowerCase(),
};

/** Personal of old: DRIVEID!number. */
export const personalOld = {
  idOf: (drive, n) => `${drive.id.toUpperCase()}!${n + 101}`,
  numberOf(drive, id) {
    const number = /!([0-9]{3,10})$/.exec(id);
    return number ? Number(number[1]) - 101 : -1;
  },
  same: (a, b) => a.toLowerCase() === b.toLowerCase(),
};
