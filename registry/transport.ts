/** HTTP with time limits, bounded redirects and errors that say what failed. */
import { DnsError, PullError, TlsError, UnavailableError } from "./errors.ts";

/** Limits of requests, and whom to trust. */
export interface TransportOptions {
  /** PEM certificates trusted besides the system's. */
  readonly caCerts?: readonly string[];
  /** From the request to the response's head. @default 30_000 */
  readonly headTimeoutMs?: number;
  /** Between two pieces of a body. @default 60_000 */
  readonly idleTimeoutMs?: number;
}

/** One request. */
export interface TransportRequest {
  /** POST only for token servers. @default "GET" */
  readonly method?: "GET" | "HEAD" | "POST";
  /** `authorization` is not sent on to another host or port. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly form?: URLSearchParams;
  /** Ends request and body. */
  readonly signal?: AbortSignal;
}

const MAX_REDIRECTS = 5;

/**
 * fetch tells its failures apart only by their text; this is the one place that reads it.
 * @param host named in the message
 */
function explainFetchError(error: unknown, host: string): PullError {
  if (error instanceof PullError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    return new PullError(`metalman was started without the right to reach ${host} (--allow-net)`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const text = `${error instanceof Error ? error.message : error} ${cause}`;
  const detail = text.replace(/^.*client error \(\w+\):\s*/s, "").trim().slice(0, 200);
  if (/dns error|failed to lookup/i.test(text)) {
    return new DnsError(`the name of ${host} does not resolve; check the name and this host's DNS`);
  }
  if (/certificate/i.test(text)) {
    return new TlsError(`the certificate of ${host} is not trusted (${detail}); give its CA with --registry-ca`);
  }
  if (/InvalidContentType|handshake|fatal alert/i.test(text)) {
    return new TlsError(`${host} does not speak TLS as it should (${detail})`);
  }
  return new UnavailableError(`${host} cannot be reached or broke off: ${detail}`);
}

/** A response; its body is read once, or dropped when it is disposed. */
export class TransportResponse implements AsyncDisposable {
  /** HTTP status. */
  readonly status: number;
  /** Of the last response in a chain of redirects. */
  readonly headers: Headers;
  readonly #host: string;
  readonly #body: ReadableStream<Uint8Array> | null;
  readonly #deadline: Deadline;
  readonly #idleTimeoutMs: number;

  /** Made by {@link Transport}. */
  constructor(response: Response, host: string, deadline: Deadline, idleTimeoutMs: number) {
    this.status = response.status;
    this.headers = response.headers;
    this.#body = response.body;
    this.#host = host;
    this.#deadline = deadline;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /**
   * The body in pieces.
   * @throws {UnavailableError} when it breaks off or stalls
   */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    if (this.#body === null) return;
    const reader = this.#body.getReader();
    try {
      while (true) {
        this.#deadline.extend(
          this.#idleTimeoutMs,
          `${this.#host} has sent nothing for ${this.#idleTimeoutMs / 1000} s`,
        );
        const { done, value } = await this.#deadline.race(reader.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#deadline.reason ?? explainFetchError(error, this.#host);
    } finally {
      this.#deadline.clear();
      // Not awaited: after an abort it may never settle.
      reader.cancel().catch(() => {});
    }
  }

  /**
   * The whole body.
   * @throws {UnavailableError} when it is longer than `limit` bytes
   */
  async bytes(limit: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of this.chunks()) {
      length += part.length;
      if (length > limit) throw new UnavailableError(`${this.#host} answered with more than ${limit} bytes`);
      parts.push(part);
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Drops what was not read. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#deadline.clear();
    if (this.#body !== null && !this.#body.locked) await this.#body.cancel().catch(() => {});
  }
}

/** An abort signal with a time limit that can be moved, joined to the caller's signal. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = () => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = 0;
  #firesAt = 0;
  #message = "";

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#onAbort();
    outer?.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it ended; undefined while it did not. */
  get reason(): unknown {
    return this.signal.aborted ? this.signal.reason : undefined;
  }

  /** Ends the request with the message unless it is extended again within `ms`. */
  extend(ms: number, message: string): void {
    this.#at = performance.now() + ms;
    this.#message = message;
    // Moving a timer for each piece of a body would cost more than the piece: one that fires too early looks again.
    if (this.#timer !== undefined && this.#firesAt <= this.#at) return;
    this.#arm(ms);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  /** The work's outcome, or the end of the time: the runtime does not always end a read whose signal was aborted. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(this.signal.reason);
      if (this.signal.aborted) onAbort();
      this.signal.addEventListener("abort", onAbort, { once: true });
      work.then(resolve, reject).finally(() => this.signal.removeEventListener("abort", onAbort));
    });
  }

  #check(): void {
    const leftMs = this.#at - performance.now();
    if (leftMs > 1) this.#arm(leftMs);
    else this.#controller.abort(new UnavailableError(this.#message));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}

/** Makes requests and holds the connections. */
export class Transport implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #headTimeoutMs: number;
  readonly #idleTimeoutMs: number;

  /** Connects to nothing yet. */
  constructor({ caCerts = [], headTimeoutMs = 30_000, idleTimeoutMs = 60_000 }: TransportOptions = {}) {
    // One silent HTTP/2 connection would hold up every later request to its host.
    this.#client = Deno.createHttpClient({ caCerts: [...caCerts], http2: false });
    this.#headTimeoutMs = headTimeoutMs;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /**
   * Follows redirects; credentials stay with the host and port they were meant for.
   * @throws {PullError} of the kind that fits
   */
  async request(url: string, request: TransportRequest = {}): Promise<TransportResponse> {
    let at = new URL(url);
    let headers = request.headers ?? {};
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#once(at, { ...request, headers });
      const location = response.headers.get("location");
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
      await response[Symbol.asyncDispose]();
      if (!URL.canParse(location, at)) throw new UnavailableError(`${at.host} redirects to no URL`);
      const to = new URL(location, at);
      if (at.protocol === "https:" && to.protocol !== "https:") {
        throw new TlsError(`${at.host} redirects to ${to.host} without TLS, which is refused`);
      }
      if (to.origin !== at.origin) {
        headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
      }
      at = to;
    }
    throw new UnavailableError(`${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`);
  }

  async #once(url: URL, { method = "GET", headers = {}, form, signal }: TransportRequest): Promise<TransportResponse> {
    const deadline = new Deadline(signal);
    deadline.extend(this.#headTimeoutMs, `${url.host} has not answered for ${this.#headTimeoutMs / 1000} s`);
    try {
      const response = await deadline.race(fetch(url, {
        method,
        // Bodies are digests' preimages: no one may re-encode them.
        headers: { "accept-encoding": "identity", ...headers },
        redirect: "manual",
        client: this.#client,
        signal: deadline.signal,
        ...(form === undefined ? {} : { body: form }),
      }));
      return new TransportResponse(response, url.host, deadline, this.#idleTimeoutMs);
    } catch (error) {
      deadline.clear();
      throw deadline.reason ?? explainFetchError(error, url.host);
    }
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }
}
