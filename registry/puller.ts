/** From a reference to an image in the cache. */
import { type ClientOptions, RegistryClient } from "./client.ts";
import { askCredentialHelper } from "./credential_helper.ts";
import type { Credentials, CredentialSource, DockerConfig } from "./credentials.ts";
import { type Endpoint, endpointsOf } from "./endpoint.ts";
import { LayerError, ManifestError, PullError, reviveError } from "./errors.ts";
import { Limit } from "./limit.ts";
import { choosePlatform, parseDiffIds, parseManifest, type Platform } from "./manifest.ts";
import type { Descriptor } from "./media_types.ts";
import type { PullJob, PullNews, PullProgress, StopJob, SyncJob } from "./pull_job.ts";
import { parseReference, type Reference } from "./reference.ts";
import type { ImageStore } from "./store.ts";
import type { StoredImage } from "./stored_image.ts";
import type { TransportOptions } from "./transport.ts";

/** Counts what is asked of registries; a result is `ok` or one of {@link PULL_ERRORS}. What is given up does not count. */
export interface PullObserver {
  /** A reference was resolved anew, with the image here at the end. */
  ensured(result: string): void;
  /** An image of so many packed bytes was fetched and unpacked. */
  pulled(result: string, bytes: number, ms: number): void;
}

/** How images are pulled. */
export interface PullerOptions extends TransportOptions {
  /** Where they are kept. */
  readonly store: ImageStore;
  /** Which one of an index. @default linux/amd64 */
  readonly platform?: Platform;
  /** Registry to URLs or hosts that are asked first. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Of `--registry-config`: used where a Machine's own secret has nothing for a registry. */
  readonly dockerConfig?: DockerConfig;
  /** Images that are fetched and unpacked at once. @default 2 */
  readonly maxPulls?: number;
  /** What an image may unpack to. @default 64 GiB */
  readonly maxImageBytes?: number;
  /** The worker's module, where it is not beside this one (a bundle). */
  readonly workerUrl?: URL;
  /** First wait before a request is tried again. @default 250 */
  readonly retryMs?: number;
  /** Told of each look-up and pull that was not given up. @default nobody is */
  readonly observe?: PullObserver;
}

/** One image wanted. */
export interface PullRequest {
  /** As the Machine names it. */
  readonly reference: string;
  /** Under what the result is remembered: the same only for the same reference and the same credentials. */
  readonly key: string;
  /** From the Machine's pull secret. */
  readonly secret?: DockerConfig;
  /** Gives up; the worker is ended at once. */
  readonly signal?: AbortSignal;
  /** Called a few times a second while layers come in. */
  readonly progress?: (progress: PullProgress) => void;
}

const DEFAULT_PLATFORM: Platform = { os: "linux", architecture: "amd64" };
const DEFAULT_MAX_BYTES = 64 * 2 ** 30;
/** References looked up at once. */
const MAX_LOOKUPS = 8;

/** A job before it has a place. */
type PullTask = Omit<PullJob, "folder" | "maxBytes" | "howToMove">;

/** What a reference means now. */
interface Resolution {
  /** Digest of what the reference names. */
  readonly named: string;
  /** Digest of the image's manifest. */
  readonly digest: string;
  /** Absent when the image is here. */
  readonly pull?: { readonly layers: readonly Descriptor[]; readonly diffIds: readonly string[] };
}

/** Pulls images into a store. */
export class ImagePuller implements AsyncDisposable {
  readonly #options: PullerOptions;
  readonly #store: ImageStore;
  /** Pulls by digest: two references to one image are one pull. */
  readonly #running = new Map<string, Promise<StoredImage>>();
  /** What is to be waited for at the end. */
  readonly #jobs = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();
  readonly #lookups = new Limit(MAX_LOOKUPS);
  readonly #pulls: Limit;

  /** Pulls nothing yet. */
  constructor(options: PullerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#pulls = new Limit(options.maxPulls ?? 2);
  }

  /**
   * Resolves the reference anew and pulls the image unless it is here. Until that is complete the store stays as it was.
   * @throws {PullError} of the kind that says what failed
   */
  async ensure(request: PullRequest): Promise<StoredImage> {
    const { observe } = this.#options;
    return await this.#counted(this.#ensure(request), request.signal, (result) => observe?.ensured(result));
  }

