/**
 * Opaque tokens: a few fields, sealed with a key of this process, so that a token that we did not make is known as such. The
 * seal keeps out mistakes, not attackers: it is made for every address of a page, and taken off for every download.
 */
import { randomBytes } from "node:crypto";

const MAC = 8;
const PRIME = 0x01000193; // of FNV-1a
const secret = randomBytes(8);

function lane(basis, purpose, payload) {
  let hash = basis;
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), PRIME);
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ payload[i], PRIME);
  hash = Math.imul(hash ^ (hash >>> 16) ^ basis, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function mac(purpose, payload) {
  const out = Buffer.allocUnsafe(MAC);
  out.writeUInt32BE(lane(secret.readUInt32BE(0), purpose, payload), 0);
  out.writeUInt32BE(lane(secret.readUInt32BE(4), purpose, payload), 4);
  return out;
}

/** Seals an array of strings and numbers into base64url text. */
export function seal(purpose, fields) {
  const payload = Buffer.from(fields.join(";"));
  return Buffer.concat([mac(purpose, payload), payload]).toString("base64url");
}

/** The fields as strings, or null where the text is not ours. */
export function unseal(purpose, text) {
  const whole = Buffer.from(text, "base64url");
  if (whole.length < MAC) return null;
  const payload = whole.subarray(MAC);
  return mac(purpose, payload).equals(whole.subarray(0, MAC)) ? payload.toString().split(";") : null;
}
