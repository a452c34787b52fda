/** The pull side of the distribution API (distribution-spec 1.1), with its ways to log in. */
import { createHash } from "node:crypto";
import { backoffMs } from "../base/backoff.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Credentials } from "./credentials.ts";
import { type Endpoint, parseChallenge } from "./endpoint.ts";
import {
  CutShortError,
  DigestError,
  ManifestError,
  NotFoundError,
  PullError,
  UnauthorizedError,
  UnavailableError,
} from "./errors.ts";
import { logIn } from "./log_in.ts";
import { type Descriptor, MANIFEST_ACCEPT, MAX_MANIFEST_BYTES } from "./media_types.ts";
import { isDigest } from "./reference.ts";
import { Transport, type TransportOptions, type TransportResponse } from "./transport.ts";

/** Which repository, as whom. All of it can be sent to a worker. */
export interface ClientOptions extends TransportOptions {
  /** The registry or a mirror of it. */
  readonly endpoint: Endpoint;
  /** `library/debian`. */
  readonly repository: string;
  /** Shown only when the registry asks. */
  readonly credentials?: Credentials;
  /** First wait before a request is tried again; it doubles. @default 250 */
  readonly retryMs?: number;
}

/** A manifest as it came, verified. */
export interface FetchedManifest {
  /** What the digest is of. */
  readonly bytes: Uint8Array;
  /** As the registry calls it. */
  readonly contentType: string;
  /** Computed, not believed. */
  readonly digest: string;
}

const TRIES = 4;
/** Cuts of one blob that made progress each; more of them is a registry that does not work. */
const MAX_RESUMES = 50;
const MAX_RETRY_AFTER_MS = 10_000;

/** Asks of one request. */
interface Ask {
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Reads manifests and blobs of one repository. */
export class RegistryClient implements Disposable {
  readonly #transport: Transport;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  #base: string;
  #authorization: string | undefined;

  /**
   * A client for one repository; it asks nothing yet.
   * @param clock waits between tries
   */
  constructor(options: ClientOptions, clock: Clock = systemClock) {
    this.#options = options;
    this.#clock = clock;
    this.#transport = new Transport(options);
    this.#base = options.endpoint.base;
    const token = options.credentials?.registryToken;
    this.#authorization = token === undefined ? undefined : `Bearer ${token}`;
  }

