/** Keeps the images that Machines name in the cache and says which one a machine gets. */
import { backoffMs } from "../base/backoff.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import type { EVENT_REASONS, EventReason, TellOwner } from "../machine/event_reasons.ts";
import type { Machine } from "../machine/types.ts";
import { type DockerConfig, parseDockerCfg, parseDockerConfig } from "../registry/credentials.ts";
import { CredentialsError, ImageReferenceError, PullError } from "../registry/errors.ts";
import type { PullProgress } from "../registry/pull_job.ts";
import type { ImagePuller } from "../registry/puller.ts";
import { formatReference, parseReference } from "../registry/reference.ts";
import type { ImageStore } from "../registry/store.ts";
import type { StoredImage } from "../registry/stored_image.ts";
import { chooseImage, type ImagePin, pinHolds } from "./image_choice.ts";

/** What the controller works with. */
export interface ImageControllerOptions {
  /** Every Machine that this instance serves. */
  readonly machines: { all(): Iterable<Machine> };
  /** Where images are. */
  readonly store: ImageStore;
  /** Brings them there. */
  readonly puller: Pick<ImagePuller, "ensure">;
  /** `data` of a Secret as the API gives it (base64); undefined when there is no such Secret. */
  readonly readSecret: (
    namespace: string,
    name: string,
    signal: AbortSignal,
  ) => Promise<Readonly<Record<string, string>> | undefined>;
  /** For the operator. */
  readonly log: Logger;
  /** Tells the Machine's owner, as an Event. */
  readonly report: TellOwner;
  /** For all waits. @default the system's */
  readonly clock?: Clock;
  /** From 0 to 1, so that many instances do not ask at once. */
  readonly random: () => number;
}

/** A tag is looked up again after this (contract 9). */
const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 30_000;
const PROGRESS_MS = 5_000;
const SWEEP_MS = 60_000;
/** An image that nobody needs any more is kept this long: edits are undone, Machines are made again. */
const GRACE_MS = 60 * 60_000;

/** A reference as one set of credentials sees it. */
interface Want {
  readonly key: string;
  readonly reference: string;
  readonly secret: Machine["imagePullSecret"];
  readonly stop: AbortController;
  image: StoredImage | undefined;
  /** Why the last look-up failed. */
  failure: string | undefined;
  progress: PullProgress | undefined;
}

/**
 * The same only for the same reference and the same pull secret: what one Machine's secret could pull
 * is nothing that another Machine may have.
 */
function keyOf(reference: string, secret: Machine["imagePullSecret"]): string {
  let full = reference;
  try {
    full = formatReference(parseReference(reference));
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
  }
  return secret === undefined ? full : `${full} ${secret.namespace}/${secret.name}`;
}

/** Answers which image a machine gets; pulls in the background. */
export class ImageController implements AsyncDisposable {
  readonly #options: ImageControllerOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #tasks: TaskGroup;
  readonly #wants = new Map<string, Want>();
  readonly #pins = new Map<string, ImagePin<StoredImage>>();

  /** Does nothing yet: {@link machineChanged} and {@link imageFor} start the pulls. */
  constructor(options: ImageControllerOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#tasks = new TaskGroup(options.log);
  }

