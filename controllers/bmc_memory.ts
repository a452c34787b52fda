/** What the power controller keeps in mind of one Machine's BMC. */
import { backoffMs } from "../base/backoff.ts";
import { NO_FACTS, type PowerFacts } from "../machine/power_facts.ts";
import type { Machine, RedfishSpec } from "../machine/types.ts";
import type { BmcFault, BmcTarget } from "../redfish/types.ts";

const BACKOFF = { baseMs: 1000, maxMs: 60_000 };
/** A refused password is not tried again for so long unless it changes: BMCs lock users out. */
const REFUSED_MS = 5 * 60_000;

/** What a BMC is asked. */
export type BmcCall = "look" | "boot" | "power";

/** How a BMC stands: not spoken to yet, answering, or what its last call has failed with. */
export type BmcState = "unknown" | "answering" | BmcFault | "no secret";

/** Of one Machine with one spec.pxe.redfish; with another it is another. */
export class BmcMemory {
  /** What was seen and done. */
  facts: PowerFacts = NO_FACTS;
  /** metadata.resourceVersion that was handled last. */
  version: string | undefined;
  /** The last target that was spoken to. */
  target: BmcTarget | undefined;
  readonly #stop = new AbortController();
  readonly #key: string;
  #pin: string | undefined;
  #failures = 0;
  #failed: { readonly cause: string; readonly call: BmcCall | undefined; readonly state: BmcState } | undefined;
  #refused: { readonly password: string; readonly atMs: number; readonly error: Error } | undefined;

  /** Nothing has been seen. */
  constructor(machine: Machine, readonly redfish: RedfishSpec) {
    this.#key = keyOf(machine);
    this.#pin = machine.pin;
  }

  /** Aborted when the Machine goes, or gets another BMC. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether it is about this Machine as it is now. */
  isOf(machine: Machine): boolean {
    return keyOf(machine) === this.#key && (machine.pin === this.#pin || this.#isOwnPin(machine));
  }

  /** The first contact's own pin changes nothing; any other is another BMC, or the same one corrected. */
  #isOwnPin({ pin }: Machine): boolean {
    if (this.#pin !== undefined || pin === undefined || pin !== this.facts.look?.fingerprint) return false;
    this.#pin = pin;
    return true;
  }

  /** How it stands. */
  get state(): BmcState {
    if (this.#failed !== undefined) return this.#failed.state;
    return this.facts.look === undefined ? "unknown" : "answering";
  }

  /** Ends what is under way. */
  stop(): void {
    this.#stop.abort(new DOMException("the Machine has changed", "AbortError"));
  }

  /** A call went well. One that comes before the one that failed, such as a look before an action, proves nothing. */
  succeeded(call: BmcCall): void {
    this.#refused = undefined;
    if (this.#failed?.call === undefined || this.#failed.call === call) this.recovered();
  }

  /** Whatever had failed is behind. */
  recovered(): void {
    this.#failures = 0;
    this.#failed = undefined;
  }

  /**
   * One more failure.
   * @param call what failed; undefined where it did not come to a call
   * @param state what the failure makes of the BMC
   * @returns whether its cause is new, and the wait until the next try
   */
  failed(
    cause: string,
    call: BmcCall | undefined,
    state: BmcState,
    random: number,
  ): { readonly isNew: boolean; readonly waitMs: number } {
    const isNew = this.#failed?.cause !== cause;
    this.#failed = { cause, call, state };
    return { isNew, waitMs: backoffMs(++this.#failures, BACKOFF, random) };
  }

  /** The BMC has refused this password; time is that of the steady clock. */
  refused(password: string, error: Error, atMs: number): void {
    this.#refused = { password, error, atMs };
  }

  /** Why this password is not even sent. */
  refusalOf(password: string, nowMs: number): Error | undefined {
    const refused = this.#refused;
    return refused?.password === password && nowMs - refused.atMs < REFUSED_MS ? refused.error : undefined;
  }
}

function keyOf({ uid, redfish }: Machine): string {
  return JSON.stringify([uid, redfish]);
}