  /**
   * The digest that the registry names for a tag, without its bytes: enough to see that nothing changed.
   * Undefined when the registry does not say.
   */
  async headDigest(tag: string, signal?: AbortSignal): Promise<string | undefined> {
    await using response = await this.#get(`manifests/${tag}`, {
      method: "HEAD",
      headers: { accept: MANIFEST_ACCEPT },
      ...(signal === undefined ? {} : { signal }),
    });
    const digest = response.headers.get("docker-content-digest") ?? "";
    return isDigest(digest) ? digest : undefined;
  }

  /**
   * A manifest or index by tag or digest.
   * @throws {DigestError} when a digest was asked for and other bytes came
   */
  async manifest(name: string, signal?: AbortSignal): Promise<FetchedManifest> {
    await using response = await this.#get(`manifests/${name}`, {
      headers: { accept: MANIFEST_ACCEPT },
      ...(signal === undefined ? {} : { signal }),
    });
    const bytes = await response.bytes(MAX_MANIFEST_BYTES);
    const algorithm = isDigest(name) ? name.slice(0, name.indexOf(":")) : "sha256";
    const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
    if (isDigest(name) && digest !== name) {
      throw new DigestError(`the registry answered for manifest ${name} with one whose digest is ${digest}`);
    }
    return { bytes, contentType: response.headers.get("content-type") ?? "", digest };
  }

  /** A small blob as a whole, verified. */
  async smallBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array> {
    if (descriptor.size > MAX_MANIFEST_BYTES) {
      throw new ManifestError(
        `the image configuration has ${descriptor.size} bytes; at most ${MAX_MANIFEST_BYTES} are read`,
      );
    }
    const whole = new Uint8Array(descriptor.size);
    let at = 0;
    for await (const chunk of this.blob(descriptor, signal)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    const [algorithm] = descriptor.digest.split(":");
    if (`${algorithm}:${createHash(algorithm!).update(whole).digest("hex")}` !== descriptor.digest) {
      throw new DigestError(`blob ${descriptor.digest} has another digest`);
    }
    return whole;
  }

  /**
   * A blob in pieces, exactly as many bytes as announced. A cut is resumed where it happened.
   * The caller verifies the digest.
   * @throws {CutShortError} when the registry ends it early again and again
   */
  async *blob({ digest, size }: Descriptor, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let received = 0;
    let fruitless = 0;
    for (let resumes = 0; received < size || resumes === 0; resumes++) {
      const before = received;
      let broken: unknown;
      try {
        for await (const chunk of this.#blobFrom(digest, received, signal)) {
          received += chunk.length;
          if (received > size) throw new DigestError(`blob ${digest} is longer than the ${size} bytes announced`);
          yield chunk;
        }
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        broken = error;
      }
      if (received === size) return;
      fruitless = received > before ? 0 : fruitless + 1;
      if (fruitless >= TRIES || resumes >= MAX_RESUMES) {
        const why = broken instanceof Error ? `: ${broken.message}` : "";
        throw new CutShortError(`blob ${digest} was cut short after ${received} of ${size} bytes${why}`);
      }
      await this.#pause(fruitless + 1, signal);
    }
  }

  /** The blob from an offset on; a registry that ignores Range sends all of it, and the start is dropped. */
  async *#blobFrom(digest: string, from: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    await using response = await this.#get(`blobs/${digest}`, {
      ...(from === 0 ? {} : { headers: { range: `bytes=${from}-` } }),
      ...(signal === undefined ? {} : { signal }),
    });
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    let skip = from;
    if (response.status === 206) {
      if (Number(start) !== from) {
        throw new UnavailableError(`the registry answered for another range of blob ${digest}`);
      }
      skip = 0;
    }
    for await (const chunk of response.chunks()) {
      if (skip >= chunk.length) skip -= chunk.length;
      else {
        yield chunk.subarray(skip);
        skip = 0;
      }
    }
  }

  /** A request that is tried again while the registry is unwell. */
  async #get(path: string, ask: Ask): Promise<TransportResponse> {
    for (let failures = 1;; failures++) {
      try {
        return await this.#authorized(path, ask);
      } catch (error) {
        ask.signal?.throwIfAborted();
        if (!(error instanceof UnavailableError) || failures >= TRIES) throw error;
        await this.#pause(failures, ask.signal, error.retryAfterMs);
      }
    }
  }

  #pause(failures: number, signal?: AbortSignal, atLeastMs = 0): Promise<void> {
    const ms = backoffMs(failures, { baseMs: this.#options.retryMs ?? 250, maxMs: 5000 }, Math.random());
    return this.#clock.sleep(
      Math.max(ms, Math.min(atLeastMs, MAX_RETRY_AFTER_MS)),
      signal === undefined ? {} : { signal },
    );
  }

  /** A request; on 401 logs in and sends it once more. */
  async #authorized(path: string, ask: Ask): Promise<TransportResponse> {
    const first = await this.#send(path, ask);
    if (first.status === 400 && await this.#wantsTls(first)) {
      this.#base = this.#base.replace(/^http:/, "https:");
      return this.#authorized(path, ask);
    }
    if (first.status !== 401) return await this.#checked(first);
    const challenge = parseChallenge(first.headers.get("www-authenticate"));
    await first[Symbol.asyncDispose]();
    this.#authorization = await logIn(challenge, {
      ...this.#options,
      transport: this.#transport,
      base: this.#base,
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    });
    return await this.#checked(await this.#send(path, ask));
  }

  #send(path: string, { method = "GET", headers = {}, signal }: Ask): Promise<TransportResponse> {
    const authorization: Record<string, string> = this.#authorization ? { authorization: this.#authorization } : {};
    return this.#transport.request(`${this.#base}/v2/${this.#options.repository}/${path}`, {
      method,
      headers: { ...headers, ...authorization },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Go's and nginx's answer to plain HTTP on a TLS port: a private registry that does have a certificate. */
  async #wantsTls(response: TransportResponse): Promise<boolean> {
    if (!this.#base.startsWith("http:")) return false;
    const text = new TextDecoder().decode(await response.bytes(64 * 1024));
    if (/HTTP request (was sent )?to (an )?HTTPS/i.test(text)) return true;
    throw new UnavailableError(`${this.#host} answered with status 400: ${text.slice(0, 200)}`);
  }

  get #host(): string {
    return new URL(this.#base).host;
  }

  get #what(): string {
    return `${this.#host}/${this.#options.repository}`;
  }

  /** Passes a good response on; the others become errors with the registry's own words. */
  async #checked(response: TransportResponse): Promise<TransportResponse> {
    const { status } = response;
    if (status === 200 || status === 206) return response;
    const retryAfter = Number(response.headers.get("retry-after") ?? 0) * 1000 || 0;
    const words = await registryWords(response);
    if (status === 401 || status === 403) {
      const who = this.#options.credentials === undefined ? "without credentials" : "with the credentials given";
      throw new UnauthorizedError(`${this.#what} may not be read ${who}${words}`);
    }
    if (status === 404) throw new NotFoundError(`${this.#what} has no such image or blob${words}`);
    if (status === 416) throw new CutShortError(`${this.#host} has fewer bytes of a blob than announced`);
    if (status === 429 || status >= 500 || status === 408) {
      throw new UnavailableError(`${this.#host} answered with status ${status}${words}`, retryAfter);
    }
    throw new PullError(`${this.#host} answered with status ${status}${words}`);
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}

/** The first message of an error body (distribution-spec "Error Codes"), fit for a log line. */
async function registryWords(response: TransportResponse): Promise<string> {
  try {
    const body = JSON.parse(new TextDecoder().decode(await response.bytes(64 * 1024)));
    const { code, message } = body.errors[0];
    return `: ${`${code} ${message}`.replace(/[^\x20-\x7e]+/g, " ").slice(0, 200)}`;
  } catch {
    return "";
  }
}