  /** To be called once, when every Machine is known: from here on images that none of them needs are removed. */
  start(): void {
    this.#tasks.start("image sweep", async (signal) => {
      while (true) {
        await this.#sweep();
        await this.#clock.sleep(SWEEP_MS, { signal });
      }
    });
  }

  /** A Machine is new or was edited. */
  machineChanged(machine: Machine): void {
    if (machine.image !== undefined) this.#want(machine.image, machine.imagePullSecret);
  }

  /** The image a Machine boots from now, or why there is none. Answers from memory. */
  imageFor(machine: Machine, starting: boolean): StoredImage | { readonly reason: string } {
    if (machine.image === undefined) return { reason: `Machine ${machine.name} names no image (spec.pxe.image)` };
    const want = this.#want(machine.image, machine.imagePullSecret);
    const { image, pin } = chooseImage({
      uid: machine.uid,
      key: want.key,
      starting,
      current: want.image,
      pin: this.#pins.get(machine.name),
      nowMs: this.#clock.now(),
    });
    if (pin === undefined) this.#pins.delete(machine.name);
    else this.#pins.set(machine.name, pin);
    return image ?? { reason: missingReason(want) };
  }

  #want(reference: string, secret: Machine["imagePullSecret"]): Want {
    const key = keyOf(reference, secret);
    const known = this.#wants.get(key);
    if (known !== undefined) return known;
    const binding = this.#options.store.binding(key);
    const want: Want = {
      key,
      reference,
      secret,
      stop: new AbortController(),
      // What was resolved before a restart is served at once, whether the registry is up or not.
      image: binding && this.#options.store.image(binding.image),
      failure: undefined,
      progress: undefined,
    };
    this.#wants.set(key, want);
    this.#tasks.start(`image ${key}`, (signal) => this.#keep(want, AbortSignal.any([signal, want.stop.signal])));
    return want;
  }

  async #keep(want: Want, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#refresh(want, signal);
      const baseMs = want.failure === undefined ? REFRESH_MS : RETRY_MS;
      const random = this.#options.random();
      try {
        await this.#clock.sleep(backoffMs(1, { baseMs, maxMs: baseMs, jitter: 0.1 }, random), { signal });
      } catch {
        return;
      }
    }
  }

  async #refresh(want: Want, signal: AbortSignal): Promise<void> {
    const startedMs = this.#clock.now();
    let saidMs = startedMs;
    const progress = (progress: PullProgress) => {
      want.progress = progress;
      if (this.#clock.now() - saidMs < PROGRESS_MS) return;
      saidMs = this.#clock.now();
      this.#log.info("pulling image", { image: want.reference, ...progress });
    };
    try {
      const secret = want.secret && await this.#readPullSecret(want.secret, signal);
      const { reference, key } = want;
      const image = await this.#options.puller.ensure({
        reference,
        key,
        signal,
        progress,
        ...(secret ? { secret } : {}),
      });
      this.#succeeded(want, image, this.#clock.now() - startedMs);
    } catch (error) {
      if (!signal.aborted) this.#failed(want, error);
    } finally {
      want.progress = undefined;
    }
  }

  #succeeded(want: Want, image: StoredImage, ms: number): void {
    const changed = want.image?.digest !== image.digest;
    const recovered = want.failure !== undefined;
    want.image = image;
    want.failure = undefined;
    if (!changed && !recovered) return;
    const { digest, fileCount: files } = image;
    this.#log.info("image ready", { image: want.reference, digest, files, ms, changed });
    if (!changed) return;
    this.#report(want, "Normal", "ImagePulled", `image ${want.reference} is ready as ${digest}`);
    if (image.dhcpBootImageName !== "" || Object.keys(image.bootFiles).length > 0) return;
    const nothing = `image ${want.reference} names no boot file (dhcpBootImageName in disk/metadata.yaml)`;
    this.#report(want, "Warning", "NoBootFile", `${nothing}: servers get an address and boot nothing`);
  }

  #failed(want: Want, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const kept = want.image === undefined ? "" : `; ${want.image.digest} keeps being served`;
    const message = `image ${want.reference} cannot be pulled: ${why}${kept}`;
    const fields = {
      image: want.reference,
      reason: why,
      kind: error instanceof PullError ? error.name : "unexpected",
      serving: want.image?.digest,
      machines: this.#machinesOf(want).slice(0, 10).map(({ name }) => name).join(","),
    };
    // The same failure every 30 s is one line and one Event.
    if (want.failure === why) return this.#log.debug("image still cannot be pulled", fields);
    want.failure = why;
    this.#log.warn("image cannot be pulled", fields);
    this.#report(want, "Warning", "ImagePullFailed", message);
  }

  #report<Reason extends EventReason>(
    want: Want,
    severity: (typeof EVENT_REASONS)[Reason],
    reason: Reason,
    message: string,
  ): void {
    for (const machine of this.#machinesOf(want)) this.#options.report(machine, severity, reason, message);
  }

  #machinesOf({ key }: Want): Machine[] {
    return [...this.#options.machines.all()].filter(({ image, imagePullSecret }) =>
      image !== undefined && keyOf(image, imagePullSecret) === key
    );
  }

  async #readPullSecret(
    { namespace, name }: { namespace: string; name: string },
    signal: AbortSignal,
  ): Promise<DockerConfig> {
    const what = `Secret ${namespace}/${name}`;
    const data = await this.#options.readSecret(namespace, name, signal);
    if (data === undefined) throw new CredentialsError(`${what} (spec.pxe.imagePullSecretRef) does not exist`);
    const [config, legacy] = [data[".dockerconfigjson"], data[".dockercfg"]];
    if (config === undefined && legacy === undefined) {
      throw new CredentialsError(
        `${what} has no .dockerconfigjson; make it with kubectl create secret docker-registry`,
      );
    }
    let text: string;
    try {
      text = new TextDecoder().decode(Uint8Array.from(atob(config ?? legacy!), (c) => c.charCodeAt(0)));
    } catch {
      throw new CredentialsError(`${what} holds data that is not base64`);
    }
    return config === undefined ? parseDockerCfg(text, what) : parseDockerConfig(text, what);
  }

  /** Ends the pulls that no Machine wants any more and removes what is no longer needed. */
  async #sweep(): Promise<void> {
    const machines = new Map<string, Machine>();
    const keys = new Set<string>();
    for (const machine of this.#options.machines.all()) {
      machines.set(machine.name, machine);
      if (machine.image === undefined) continue;
      keys.add(this.#want(machine.image, machine.imagePullSecret).key);
    }
    for (const [key, want] of this.#wants) {
      if (keys.has(key)) continue;
      want.stop.abort();
      this.#wants.delete(key);
    }
    const nowMs = this.#clock.now();
    const pinned = new Set<string>();
    for (const [name, pin] of this.#pins) {
      const machine = machines.get(name);
      const key = machine?.image === undefined ? "" : keyOf(machine.image, machine.imagePullSecret);
      if (machine !== undefined && pinHolds(pin, machine.uid, key, nowMs)) pinned.add(pin.image.digest);
      else this.#pins.delete(name);
    }
    try {
      const removed = await this.#options.store.collect(keys, pinned, nowMs, GRACE_MS);
      for (const digest of removed) this.#log.info("image removed, no machine needs it", { digest });
    } catch (error) {
      this.#log.warn("cache cannot be cleaned", { error });
    }
  }

  /** Ends all pulls. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
  }
}

function missingReason({ reference, failure, progress }: Want): string {
  if (failure !== undefined) return `image ${reference} cannot be pulled: ${failure}`;
  if (progress === undefined) return `image ${reference} is not here yet`;
  const percent = progress.totalBytes === 0 ? 100 : Math.floor(progress.bytes / progress.totalBytes * 100);
  return `image ${reference} is being pulled: ${percent} %, layer ${progress.layer} of ${progress.layers}`;
}
