/** One request and its answer: sent once, over, or given up, in bounded time and memory. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { type Clock, NOT_NEEDED } from "../base/clock.ts";
import { explainConnection } from "./tls_error.ts";
import { BmcError } from "./types.ts";
import type { Answer, Ask } from "./wire.ts";

/** How long each part of an exchange may take, in milliseconds, and how much it may hold. */
export interface TransportLimits {
  /** Name and TCP connection. @default 15000 */
  readonly connectMs?: number;
  /** TLS; old BMCs need seconds for it. @default 15000 */
  readonly handshakeMs?: number;
  /** From the request to the answer's head. @default 60000 */
  readonly headMs?: number;
  /** The whole body. @default 30000 */
  readonly bodyMs?: number;
  /** Of a body. @default 4 MiB */
  readonly maxBytes?: number;
}

/** Where nothing else is said. */
export const LIMITS: Required<TransportLimits> = {
  connectMs: 15_000,
  handshakeMs: 15_000,
  headMs: 60_000,
  bodyMs: 30_000,
  maxBytes: 4 * 1024 * 1024,
};

const HEADERS = {
  Accept: "application/json",
  // A compressed answer has another ETag than the document it is of.
  "Accept-Encoding": "identity",
  "OData-Version": "4.0",
  "User-Agent": "metalman",
};

/** A kept connection that the BMC had closed before the request reached it. */
export class StaleConnectionError extends BmcError {}

/** Parts of an exchange, each with its time limit. */
export type Phase = "connect" | "handshake" | "head" | "body";

const LATE: Readonly<Record<Phase, string>> = {
  connect: "no connection",
  handshake: "no end of the TLS handshake",
  head: "no answer to the request",
  body: "no end of the answer",
};

/** One request and its answer. */
export class Exchange {
  readonly #limits: Required<TransportLimits>;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #settled = Promise.withResolvers<Answer>();
  /** Of a connection that this exchange opened. */
  socket: TLSSocket | undefined;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #timer = new AbortController();
  #isReused = false;
  #isDone = false;
  readonly #onAbort = () => this.#fail(this.#signal.reason);

  /** Sends nothing yet. */
  constructor(limits: Required<TransportLimits>, clock: Clock, signal: AbortSignal) {
    this.#limits = limits;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Sends it; settles when the answer was read, or the time is over, or the signal aborts. */
  run({ method, path, headers, body }: Ask, agent: Agent, origin: URL): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = httpsRequest({
      agent,
      method,
      host: origin.hostname.replace(/^\[|\]$/g, ""),
      port: Number(origin.port || 443),
      path,
      headers: {
        Host: origin.host,
        ...HEADERS,
        ...(text === undefined ? {} : {
          "Content-Type": "application/json",
          "Content-Length": String(new TextEncoder().encode(text).length),
        }),
        ...headers,
      },
    });
    this.#request = request;
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    request.once("socket", () => {
      this.#isReused = this.socket === undefined;
      if (this.#isReused) this.enter("head");
      // Deno sends a request again, unasked, when it fails on a kept connection and this is true.
      request.reusedSocket = false;
    });
    request.once("response", (response) => this.#onResponse(response));
    request.on("error", (error) => this.#onError(error));
    request.end(text);
    return this.#settled.promise;
  }

  /** Another part of the exchange begins, with its own time limit. */
  enter(phase: Phase): void {
    this.#timer.abort(NOT_NEEDED);
    if (this.#isDone) return;
    const timer = this.#timer = new AbortController();
    const ms = this.#limits[`${phase}Ms`];
    const late = () => this.#fail(new BmcError("unreachable", `${LATE[phase]} within ${ms / 1000} s`));
    this.#clock.sleep(ms, { signal: timer.signal }).then(late, () => {});
  }

  #end(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#timer.abort(NOT_NEEDED);
    this.#signal.removeEventListener("abort", this.#onAbort);
    return true;
  }

  #fail(reason: unknown): void {
    if (!this.#end()) return;
    this.#settled.reject(reason);
    this.#response?.destroy();
    this.#request?.destroy();
    this.socket?.destroy();
  }

  #onError(error: Error & { code?: string }): void {
    if (error instanceof BmcError) return this.#fail(error);
    const code = error.code ?? "ECONNRESET";
    if (this.#isReused && (code === "ECONNRESET" || code === "EPIPE")) {
      return this.#fail(new StaleConnectionError("unreachable", "it closed the connection before it answered"));
    }
    if (code.startsWith("HPE_")) {
      return this.#fail(new BmcError("protocol", `it does not answer in HTTP: ${error.message}`));
    }
    const { fault, text } = explainConnection(code, error.message);
    this.#fail(new BmcError(fault, text));
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    this.enter("body");
    const chunks: Uint8Array[] = [];
    let length = 0;
    response.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      chunks.push(chunk);
      const { maxBytes } = this.#limits;
      if (length > maxBytes) this.#fail(new BmcError("protocol", `it answers with more than ${maxBytes} bytes`));
    });
    response.once("end", () => this.#onEnd(response, chunks));
    response.on("error", () => this.#onBroken(response, chunks));
    response.once("close", () => this.#onBroken(response, chunks));
  }

  /** iDRAC 8 breaks off its answer to an expired token; its status says all there is to know. */
  #onBroken(response: IncomingMessage, chunks: readonly Uint8Array[]): void {
    if (this.#isDone) return;
    if ((response.statusCode ?? 0) >= 400) this.#onEnd(response, chunks);
    else this.#fail(new BmcError("unreachable", "it broke off its answer"));
  }

  #onEnd(response: IncomingMessage, chunks: readonly Uint8Array[]): void {
    if (!this.#end()) return;
    const headers: Record<string, string> = Object.create(null);
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
    }
    const text = new TextDecoder().decode(concat(chunks));
    this.#settled.resolve({ status: response.statusCode ?? 0, headers, text });
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
