/**
 * JSON that JSON.stringify cannot write: names of bytes that are no UTF-8, numbers that a double cannot hold.
 *
 * While an answer is built such a value stands as a marker of private-use characters; the markers are replaced in the bytes
 * of the finished text. A value { "$raw": TEXT } in an item's overrides goes into the answer as TEXT, verbatim.
 */

const OPEN = "\uE000\uE001";
const CLOSE = "\uE001\uE000";
const MARKER = new RegExp(`("?)${OPEN}([br])(\\d+)${CLOSE}\\1`, "g");

export class RawJson {
  #parts = [];

  #mark(kind, bytes) {
    return `${OPEN}${kind}${this.#parts.push(bytes) - 1}${CLOSE}`;
  }

  /** A string whose bytes go out as they are, between quotes. */
  bytes(buffer) {
    return this.#mark("b", buffer);
  }

  /** The value with each { "$raw": TEXT } in it replaced by a marker. */
  value(value) {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((part) => this.value(part));
    if (typeof value.$raw === "string") return this.#mark("r", Buffer.from(value.$raw));
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.value(part)]));
  }

  /** The text of an answer as bytes. */
  encode(json) {
    const text = JSON.stringify(json);
    if (this.#parts.length === 0) return Buffer.from(text);
    const pieces = [];
    let at = 0;
    for (const match of text.matchAll(MARKER)) {
      pieces.push(Buffer.from(text.slice(at, match.index)));
      const bytes = this.#parts[Number(match[3])];
      pieces.push(match[2] === "r" ? bytes : Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]));
      at = match.index + match[0].length;
    }
    pieces.push(Buffer.from(text.slice(at)));
    return Buffer.concat(pieces);
  }
}
