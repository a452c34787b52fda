/** The receiving side of one connection: heads and bodies cut out of the bytes as they come. */
import type { BodyLength } from "./head.ts";
import { BadRequest, MAX_CHUNK_LINE, MAX_HEAD, parseChunkSize } from "./head.ts";

/** Fills the buffer with what comes next; null at the end. */
export type ReadInto = (buffer: Uint8Array) => Promise<number | null>;

const LF = 10;
const CR = 13;
const FIRST_BUFFER = 2048;

/** Bytes that have come and were not used yet. */
export class Incoming {
  readonly #read: ReadInto;
  #buffer = new Uint8Array(FIRST_BUFFER);
  #start = 0;
  #end = 0;

  /** @param read of the connection */
  constructor(read: ReadInto) {
    this.#read = read;
  }

  /** Whether nothing of a next request has come. */
  get empty(): boolean {
    return this.#start === this.#end;
  }

  /** Waits for more; false at the end of the connection. At most `limit` bytes are kept. */
  async #more(limit: number): Promise<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#buffer.length) {
      const larger = new Uint8Array(Math.min(limit, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    const count = await this.#read(this.#buffer.subarray(this.#end));
    this.#end += count ?? 0;
    return count !== null;
  }

  /**
   * The next head as text, one character a byte, without its empty line; undefined when the connection ends before one
   * begins.
   * @param begun called once, when the first byte is there
   * @throws {BadRequest} when it is too long, or the connection ends in its middle
   */
  async head(begun: () => void): Promise<string | undefined> {
    let seen = 0;
    for (let started = false;;) {
      this.#skipEmptyLines();
      if (!started && !this.empty) {
        started = true;
        begun();
      }
      const end = this.#endOfHead(this.#start + seen);
      if (end !== undefined) return this.#take(end);
      // The empty line may have come in part: its first bytes are looked at again.
      seen = Math.max(0, this.#end - this.#start - 3);
      if (this.#end - this.#start >= MAX_HEAD) throw new BadRequest(431, "the head of the request is too long");
      if (!await this.#more(MAX_HEAD)) {
        if (!started) return undefined;
        throw new BadRequest(400, "the request ends in the middle of its head");
      }
    }
  }

  /** RFC 9112 section 2.2: empty lines before a request are passed over. */
  #skipEmptyLines(): void {
    while (this.#start < this.#end && (this.#buffer[this.#start] === CR || this.#buffer[this.#start] === LF)) {
      this.#start++;
    }
  }

  /** Where the head ends, its last line's end not included; undefined when it has not come whole. */
  #endOfHead(from: number): { textEnd: number; next: number } | undefined {
    const bytes = this.#buffer;
    for (let at = bytes.indexOf(LF, from); at >= 0 && at < this.#end; at = bytes.indexOf(LF, at + 1)) {
      const textEnd = bytes[at - 1] === CR ? at - 1 : at;
      if (at + 1 < this.#end && bytes[at + 1] === LF) return { textEnd, next: at + 2 };
      if (at + 2 < this.#end && bytes[at + 1] === CR && bytes[at + 2] === LF) return { textEnd, next: at + 3 };
    }
  }

  #take({ textEnd, next }: { textEnd: number; next: number }): string {
    const text = String.fromCharCode(...this.#buffer.subarray(this.#start, textEnd));
    this.#start = next;
    return text;
  }

  /**
   * The whole body as bytes; undefined when it is longer than `maxBytes`, and then what follows on the connection is of
   * no use.
   * @throws {BadRequest} when it is malformed or ends early
   */
  async body(length: BodyLength, maxBytes: number): Promise<Uint8Array | undefined> {
    if (length.kind === "none") return new Uint8Array(0);
    if (length.kind === "length") {
      return length.length > maxBytes ? undefined : await this.#fill(new Uint8Array(length.length));
    }
    // One buffer that grows: chunks of one byte each would cost two hundred times their size if they were kept apart.
    let body = new Uint8Array(0);
    let total = 0;
    for (;;) {
      const size = parseChunkSize(await this.#line());
      if (size === 0) break;
      if (total + size > maxBytes) return undefined;
      if (total + size > body.length) {
        const larger = new Uint8Array(Math.min(maxBytes, Math.max(total + size, 2 * body.length)));
        larger.set(body);
        body = larger;
      }
      await this.#fill(body.subarray(total, total += size));
      if (await this.#line() !== "") throw new BadRequest(400, "a chunk is longer than it says");
    }
    // RFC 9112 section 7.1.2: trailer fields are passed over.
    for (let lines = 0; await this.#line() !== ""; lines++) {
      if (lines > 32) throw new BadRequest(431, "too many trailer fields");
    }
    return body.subarray(0, total);
  }

  async #fill(target: Uint8Array): Promise<Uint8Array> {
    let at = Math.min(target.length, this.#end - this.#start);
    target.set(this.#buffer.subarray(this.#start, this.#start + at));
    this.#start += at;
    while (at < target.length) {
      const count = await this.#read(target.subarray(at));
      if (count === null) throw new BadRequest(400, "the request ends in the middle of its body");
      at += count;
    }
    return target;
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.subarray(this.#start, this.#end).indexOf(LF);
      if (end >= 0) {
        const line = String.fromCharCode(...this.#buffer.subarray(this.#start, this.#start + end)).replace(/\r$/, "");
        this.#start += end + 1;
        return line;
      }
      if (this.#end - this.#start > MAX_CHUNK_LINE) throw new BadRequest(400, "a line of the body is too long");
      if (!await this.#more(MAX_HEAD)) throw new BadRequest(400, "the request ends in the middle of its body");
    }
  }
}
