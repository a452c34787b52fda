/** A request and its answer, as the routes see them. */
import type { RequestHead, ResponseFields } from "./head.ts";

/** A request. */
export interface HttpRequest extends Pick<RequestHead, "method" | "target" | "headers"> {
  /** Address at the socket's other end. */
  readonly peer: string;
  /**
   * Reads the body; undefined when it is longer than `maxBytes`, or than there is room for. Then the connection ends with
   * the answer, unless the body is little and sure to come, so that it can be passed over.
   * @throws {BadRequest} when it is malformed, ends early or comes too slowly
   */
  readonly readBody: (maxBytes: number) => Promise<Uint8Array | undefined>;
}

/** A file that is sent piece by piece. */
export interface Pieces extends Disposable {
  /** Bytes in all. */
  readonly length: number;
  /**
   * The next piece, valid until the next call; undefined after the last.
   * @throws when the file ends early
   */
  next(): Promise<Uint8Array | undefined>;
}

/** An answer. Content-Length is among its fields unless its status allows no body. */
export interface HttpReply {
  readonly status: number;
  readonly fields: ResponseFields;
  /** Absent for HEAD and where there is none. */
  readonly body?: Uint8Array | Pieces;
}

/** Answers requests. What it throws becomes 500. */
export type Handler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

const encoder = new TextEncoder();

/** A line of text as an answer; HEAD gets its length alone. */
export function textReply(method: string, status: number, text: string, fields: ResponseFields = {}): HttpReply {
  const body = encoder.encode(text);
  const all = { "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(body.length), ...fields };
  return { status, fields: all, ...(method === "HEAD" ? {} : { body }) };
}
