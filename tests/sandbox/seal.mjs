/** Opaque tokens: a few fields, sealed with a key of this process, so that a token that we did not make is known as such. */
import { createHmac, randomBytes } from "node:crypto";

const MAC = 8;
const secret = randomBytes(32);

function mac(purpose, payload) {
  return createHmac("sha256", secret).update(purpose).update("\0").update(payload).digest().subarray(0, MAC);
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
