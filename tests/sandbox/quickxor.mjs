/**
 * QuickXorHash, the content hash of OneDrive: 160 bits, 11 bits of shift for each byte, the length mixed in.
 *
 * Byte i of the content lands at bit (11 * i) mod 160 of the register, so that bytes whose index is equal mod 160
 * land on the same bits. It is therefore enough to XOR the content into 160 lanes and to fold the lanes once.
 */

export const LANES = 160;

/** XORs `bytes` into `lanes` (160 bytes); `offset` is the place of the first byte in the file. */
export function mixIn(lanes, bytes, offset) {
  let lane = offset % LANES;
  for (let i = 0; i < bytes.length; ) {
    const stop = Math.min(bytes.length, i + LANES - lane);
    while (i < stop) lanes[lane++] ^= bytes[i++];
    lane = 0;
  }
}

/** Folds the lanes of a file of `length` bytes into the hash, in base64. */
export function fold(lanes, length) {
  const register = Buffer.alloc(20);
  for (let i = 0; i < LANES; i++) {
    const bit = (11 * i) % 160;
    const at = bit >> 3;
    const shift = bit & 7;
    register[at] ^= lanes[i] << shift;
    if (shift > 0) register[(at + 1) % 20] ^= lanes[i] >> (8 - shift);
  }
  for (let j = 0, rest = length; j < 8; j++) {
    register[12 + j] ^= rest % 256;
    rest = Math.floor(rest / 256);
  }
  return register.toString("base64");
}

/** The hash of content that comes in pieces: update with each, then digest. */
export class QuickXor {
  #lanes = new Uint8Array(LANES);
  #length = 0;

  update(bytes) {
    mixIn(this.#lanes, bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** The hash in base64. */
  digest() {
    return fold(this.#lanes, this.#length);
  }
}

/** Hash of one buffer. */
export function quickXorHash(bytes) {
  return new QuickXor().update(bytes).digest();
}
