/** What one replica knows of the last boot of one Machine, and what of it is not written yet. */
import type { BootStatus } from "../machine/boot_status.ts";
import { advance, type Sight, withSight } from "../machine/boot_sight.ts";
import { bootOf, firstStepMs, lastStepMs, mergeBoots, sameBoot } from "../machine/boot_timeline.ts";
import type { MachineObject } from "../machine/types.ts";

/** What came of a sight: nothing to write, another step, another boot. */
export type Learned = "nothing" | "step" | "boot";

/** A sight that seemed to say nothing new. */
interface Missed {
  readonly sight: Sight;
  readonly atMs: number;
}

/** Sights so soon after the last step of a boot are of that boot. */
const SURE_MS = 60_000;
const MAX_MISSED = 8;

/** Of one Machine. */
export class BootMemory {
  /** metadata.uid. */
  readonly uid: string | undefined;
  /** What is known, written or not. */
  boot: BootStatus | undefined;
  /** What the status said when it was looked at last, as it came and as it was read. */
  #raw: unknown;
  #stored: BootStatus | undefined;
  /** When, by this replica's clock, the machine was seen last or another replica's word of it came. */
  #lastMs: number | undefined;
  /** Perhaps of another boot that another replica saw begin and has not told yet. */
  #missed: Missed[] = [];
  /** The boot as it is if the machine is switched on by what its BMC is being told, and since when. */
  #coming: { boot: BootStatus; readonly sinceMs: number } | undefined;

  /**
   * Begins with what the status says.
   * @param changedMs when it began to say so; undefined where that was before this replica looked
   */
  constructor(object: MachineObject, changedMs?: number) {
    this.uid = object.metadata.uid;
    this.learn(object);
    this.#lastMs = changedMs;
  }

  /** Its BMC is about to be told to switch it on. What is seen from now on is of that boot, if it comes to one. */
  poweringOn(nowMs: number): void {
    this.#coming = { boot: this.#advanced({ kind: "power on" }, nowMs)!, sinceMs: nowMs };
  }

  /** Its BMC has taken that. */
  poweredOn(nowMs: number): Learned {
    if (this.#coming === undefined) this.poweringOn(nowMs);
    const { boot: coming, sinceMs } = this.#coming!;
    this.#coming = undefined;
    this.#lastMs = nowMs;
    const before = this.boot;
    if (before === undefined || before.number < coming.number) {
      this.boot = coming;
      this.#missed = [];
      return "boot";
    }
    // The machine was seen before its BMC had answered, here or by another replica.
    this.boot = withSight(before, { kind: "power on" }, sinceMs);
    return this.boot === before ? "nothing" : "step";
  }

  #advanced(sight: Sight, nowMs: number): BootStatus | undefined {
    return advance(this.boot, sight, { nowMs, ...(this.#lastMs === undefined ? {} : { lastMs: this.#lastMs }) });
  }

  /** Something was seen. */
  see(sight: Sight, nowMs: number): Learned {
    const before = this.boot;
    if (this.#coming !== undefined) this.#coming.boot = withSight(this.#coming.boot, sight, nowMs);
    this.boot = this.#advanced(sight, nowMs);
    this.#lastMs = nowMs;
    if (this.boot === before) {
      this.#remember({ sight, atMs: nowMs });
      return "nothing";
    }
    if (this.boot!.number === before?.number) return "step";
    this.#missed = [];
    return "boot";
  }

  #remember(missed: Missed): void {
    if (this.boot === undefined || missed.atMs - lastStepMs(this.boot) < SURE_MS) return;
    if (this.#missed.length < MAX_MISSED) this.#missed.push(missed);
  }

  /**
   * Takes what the status says now.
   * @param nowMs the time where it has just begun to say so
   * @returns whether more is known than it says, which was not known to be so before
   */
  learn(object: MachineObject, nowMs?: number): boolean {
    const raw = object.status?.boot;
    if (raw === this.#raw) return false;
    const [before, stored] = [this.#stored, bootOf(object)];
    if (nowMs !== undefined && !sameBoot(before, stored)) this.#lastMs = nowMs;
    [this.#raw, this.#stored] = [raw, stored];
    const own = this.boot;
    if (stored === undefined || (own !== undefined && stored.number < own.number)) return false;
    if (own === undefined || stored.number === own.number) {
      const merged = own === undefined ? stored : mergeBoots(stored, own);
      // One object for both: there may be many Machines.
      this.boot = sameBoot(merged, stored) ? stored : merged;
      return false;
    }
    // Another replica saw another boot begin: what was seen here since then is of it.
    this.boot = this.#carriedOver(stored, own, before);
    this.#missed = [];
    return !sameBoot(this.boot, stored);
  }

  #carriedOver(stored: BootStatus, own: BootStatus, before: BootStatus | undefined): BootStatus {
    const beganMs = firstStepMs(stored);
    const written = before?.number === own.number ? before.steps.map(({ name }) => name) : [];
    const steps = own.steps.filter(({ name, time }) => !written.includes(name) && Date.parse(time) >= beganMs);
    const carried = mergeBoots(stored, { ...own, number: stored.number, steps });
    return this.#missed.filter(({ atMs }) => atMs >= beganMs)
      .reduce((boot, { sight, atMs }) => withSight(boot, sight, atMs), carried);
  }
}
