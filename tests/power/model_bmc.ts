/** A machine and its BMC as seen from outside, in model time: slow, lagging, flapping, or in a hurry. */
import type { Clock } from "../../base/clock.ts";
import type { PowerSeen } from "../../machine/power_facts.ts";

/** How it behaves. */
export interface ModelOptions {
  /** Whether it runs at first. @default true */
  readonly isOn?: boolean;
  /** From the action to the machine being off. @default 0 */
  readonly offMs?: number;
  /** From the action to the machine being on. @default 0 */
  readonly onMs?: number;
  /** What the BMC says is so old. @default 0 */
  readonly lagMs?: number;
  /** What it says while it goes from one to the other. @default the old state */
  readonly midway?: "PoweringOff and PoweringOn" | "Unknown";
  /** Looks, counted from 0, that are answered with something that is not so. */
  readonly flaps?: Readonly<Record<number, PowerSeen>>;
  /** Power actions, counted from 0, that are taken and come to nothing. */
  readonly lost?: readonly number[];
}

/** Counts what a machine goes through. */
export class ModelBmc {
  /** How often it went off and on. */
  readonly seen: { to: "On" | "Off"; atMs: number }[] = [];
  /** What its boot override says. */
  boot = "None";
  /** Power actions. */
  actions = 0;
  #looks = 0;
  #goes: { to: "On" | "Off"; beginMs: number; endMs: number } | undefined;
  readonly #start: "On" | "Off";
  readonly #options: ModelOptions;
  readonly #clock: Clock;

  /** A machine that nobody has touched. */
  constructor(clock: Clock, options: ModelOptions = {}) {
    this.#clock = clock;
    this.#options = options;
    this.#start = options.isOn === false ? "Off" : "On";
  }

  #settle(nowMs: number): void {
    const goes = this.#goes;
    if (goes === undefined || goes.endMs > nowMs) return;
    this.seen.push({ to: goes.to, atMs: goes.endMs });
    this.#goes = undefined;
  }

  /** Whether the machine really runs. */
  get isOn(): boolean {
    this.#settle(this.#clock.now());
    return (this.seen.at(-1)?.to ?? this.#start) === "On";
  }

  /** What the BMC says. */
  look(): PowerSeen {
    const nowMs = this.#clock.now();
    const { lagMs = 0, midway, flaps = {} } = this.#options;
    this.#settle(nowMs);
    const flap = flaps[this.#looks++];
    if (flap !== undefined) return flap;
    const thenMs = nowMs - lagMs;
    const was = this.seen.findLast(({ atMs }) => atMs <= thenMs)?.to ?? this.#start;
    if (midway === undefined || this.#goes === undefined || this.#goes.beginMs > thenMs) return was;
    return midway === "Unknown" ? midway : this.#goes.to === "On" ? "PoweringOn" : "PoweringOff";
  }

  /** Somebody presses the button. */
  press(): void {
    const to = this.isOn ? "Off" : "On";
    this.#goes = undefined;
    this.seen.push({ to, atMs: this.#clock.now() });
  }

  /** Takes an action. One that it has taken already, or that changes nothing, changes nothing. */
  power(to: "On" | "Off"): void {
    const nowMs = this.#clock.now();
    const { offMs = 0, onMs = 0, lost = [] } = this.#options;
    const isLost = lost.includes(this.actions++);
    if (isLost || this.#goes !== undefined || this.isOn === (to === "On")) return;
    this.#goes = { to, beginMs: nowMs, endMs: nowMs + (to === "On" ? onMs : offMs) };
    this.#settle(nowMs);
  }
}
