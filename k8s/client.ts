/** The verbs of the Kubernetes API, typed as little as needed. */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Access } from "./access.ts";
import { type ApiObserver, observed } from "./api_observer.ts";
import { CredentialKeeper } from "./credentials.ts";
import { ApiError, type ApiErrorDetails, GarbageError, TooLargeError } from "./errors.ts";
import { type Host, systemHost } from "./host.ts";
import { type KubeObject, type ObjectName, type Resource, resourcePath } from "./object.ts";
import { proxyFor } from "./proxy.ts";
import { type Incoming, StaleConnectionError, Transport } from "./transport.ts";

/** How a client behaves. */
export interface ClientOptions {
  /** Limit of one exchange. @default 30_000 */
  readonly timeoutMs?: number;
  /** Who asks, in the server's audit log. @default "metalman" */
  readonly userAgent?: string;
  /** Time. @default the system's */
  readonly clock?: Clock;
  /** Where token files, plugins and the proxy's variables are. @default this machine */
  readonly host?: Host;
  /** Told of each exchange, those that are repeated too. @default nobody is */
  readonly observe?: ApiObserver;
  /** Names the command that grants a right, for errors. @default one that grants this right alone */
  readonly grant?: ApiErrorDetails["grant"];
}

/** A request's options. */
export interface RequestOptions {
  /** Appended to the path. */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body. @default "application/json" */
  readonly contentType?: string;
  /** Limit of one exchange. @default the client's */
  readonly timeoutMs?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** How an object is applied. */
export interface ApplyOptions extends Omit<RequestOptions, "query" | "body" | "contentType"> {
  /** Who owns the fields from now on. */
  readonly manager: string;
  /** Also those that another has set to something else. @default false */
  readonly force?: boolean;
  /** Everything is checked, nothing is kept. @default false */
  readonly dryRun?: boolean;
}

/** Which objects of a collection. */
export interface Selection {
  /** `a=b,!c`. */
  readonly labelSelector?: string;
  /** `metadata.name=x`. */
  readonly fieldSelector?: string;
}

/** A page of a list. */
export interface Page<T> {
  /** Objects. */
  readonly items: T[];
  /** A watch from here misses nothing. */
  readonly resourceVersion: string;
}

/** A watch's options. */
export interface WatchOptions {
  /** Where to go on. */
  readonly resourceVersion: string;
  /** Asks the server to end the watch after this time. */
  readonly timeoutSeconds: number;
  /** A connection that is silent for longer counts as dead. */
  readonly idleMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** No answer may be longer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 5;
const MAX_RETRY_AFTER_MS = 30_000;
const PAGE_SIZE = 500;

interface StatusBody {
  reason?: unknown;
  message?: unknown;
}

/** An error from an answer that is not 2xx; junk in its body is cut short. */
async function apiError(what: string, answer: Incoming, grant: ApiErrorDetails["grant"]): Promise<ApiError> {
  let body = "";
  try {
    body = await answer.text(256 * 1024);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
  }
  let status: StatusBody = {};
  try {
    status = JSON.parse(body) as StatusBody ?? {};
  } catch {
    status = { message: body.trim() };
  }
  const text = (value: unknown) => typeof value === "string" ? value.slice(0, 1024) : "";
  const { retryAfterMs } = answer;
  return new ApiError(what, answer.status, {
    reason: text(status.reason),
    message: text(status.message),
    ...(grant === undefined ? {} : { grant }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Speaks to one API server. */
export class KubeClient implements Disposable {
  readonly #transport: Transport;
  readonly #timeoutMs: number;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #grant: ApiErrorDetails["grant"];
  readonly #exchange: ReturnType<typeof observed>;

  /**
   * A client that has not connected yet.
   * @throws {ConfigError} when the access names a proxy of a kind that is not supported
   */
  constructor(access: Access, options: ClientOptions = {}) {
    const { timeoutMs = 30_000, userAgent = "metalman", clock = systemClock, host = systemHost } = options;
    const proxy = proxyFor(access.server, access.proxy, host);
    this.#transport = new Transport(access, new CredentialKeeper(access, host, clock), proxy);
    this.#timeoutMs = timeoutMs;
    this.#userAgent = userAgent;
    this.#clock = clock;
    this.#grant = options.grant;
    this.#exchange = observed((outgoing) => this.#transport.send(outgoing), options.observe ?? (() => {}), clock);
  }

  /** The server's URL. */
  get server(): string {
    return this.#transport.origin;
  }

  /**
   * Any request; the answer's JSON. A request lost on a stale connection and one that the server asks to repeat
   * are repeated, where that cannot do anything twice.
   * @throws {ApiError} when the server refuses
   * @throws {ConnectionError} when there is no answer
   */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const { body, query, contentType = "application/json", timeoutMs = this.#timeoutMs, signal } = options;
    const what = `${method} ${path}`;
    const answer = await this.#send(what, {
      method,
      path: path + (query === undefined ? "" : `?${new URLSearchParams(query)}`),
      headers: { "User-Agent": this.#userAgent, ...(body === undefined ? {} : { "Content-Type": contentType }) },
      timeoutMs,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await answer.text(MAX_ANSWER_BYTES);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new GarbageError(`${what}: the answer of ${this.server} is not JSON`);
    }
  }

  /** Sends until an answer is not one to try again; gives only 2xx. */
  async #send(what: string, outgoing: Parameters<Transport["send"]>[0]): Promise<Incoming> {
    const repeatable = outgoing.method !== "POST" && outgoing.method !== "PATCH";
    let refused = false;
    for (let tries = 1;; tries++) {
      let answer: Incoming;
      try {
        answer = await this.#exchange(what, outgoing);
      } catch (error) {
        if (error instanceof StaleConnectionError && repeatable && tries < MAX_TRIES) continue;
        throw error;
      }
      if (answer.status >= 200 && answer.status < 300) return answer;
      const error = await apiError(what, answer, this.#grant);
      if (error.status === 401 && !refused && this.#transport.refuse(answer.material)) {
        refused = true;
        continue;
      }
      const busy = error.status === 429 || (error.status === 503 && repeatable);
      if (!busy || error.retryAfterMs === undefined || tries >= MAX_TRIES) throw error;
      const { signal } = outgoing;
      const waitMs = Math.min(error.retryAfterMs, MAX_RETRY_AFTER_MS);
      await this.#clock.sleep(waitMs, signal === undefined ? {} : { signal });
    }
  }

  /** One object. */
  get<T extends KubeObject>(resource: Resource, object: ObjectName, options: RequestOptions = {}): Promise<T> {
    return this.request<T>("GET", resourcePath(resource, object), options);
  }

  /** Creates an object; `subresource` is for those that are created, such as `token`. */
  create<T>(resource: Resource, body: unknown, options: RequestOptions & {
    /** Whose subresource, and which. */
    readonly of?: { readonly object: ObjectName; readonly subresource: string };
  } = {}): Promise<T> {
    const { of, ...rest } = options;
    return this.request<T>("POST", resourcePath(resource, of?.object, of?.subresource), { ...rest, body });
  }

  /** Replaces an object (PUT): a resourceVersion in it that is not the newest is a conflict, 409. */
  replace<T extends KubeObject>(resource: Resource, object: T, options: RequestOptions = {}): Promise<T> {
    return this.request<T>("PUT", resourcePath(resource, object.metadata), { ...options, body: object });
  }

  /** Replaces an object's status (PUT /status); the rest of it does not count. */
  replaceStatus<T extends KubeObject>(resource: Resource, object: T, options: RequestOptions = {}): Promise<T> {
    return this.request<T>("PUT", resourcePath(resource, object.metadata, "status"), { ...options, body: object });
  }

  /**
   * Server-side apply: the object gets these fields, and loses those that the manager has set before and now does not.
   * @throws {ApiError} 409 when another manager has set one of them to something else
   */
  apply<T extends KubeObject>(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<T> {
    const { manager, force = false, dryRun = false, ...rest } = options;
    return this.request<T>("PATCH", resourcePath(resource, object.metadata), {
      ...rest,
      body: object,
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: manager, force: String(force), ...(dryRun ? { dryRun: "All" } : {}) },
    });
  }

  /** Deletes an object. */
  async delete(resource: Resource, object: ObjectName, options: RequestOptions = {}): Promise<void> {
    await this.request("DELETE", resourcePath(resource, object), options);
  }

  /**
   * A collection in pages, so that neither side holds all of it as text. Pages that are too large are asked for
   * again in smaller ones.
   * @throws {ApiError} 410 when the list expired before its end: start again
   */
  async *list<T extends KubeObject>(
    resource: Resource,
    selection: Selection = {},
    options: RequestOptions = {},
  ): AsyncGenerator<Page<T>> {
    let limit = PAGE_SIZE;
    let next = "";
    for (;;) {
      const query = { ...selection, limit: String(limit), ...(next === "" ? {} : { continue: next }) };
      let page: { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } };
      try {
        page = await this.request("GET", resourcePath(resource), { ...options, query });
      } catch (error) {
        if (!(error instanceof TooLargeError) || limit === 1) throw error;
        limit = Math.ceil(limit / 8);
        continue;
      }
      const { items, metadata } = page;
      if (!Array.isArray(items) || typeof metadata?.resourceVersion !== "string") {
        throw new GarbageError(`GET ${resourcePath(resource)}: the answer of ${this.server} is not a list`);
      }
      yield { items: items as T[], resourceVersion: metadata.resourceVersion };
      if (typeof metadata.continue !== "string" || metadata.continue === "") return;
      next = metadata.continue;
    }
  }

  /** The raw bytes of a watch, with bookmarks asked for; the first, when the server has accepted it, are none. */
  async *watch(resource: Resource, selection: Selection, options: WatchOptions): AsyncGenerator<Uint8Array> {
    const { resourceVersion, timeoutSeconds, idleMs, signal } = options;
    const query = new URLSearchParams({
      ...selection,
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    });
    const path = resourcePath(resource);
    const answer = await this.#send(`WATCH ${path}`, {
      method: "GET",
      path: `${path}?${query}`,
      headers: { "User-Agent": this.#userAgent },
      timeoutMs: this.#timeoutMs,
      idleMs,
      ...(signal === undefined ? {} : { signal }),
    });
    yield new Uint8Array(0);
    yield* answer.chunks();
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}
