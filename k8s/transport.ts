/**
 * HTTP to one API server: connections kept alive, TLS as the kubeconfig wants it, proxies, time limits.
 * Every request settles, whatever the other side does.
 */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Access } from "./access.ts";
import type { CredentialKeeper, Material } from "./credentials.ts";
import { ConnectionError, SilenceError, TooLargeError } from "./errors.ts";
import { plainHost, proxyHeaders, TunnelAgent } from "./tunnel.ts";

/** One request. */
export interface Outgoing {
  /** `GET`. */
  readonly method: string;
  /** Path and query below the server's URL. */
  readonly path: string;
  /** Besides those of the credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent with its length. */
  readonly body?: string;
  /** Limit of the whole exchange; with `idleMs`, of the wait for the answer's head. */
  readonly timeoutMs: number;
  /** For answers without end: the longest time without a byte. */
  readonly idleMs?: number;
  /** Ends it; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A request that was lost because the server had closed a connection we kept: it was not processed. */
export class StaleConnectionError extends ConnectionError {
  /** The class, in logs. */
  override name = "StaleConnectionError";
}

/** The head of an answer, and a way to its body. */
export interface Incoming {
  /** HTTP status. */
  readonly status: number;
  /** Retry-After in milliseconds, when it is a number of seconds. */
  readonly retryAfterMs?: number;
  /** What the request was made with. */
  readonly material: Material;
  /** The body as it comes; stopping early closes the connection. */
  chunks(): AsyncGenerator<Uint8Array>;
  /**
   * The whole body.
   * @throws {TooLargeError} when it is longer than `maxBytes`
   */
  text(maxBytes: number): Promise<string>;
}

/** Of one client; what is beyond waits. */
const MAX_SOCKETS = 64;

/** Sends requests with fresh credentials over kept connections. */
export class Transport implements Disposable {
  readonly #access: Access;
  readonly #keeper: CredentialKeeper;
  readonly #proxy: URL | undefined;
  #agent: { of: Material; agent: HttpAgent | HttpsAgent } | undefined;

  /**
   * Connects to nothing yet.
   * @param proxy an HTTP proxy, when the server is behind one
   */
  constructor(access: Access, keeper: CredentialKeeper, proxy: URL | undefined) {
    this.#access = access;
    this.#keeper = keeper;
    this.#proxy = proxy;
  }

  /** The server's URL, for messages. */
  get origin(): string {
    return this.#access.server.href;
  }

  /** Says that the server did not accept these credentials; returns whether there may be newer ones. */
  refuse(material: Material): boolean {
    return this.#keeper.refuse(material);
  }

  /** Resolves once the answer's head is there. */
  async send(outgoing: Outgoing): Promise<Incoming> {
    const material = await this.#keeper.material();
    // Only now: an abort during the wait would have gone unheard.
    outgoing.signal?.throwIfAborted();
    const agent = this.#agentFor(material);
    return await new Promise((resolve, reject) =>
      new Exchange(this.#options(outgoing, material, agent), outgoing, {
        origin: this.origin,
        material,
        resolve,
        reject: (error) => {
          if (error instanceof StaleConnectionError) this.#dropIdle();
          reject(error);
        },
      })
    );
  }

