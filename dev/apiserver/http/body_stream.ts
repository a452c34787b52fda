/** Bodies of requests as bytes: never more than the limit, and not for ever. */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { timedOut, tooLarge, tooManyRequests } from "./refusals.ts";

/** As many bytes as Kubernetes takes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Longer bodies wait in memory while they come: only so many at a time. */
const SMALL_BYTES = 64 * 1024;
const MAX_LARGE = 16;
/** For the whole body. */
const BODY_MS = 30_000;
/** Clients send a body to its end before they read the answer; one that goes on for longer would be read for ever. */
const MAX_PASSED_OVER_BYTES = 16 * 1024 * 1024;

/** Reads bodies; knows how many large ones are being read. */
export class BodyReader {
  readonly #timeoutMs: number;
  #large = 0;

  /** @param timeoutMs in which a body has to be there */
  constructor(timeoutMs = BODY_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The whole body. What comes after a refusal is passed over.
   * @throws {StatusError} 413 when it is too long, 429 when too many long ones are being read, 504 when it does not come
   */
  async read(request: IncomingMessage): Promise<Uint8Array> {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    // Of a body in chunks only the end tells how long it is.
    const announced = encoding !== undefined ? Infinity : Number(length ?? 0);
    if (announced === 0) return new Uint8Array();
    try {
      if (announced !== Infinity && announced > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
      if (announced <= SMALL_BYTES) return await this.#readAll(request);
      if (this.#large >= MAX_LARGE) throw tooManyRequests();
      this.#large++;
      try {
        return await this.#readAll(request);
      } finally {
        this.#large--;
      }
    } finally {
      request.resume();
    }
  }

  #readAll(request: IncomingMessage): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        request.off("data", onData).off("end", onEnd).off("close", onLost);
        finish();
      };
      const onData = (chunk: Uint8Array) => {
        size += chunk.length;
        if (size > MAX_BODY_BYTES) return settle(() => reject(tooLarge(MAX_BODY_BYTES)));
        chunks.push(chunk);
      };
      const onEnd = () => settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      const onLost = () => settle(() => reject(timedOut()));
      const timer = setTimeout(onLost, this.#timeoutMs);
      request.on("data", onData).on("end", onEnd).on("close", onLost);
    });
  }
}

/**
 * Lets the rest of a body go that nobody reads: it would block the client, and the connection.
 * @param onEndless told that it is longer than anybody would send by mistake
 */
export function passOver(request: IncomingMessage, onEndless: () => void): void {
  let left = MAX_PASSED_OVER_BYTES;
  request.on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) onEndless();
  });
}