  async #counted<T>(work: Promise<T>, signal: AbortSignal | undefined, tell: (result: string) => void): Promise<T> {
    try {
      const value = await work;
      tell("ok");
      return value;
    } catch (error) {
      if (!signal?.aborted) tell(error instanceof Error ? error.name : "");
      throw error;
    }
  }

  async #ensure(request: PullRequest): Promise<StoredImage> {
    const reference = parseReference(request.reference);
    const known = this.#store.binding(request.key);
    // A digest always means the same, and these credentials have been good for it once.
    if (reference.digest !== undefined && known !== undefined) return this.#store.image(known.image)!;
    let failure: unknown;
    for (const endpoint of endpointsOf(reference, this.#options.mirrors)) {
      try {
        return await this.#ensureFrom(endpoint, reference, request);
      } catch (error) {
        request.signal?.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async #ensureFrom(endpoint: Endpoint, reference: Reference, request: PullRequest): Promise<StoredImage> {
    const { signal, key } = request;
    const options = await this.#clientOptions(endpoint, reference, request);
    const found = await this.#lookups.run(() => this.#resolve(options, reference, request), signal);
    const image = found.pull === undefined
      ? this.#store.image(found.digest)!
      : await this.#pullOnce({ kind: "pull", client: options, digest: found.digest, ...found.pull }, request);
    await this.#store.bind(key, { named: found.named, image: found.digest });
    return image;
  }

  /** Asks the registry as little as possible: a tag that has not moved costs one HEAD. */
  async #resolve(options: ClientOptions, reference: Reference, { key, signal }: PullRequest): Promise<Resolution> {
    using client = new RegistryClient(options);
    const known = this.#store.binding(key);
    if (known !== undefined && await client.headDigest(reference.tag!, signal) === known.named) {
      return { named: known.named, digest: known.image };
    }
    const named = await client.manifest(reference.digest ?? reference.tag!, signal);
    let { digest } = named;
    let manifest = parseManifest(named.bytes, named.contentType);
    if (manifest.kind === "index") {
      digest = choosePlatform(manifest, this.#options.platform ?? DEFAULT_PLATFORM).digest;
      const chosen = await client.manifest(digest, signal);
      manifest = parseManifest(chosen.bytes, chosen.contentType);
    }
    if (manifest.kind === "index") throw new ManifestError("the index leads to another index");
    if (this.#store.image(digest) !== undefined) return { named: named.digest, digest };
    const { config, layers } = manifest;
    const diffIds = parseDiffIds(await client.smallBlob(config, signal), layers.length);
    return { named: named.digest, digest, pull: { layers, diffIds } };
  }

  async #clientOptions(endpoint: Endpoint, { repository }: Reference, request: PullRequest): Promise<ClientOptions> {
    const { caCerts, headTimeoutMs, idleTimeoutMs, retryMs } = this.#options;
    const credentials = await this.#credentials(endpoint.registry, request);
    return {
      endpoint,
      repository,
      ...(credentials === undefined ? {} : { credentials }),
      ...(caCerts === undefined ? {} : { caCerts }),
      ...(headTimeoutMs === undefined ? {} : { headTimeoutMs }),
      ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
      ...(retryMs === undefined ? {} : { retryMs }),
    };
  }

  /** The Machine's secret first, then the configuration of this instance. */
  async #credentials(registry: string, { secret, signal }: PullRequest): Promise<Credentials | undefined> {
    const own = secret?.find(registry);
    // A Secret may hold credentials; it may not name a program to run here.
    if (own?.kind === "credentials") return own.credentials;
    const source: CredentialSource = this.#options.dockerConfig?.find(registry);
    if (source?.kind === "helper") return await askCredentialHelper(source.helper, source.server, signal);
    return source?.credentials;
  }

  #pullOnce(job: PullTask, request: PullRequest): Promise<StoredImage> {
    const running = this.#running.get(job.digest);
    if (running !== undefined) return running;
    const { observe } = this.#options;
    const bytes = job.layers.reduce((sum, { size }) => sum + size, 0);
    const counted = () => {
      const startedMs = performance.now();
      const tell = (result: string) => observe?.pulled(result, bytes, performance.now() - startedMs);
      return this.#counted(this.#pull(job, request), request.signal, tell);
    };
    const pull = this.#pulls.run(counted, request.signal)
      .finally(() => this.#running.delete(job.digest));
    this.#running.set(job.digest, pull);
    return pull;
  }

  async #pull(job: PullTask, { signal, progress }: PullRequest): Promise<StoredImage> {
    const { howToMove } = this.#store;
    const folder = await this.#store.newFolder();
    const worker = this.#startWorker();
    const stop = AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])]);
    const maxBytes = this.#options.maxImageBytes ?? DEFAULT_MAX_BYTES;
    try {
      await this.#track(converse(worker, { ...job, folder, maxBytes, howToMove }, stop, progress));
      const image = await this.#store.adopt(folder, job.digest);
      const syncJob = { kind: "sync", folder: this.#store.folderOf(job.digest), howToMove } as const;
      const sync = converse(worker, syncJob, this.#stop.signal);
      // Not worth waiting for: a machine may boot from it now. Without the mark it leaves, files are checked at start.
      void this.#track(sync.catch(() => {}).finally(() => worker.terminate()));
      return image;
    } catch (error) {
      worker.terminate();
      await this.#track(this.#store.discard(folder));
      throw error;
    }
  }

  #track<T>(job: Promise<T>): Promise<T> {
    const tracked = job.finally(() => this.#jobs.delete(tracked));
    this.#jobs.add(tracked);
    return tracked;
  }

  /** It may reach registries and write below the cache, nothing else. */
  #startWorker(): Worker {
    return new Worker(this.#options.workerUrl ?? new URL("./pull_worker.ts", import.meta.url), {
      type: "module",
      deno: {
        permissions: { net: "inherit", read: [this.#store.folder], write: [this.#store.folder], sys: "inherit" },
      },
    });
  }

  /** Ends what still runs, and its traces. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new PullError("metalman is ending"));
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs);
  }
}

/** Gives the worker a job and waits for its end; a job that is given up ends in good order, too. */
async function converse(
  worker: Worker,
  job: PullJob | SyncJob,
  signal: AbortSignal,
  progress?: (progress: PullProgress) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => worker.postMessage({ kind: "stop" } satisfies StopJob);
  worker.onmessage = ({ data }: MessageEvent<PullNews>) => {
    if (data.kind === "progress") progress?.(data.progress);
    else if (data.kind === "failed") reject(signal.aborted ? signal.reason : reviveError(data.error));
    else resolve();
  };
  worker.onmessageerror = () => reject(new PullError("the unpacking worker said something unreadable"));
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new LayerError(`a layer cannot be unpacked: ${event.message.split("\n")[0]}`));
  };
  worker.postMessage(job);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