  #options({ method, path, headers, body }: Outgoing, material: Material, agent: HttpAgent | HttpsAgent) {
    const { server } = this.#access;
    const forwarded = server.protocol === "http:" ? this.#proxy : undefined;
    const target = forwarded ?? server;
    const fullPath = server.pathname.replace(/\/$/, "") + path;
    return {
      secure: server.protocol === "https:",
      agent,
      method,
      host: plainHost(target),
      port: target.port || (target.protocol === "https:" ? 443 : 80),
      path: forwarded === undefined ? fullPath : `${server.origin}${fullPath}`,
      headers: {
        Host: server.host,
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Length": String(new TextEncoder().encode(body).length) }),
        ...(forwarded === undefined ? {} : proxyHeaders(forwarded)),
        ...headers,
        ...material.headers,
      },
    };
  }

  /** One agent as long as certificates stay the same. */
  #agentFor(material: Material): HttpAgent | HttpsAgent {
    const current = this.#agent;
    const { ca, cert, key } = material;
    if (current !== undefined && current.of.ca === ca && current.of.cert === cert && current.of.key === key) {
      return current.agent;
    }
    current?.agent.destroy();
    const { server, insecure, tlsServerName } = this.#access;
    // As many may rest as there may be: else each burst makes connections anew, and a handshake costs more than a request.
    const keep = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS };
    const name = tlsServerName ?? plainHost(server);
    const secure = {
      ...keep,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key }),
      ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    };
    const authority = `${server.hostname}:${server.port || 443}`;
    const agent = server.protocol === "http:"
      ? new HttpAgent(keep)
      : this.#proxy === undefined
      ? new HttpsAgent(secure)
      : new TunnelAgent(secure, this.#proxy, authority);
    this.#agent = { of: material, agent };
    return agent;
  }

  /** When one kept connection is dead, the server was probably restarted and all are. */
  #dropIdle(): void {
    for (const sockets of Object.values(this.#agent?.agent.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }
}

interface ExchangeContext {
  readonly origin: string;
  readonly material: Material;
  resolve(incoming: Incoming): void;
  reject(error: unknown): void;
}

/** One request and its answer, with its time limits. */
class Exchange implements Incoming {
  readonly #context: ExchangeContext;
  readonly #outgoing: Outgoing;
  readonly #request: ReturnType<typeof httpRequest>;
  #response: IncomingMessage | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reused = false;
  /** Why it was ended from here. */
  #failure: unknown;
  readonly #onAbort = () => this.#fail(this.#outgoing.signal?.reason);

  constructor(
    { secure, ...options }: { secure: boolean } & Record<string, unknown>,
    outgoing: Outgoing,
    context: ExchangeContext,
  ) {
    this.#context = context;
    this.#outgoing = outgoing;
    this.#arm(outgoing.timeoutMs);
    outgoing.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#request = (secure ? httpsRequest : httpRequest)(options);
    this.#request.once("socket", () => {
      this.#reused = this.#request.reusedSocket;
      // Deno sends a request again, unasked, when it fails on a kept connection and this is true.
      this.#request.reusedSocket = false;
    });
    this.#request.once("response", (response) => this.#onResponse(response));
    this.#request.on("error", (error) => this.#onError(error));
    this.#request.end(outgoing.body);
  }

  get status(): number {
    return this.#response?.statusCode ?? 0;
  }

  get retryAfterMs(): number | undefined {
    const value = this.#response?.headers["retry-after"];
    return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
  }

  get material(): Material {
    return this.#context.material;
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { origin } = this.#context;
      const isIdle = this.#response !== undefined && this.#outgoing.idleMs !== undefined;
      if (isIdle) this.#fail(new SilenceError(`${origin} said nothing`, "ETIMEDOUT", `in ${ms} ms`));
      else this.#fail(new ConnectionError(`no answer from ${origin}`, "ETIMEDOUT", `in ${ms} ms`));
    }, ms);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#outgoing.signal?.removeEventListener("abort", this.#onAbort);
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#finish();
    this.#response?.destroy();
    this.#request.destroy();
    this.#context.reject(this.#failure);
  }

  #onError(error: Error & { code?: string }): void {
    const code = error.code ?? "ECONNRESET";
    const lost = this.#reused && (code === "ECONNRESET" || code === "EPIPE");
    const what = `cannot reach ${this.#context.origin}`;
    this.#fail(
      error instanceof ConnectionError
        ? error
        : lost
        ? new StaleConnectionError(what, code)
        : new ConnectionError(what, code, error.message.includes(code) ? "" : error.message),
    );
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    response.once("close", () => this.#finish());
    if (this.#outgoing.idleMs !== undefined) this.#arm(this.#outgoing.idleMs);
    this.#context.resolve(this);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const { idleMs } = this.#outgoing;
    try {
      for await (const chunk of this.#response!) {
        if (idleMs !== undefined) this.#arm(idleMs);
        yield chunk as Uint8Array;
      }
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      const code = (error as { code?: string }).code ?? "ECONNRESET";
      throw new ConnectionError(`${this.#context.origin} broke off its answer`, code);
    } finally {
      this.#finish();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async text(maxBytes: number): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    let length = 0;
    for await (const chunk of this.chunks()) {
      length += chunk.length;
      if (length > maxBytes) {
        throw new TooLargeError(`${this.#context.origin} answers with more than ${maxBytes} bytes`);
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }
}
