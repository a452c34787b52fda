/** Bodies of requests as bytes: never more than the limit, and not for ever. */
import { timedOut, tooLarge, tooManyRequests } from "./refusals.ts";

/** As many bytes as Kubernetes takes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Longer bodies wait in memory while they come: only so many at a time. */
const SMALL_BYTES = 64 * 1024;
const MAX_LARGE = 16;
/** For the whole body. */
const BODY_MS = 30_000;

/** Reads bodies; knows how many large ones are being read. */
export class BodyReader {
  readonly #timeoutMs: number;
  #large = 0;

  /** @param timeoutMs in which a body has to be there */
  constructor(timeoutMs = BODY_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The whole body.
   * @throws {StatusError} 413 when it is too long, 429 when too many long ones are being read, 504 when it does not come
   */
  async read(request: Pick<Request, "body" | "headers">): Promise<Uint8Array> {
    const { body, headers } = request;
    if (body === null) return new Uint8Array();
    const length = headers.get("content-length");
    const announced = length === null ? Infinity : Number(length);
    // No length is announced: of a body in chunks only the end tells.
    if (announced !== Infinity && announced > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
    if (announced <= SMALL_BYTES) return await this.#readAll(body);
    if (this.#large >= MAX_LARGE) throw tooManyRequests();
    this.#large++;
    try {
      return await this.#readAll(body);
    } finally {
      this.#large--;
    }
  }

  async #readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
    const reader = body.getReader();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reader.cancel().catch(() => {});
    }, this.#timeoutMs);
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (late) throw timedOut();
        if (done) return chunks.length === 1 ? chunks[0]! : joined(chunks, size);
        size += value.length;
        if (size > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
        chunks.push(value);
      }
    } finally {
      clearTimeout(timer);
      reader.cancel().catch(() => {});
    }
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
