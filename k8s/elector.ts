/** Leader election: runs something only while this process holds a Lease. What is next, lease.ts decides. */
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Logger } from "../base/log.ts";
import type { KubeClient } from "./client.ts";
import { ApiError } from "./errors.ts";
import { holderOf, type Lease, type LeaseClaim, nextStep, released, renewed, sight, type Sighting } from "./lease.ts";

/** What an elector needs. */
export interface ElectorOptions extends LeaseClaim {
  /** Where the Lease is. */
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  /** Without a renewal for so long it acts no more; shorter than `leaseMs`, by more than stopping takes. */
  readonly renewMs: number;
  /** Pause between two looks; up to a fifth of it is left out at random. */
  readonly retryMs: number;
  /** Who leads, and why not this process. */
  readonly log: Logger;
  /** Time of day, and waits. */
  readonly clock: Clock;
  /** Milliseconds that nobody sets: how long something is ago. */
  readonly steadyNow: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Acts until the signal aborts. */
export type Lead = (signal: AbortSignal) => Promise<void>;

/** How a look at the lease has ended. */
type Outcome =
  | { readonly kind: "held" }
  | { readonly kind: "lost"; readonly holder: string }
  /** Not had; something may be possible after this time. */
  | { readonly kind: "wait"; readonly forMs: number };

const LEASES = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
const RELEASE_TRIES = 3;

function hasStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof ApiError && statuses.includes(error.status);
}

/** Wants one Lease. */
export class Elector {
  readonly #options: ElectorOptions;
  /** As this process wrote it last; undefined when another may have it. */
  #held: Lease | undefined;
  /** A moment before the lease was written last. */
  #renewedMs = -Infinity;
  #acting = false;
  /** Nobody is known to have led after this process. */
  #wasLast = false;
  #sighting: Sighting | undefined;
  #otherHolder = "";
  #trouble = "";

  /** Does nothing before {@link run}. */
  constructor(options: ElectorOptions) {
    this.#options = options;
  }

  /**
   * Whether this process may act now. To be asked right before each act: a process that was stopped for a while
   * may wake up in the middle of its work, before any signal has aborted.
   */
  get leads(): boolean {
    return this.#acting && this.#leftMs() > 0;
  }

  /**
   * Whether this process leads, or was the last to lead and has been unable since then to ask who does. For what can
   * wait for nobody, and does no harm should a process that is cut off do it beside the leader.
   */
  get leadsOrWasLast(): boolean {
    return this.leads || (this.#wasLast && this.#trouble !== "");
  }

  /**
   * Calls `lead` each time that this process has got the lease. Its signal aborts before another can have it; the next
   * campaign begins when `lead` has ended.
   * @param signal ends it all: `lead` first, then the lease is given up
   */
  async run(lead: Lead, signal: AbortSignal): Promise<void> {
    while (await this.#campaign(signal)) await this.#term(lead, signal);
  }

  /** Resolves when this process has the lease; with false when it was told to stop first. */
  async #campaign(signal: AbortSignal): Promise<boolean> {
    try {
      for (;;) {
        signal.throwIfAborted();
        const outcome = await this.#look(signal);
        // Had, but so late that it is to be renewed first.
        if (outcome.kind === "held" && this.#leftMs() <= 0) continue;
        if (outcome.kind === "held") return true;
        this.#held = undefined;
        await this.#pause(signal, outcome.kind === "wait" ? outcome.forMs : Infinity);
      }
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  async #term(lead: Lead, stop: AbortSignal): Promise<void> {
    const { clock, log, namespace, name, identity, leaseMs } = this.#options;
    const term = new AbortController();
    const renewing = new AbortController();
    const end = () => {
      this.#acting = false;
      term.abort(new DOMException("not the leader any more", "AbortError"));
    };
    const onStop = () => {
      this.#wasLast = false;
      end();
    };
    log.info("this instance leads", { lease: `${namespace}/${name}`, identity });
    this.#acting = true;
    this.#wasLast = true;
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    const led = this.#lead(lead, term.signal).finally(() => {
      this.#acting = false;
      renewing.abort();
    });
    // Renewed until the work has ended, so that nobody else begins before.
    const watches = [this.#expiry(renewing.signal), this.#renewals(renewing.signal)];
    const why = await Promise.race(watches);
    end();
    renewing.abort();
    await Promise.all([led, ...watches]);
    stop.removeEventListener("abort", onStop);
    if (why === undefined) await this.#release();
    else log.warn("this instance leads no more", { lease: `${namespace}/${name}`, reason: why });
    this.#held = undefined;
    // It ended by itself: the others first.
    if (why === undefined && !stop.aborted) await clock.sleep(leaseMs, { signal: stop }).catch(() => {});
  }

  /** Its failure is logged; it costs the lease, not the process. */
  async #lead(lead: Lead, signal: AbortSignal): Promise<void> {
    try {
      await lead(signal);
      if (!signal.aborted) this.#options.log.error("the leader's work has ended by itself");
    } catch (error) {
      if (!signal.aborted) this.#options.log.error("the leader's work has failed", { error });
    }
  }

  /** Milliseconds for which this process may act without another renewal. */
  #leftMs(): number {
    const { renewMs, steadyNow } = this.#options;
    return this.#renewedMs + renewMs - steadyNow();
  }

