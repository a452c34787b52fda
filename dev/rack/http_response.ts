/** Reads an HTTP/1.1 response as it comes, without keeping it (RFC 9112 sections 4 to 8). */
import type { HttpHead, HttpTake } from "./wire.ts";

/** A response that is none. */
export class MalformedResponseError extends Error {
  /** The class, in logs. */
  override name = "MalformedResponseError";
}

const MAX_HEAD = 65_536;
const MAX_CHUNK_LINE = 1024;
const CR = 13, LF = 10;

/** Where in the response the next byte is. */
type Place =
  | "head"
  /** Up to a length, or to the end of the connection. */
  | "body"
  | "chunk size"
  | "chunk"
  | "after chunk"
  | "trailer"
  | "done";

/** One response; it holds its head and counts the rest. */
export class ResponseReader {
  readonly #onHead: (head: HttpHead) => HttpTake;
  readonly #headOnly: boolean;
  #place: Place = "head";
  /** What has come of a head or a line. */
  #line: number[] = [];
  #take: HttpTake = () => {};
  /** Bytes that the body, or the chunk, still has. */
  #left = 0;
  /** What the taker is still busy with. */
  #busy: Promise<void> | undefined;

  /** For the answer to a request with this method: HEAD's has no body. */
  constructor(method: string, onHead: (head: HttpHead) => HttpTake) {
    this.#headOnly = method === "HEAD";
    this.#onHead = onHead;
  }

  /** Whether all of it has come. */
  get done(): boolean {
    return this.#place === "done";
  }

  /**
   * Takes what came.
   * @returns a promise when the taker is busy: no more is to be given before it resolves
   * @throws {MalformedResponseError} when it is no response
   */
  take(bytes: Uint8Array): Promise<void> | undefined {
    this.#busy = undefined;
    for (let at = 0; at < bytes.length && !this.done;) at += this.#step(bytes.subarray(at));
    return this.#busy;
  }

  /** The connection has ended. @throws {MalformedResponseError} when the response has not */
  end(): void {
    if (this.done || this.#place === "body" && this.#left === Infinity) return;
    throw new MalformedResponseError(
      this.#place === "head"
        ? "the connection ended without an answer"
        : "the connection broke in the middle of the answer",
    );
  }

  /** Takes some of the bytes; says how many. */
  #step(bytes: Uint8Array): number {
    if (this.#place === "body" || this.#place === "chunk") return this.#onBody(bytes);
    const end = bytes.indexOf(LF);
    const part = end < 0 ? bytes : bytes.subarray(0, end + 1);
    if (this.#line.length + part.length > (this.#place === "head" ? MAX_HEAD : MAX_CHUNK_LINE)) {
      throw new MalformedResponseError(`the ${this.#place} of the answer is too long`);
    }
    for (const byte of part) this.#line.push(byte);
    if (end >= 0) this.#onLineEnd();
    return part.length;
  }

  #onBody(bytes: Uint8Array): number {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= piece.length;
    if (this.#left === 0) this.#place = this.#place === "body" ? "done" : "after chunk";
    this.#give(piece);
    return piece.length;
  }

  /** Pieces are taken one after the other, also where the taker is slow. */
  #give(piece: Uint8Array): void {
    if (this.#busy !== undefined) this.#busy = this.#busy.then(() => this.#take(piece));
    else this.#busy = this.#take(piece) ?? undefined;
  }

  #onLineEnd(): void {
    const line = this.#line;
    const text = () => line.map((byte) => String.fromCharCode(byte)).join("").replace(/\r?\n$/, "");
    switch (this.#place) {
      case "head": {
        const empty = line.at(-2) === LF || line.at(-2) === CR && line.at(-3) === LF;
        if (!empty) return;
        this.#onHeadEnd(text());
        break;
      }
      case "chunk size":
        this.#onChunkSize(text());
        break;
      case "after chunk":
        this.#place = "chunk size";
        break;
      case "trailer":
        if (text() === "") this.#place = "done";
        break;
    }
    this.#line = [];
  }

  #onHeadEnd(text: string): void {
    const head = readHead(text);
    // 100 Continue and its like come before the response (RFC 9110 section 15.2).
    if (head.status < 200) return;
    this.#take = this.#onHead(head);
    const length = head.headers.get("content-length");
    if (this.#headOnly || head.status === 204 || head.status === 304 || length === "0") this.#place = "done";
    else if (head.headers.get("transfer-encoding")?.toLowerCase() === "chunked") this.#place = "chunk size";
    else {
      this.#place = "body";
      this.#left = length === undefined ? Infinity : Number(length);
      if (!(this.#left > 0)) throw new MalformedResponseError(`its Content-Length is "${length}"`);
    }
  }

  #onChunkSize(text: string): void {
    const size = /^([0-9a-f]{1,8})\s*(;.*)?$/i.exec(text)?.[1];
    if (size === undefined) throw new MalformedResponseError("a chunk of the answer has no size");
    this.#left = parseInt(size, 16);
    this.#place = this.#left === 0 ? "trailer" : "chunk";
  }
}

function readHead(text: string): HttpHead {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new MalformedResponseError("what answers is not an HTTP server");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    if (at > 0) headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return { status: Number(status), headers };
}
