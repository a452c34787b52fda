/** Bytes to lines. A line counts only once its end was seen, so half of one is never used. */
import { TooLargeError } from "./errors.ts";

const NEWLINE = 10;

/** Cuts a stream of bytes into lines of text. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #parts: Uint8Array[] = [];
  #length = 0;

  /**
   * Starts at a line.
   * @param maxBytes no line may be longer
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that end in this chunk, without their ends; empty ones are left out.
   * @throws {TooLargeError} when a line is too long
   */
  *push(chunk: Uint8Array): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = this.#take(chunk.subarray(from, end));
      from = end + 1;
      if (line !== "") yield line;
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#maxBytes) throw new TooLargeError(`a line is longer than ${this.#maxBytes} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }

  #take(last: Uint8Array): string {
    this.#keep(last);
    let text = "";
    for (const part of this.#parts) text += this.#decoder.decode(part, { stream: true });
    text += this.#decoder.decode();
    this.#parts = [];
    this.#length = 0;
    return text.trimEnd();
  }
}