  /** Resolves with a reason when the last renewal is too long ago; undefined when told to stop. */
  async #expiry(signal: AbortSignal): Promise<string | undefined> {
    const { clock, renewMs } = this.#options;
    for (let left = this.#leftMs(); left > 0; left = this.#leftMs()) {
      await clock.sleep(left, { signal }).catch(() => {});
      if (signal.aborted) return undefined;
    }
    return `the lease was not renewed for ${formatDuration(renewMs)}`;
  }

  /** Resolves with a reason when another has the lease; undefined when told to stop. */
  async #renewals(signal: AbortSignal): Promise<string | undefined> {
    try {
      for (;;) {
        await this.#pause(signal);
        const outcome = await this.#look(signal);
        if (outcome.kind === "lost") return `${outcome.holder} has the lease`;
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #pause(signal: AbortSignal, atMostMs = Infinity): Promise<void> {
    const { clock, retryMs, random } = this.#options;
    return clock.sleep(Math.min(atMostMs, retryMs * (1 - random() / 5)), { signal });
  }

  /** Looks at the lease and takes or renews it where that is possible. */
  async #look(signal: AbortSignal): Promise<Outcome> {
    try {
      const outcome = await this.#renewKnown(signal) ?? await this.#readAndWrite(signal);
      if (this.#trouble !== "") this.#options.log.info("the lease is within reach again");
      this.#trouble = "";
      return outcome;
    } catch (error) {
      if (signal.aborted) throw error;
      // Another was faster; the next look shows who.
      if (hasStatus(error, 409)) this.#trouble = "";
      else this.#tellTrouble(error);
      // While the API is away nobody can renew: that time does not count against the holder.
      this.#sighting = undefined;
      return { kind: "wait", forMs: Infinity };
    }
  }

  /** Writes over what was written last, without a look; undefined when it has changed meanwhile. */
  async #renewKnown(signal: AbortSignal): Promise<Outcome | undefined> {
    if (this.#held === undefined) return undefined;
    try {
      return await this.#write(renewed(this.#held, this.#options, this.#options.clock.now()), signal);
    } catch (error) {
      if (!hasStatus(error, 404, 409)) throw error;
      return undefined;
    }
  }

  async #readAndWrite(signal: AbortSignal): Promise<Outcome> {
    const { clock, steadyNow } = this.#options;
    const lease = await this.#read(signal);
    const nowMs = steadyNow();
    this.#sighting = lease === undefined ? undefined : sight(lease, this.#sighting, nowMs);
    const leading = this.#held !== undefined;
    const question = { claim: this.#options, lease, sighting: this.#sighting, leading, nowMs, wallMs: clock.now() };
    const step = nextStep(question);
    if ("lease" in step) return await this.#write(step.lease, signal);
    this.#wasLast = false;
    if (step.kind === "lost") return step;
    if (step.holder !== this.#otherHolder) {
      this.#otherHolder = step.holder;
      const { holder, forMs } = step;
      this.#options.log.info("another instance leads", { holder, takenOverWithoutRenewalAfter: formatDuration(forMs) });
    }
    return step;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get<Lease>(LEASES, { namespace, name }, this.#request(signal));
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #write(lease: Lease, signal: AbortSignal): Promise<Outcome> {
    const { client, namespace, steadyNow } = this.#options;
    const sentMs = steadyNow();
    const request = this.#request(signal);
    this.#held = lease.metadata.resourceVersion === undefined
      ? await client.create<Lease>({ ...LEASES, namespace }, lease, request)
      : await client.replace<Lease>(LEASES, lease, request);
    this.#renewedMs = sentMs;
    this.#sighting = undefined;
    this.#otherHolder = "";
    return { kind: "held" };
  }

  /** An answer that does not come must leave time for another try. */
  #request(signal: AbortSignal) {
    return { signal, timeoutMs: Math.ceil(this.#options.renewMs / 2) };
  }

  #tellTrouble(error: unknown): void {
    const { log, namespace, name } = this.#options;
    const { message } = error as Error;
    if (message === this.#trouble) return;
    this.#trouble = message;
    const remedy = hasStatus(error, 404) ? { remedy: `kubectl create namespace ${namespace}` } : {};
    const fields = { lease: `${namespace}/${name}`, error, ...remedy };
    // Other 403s: a namespace that is being deleted, admission.
    const isDenied = error instanceof ApiError && error.missingRight !== undefined;
    if (isDenied) log.warn("no right to the lease; until it is granted this instance cannot lead", fields);
    else log.warn("the lease cannot be had or renewed; trying again until it works", fields);
  }

  /** Says that nobody has the lease, where this process still has it. */
  async #release(): Promise<void> {
    this.#wasLast = false;
    const { clock, log, client, namespace, name, identity } = this.#options;
    const lease = `${namespace}/${name}`;
    const limit = new AbortController();
    const done = new AbortController();
    clock.sleep(this.#request(limit.signal).timeoutMs, { signal: done.signal }).then(() => limit.abort(), () => {});
    try {
      for (let tries = 1; this.#held !== undefined && holderOf(this.#held) === identity; tries++) {
        try {
          await client.replace<Lease>(LEASES, released(this.#held, clock.now()), this.#request(limit.signal));
          return log.info("lease given up", { lease });
        } catch (error) {
          // A renewal that nobody waited for any more may have come through.
          if (!hasStatus(error, 409) || tries === RELEASE_TRIES) throw error;
          this.#held = await this.#read(limit.signal);
        }
      }
    } catch (error) {
      log.warn("the lease could not be given up; another instance leads when it has expired", { lease, error });
    } finally {
      done.abort();
    }
  }
}
