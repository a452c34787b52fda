/** What a BMC does to its machine: switches it with the time that takes, and sets what it boots. */
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { BmcEffect, BmcMachine } from "./types.ts";

/** How long switching takes, in milliseconds. */
export interface SwitchTimes {
  /** From the call until the machine is off; while it lasts the machine runs. @default 0 */
  readonly offMs?: number;
  /** From the call until the machine is on. @default 0 */
  readonly onMs?: number;
}

/** What each ResetType does. */
const SWITCHES: Readonly<Record<string, "on" | "off" | "cycle" | "toggle">> = {
  On: "on",
  ForceOn: "on",
  ForceOff: "off",
  Off: "off",
  GracefulShutdown: "off",
  ForceRestart: "cycle",
  GracefulRestart: "cycle",
  PowerCycle: "cycle",
  PushPowerButton: "toggle",
};

/** Switches one machine. */
export class PowerSwitch {
  readonly #machine: BmcMachine;
  readonly #ownOrder: BmcMachine["bootOrder"];
  readonly #times: SwitchTimes;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  #work: Promise<void> | undefined;

  /** The machine boots as it does now where no override says otherwise. */
  constructor(
    machine: BmcMachine,
    times: SwitchTimes,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#machine = machine;
    this.#ownOrder = machine.bootOrder;
    this.#times = times;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the machine has power. */
  get power(): "On" | "Off" {
    return this.#machine.isOn ? "On" : "Off";
  }

  /** Whether what was to be booted once waits for a boot. */
  get waitsForBoot(): boolean {
    return this.#machine.bootOnce !== undefined;
  }

  /** Begins to do it; a reset is lost while another one is under way, as on most BMCs. */
  apply(effect: BmcEffect): void {
    if (effect.kind === "boot") return this.#setBoot(effect);
    const what = SWITCHES[effect.type];
    if (what === undefined || this.#work !== undefined) return;
    this.#work = this.#switch(what).catch((error) => {
      if (!this.#ending.signal.aborted) {
        this.#log.error("a machine does not obey its BMC", { reset: effect.type, error });
      }
    }).finally(() => this.#work = undefined);
  }

  #setBoot({ device, once }: BmcEffect & { readonly kind: "boot" }): void {
    const machine = this.#machine;
    machine.bootOnce = once ? device : undefined;
    machine.bootOrder = once || device === undefined
      ? this.#ownOrder
      : [device, ...this.#ownOrder.filter((other) => other !== device)];
  }

  async #switch(what: "on" | "off" | "cycle" | "toggle"): Promise<void> {
    const { offMs = 0, onMs = 0 } = this.#times;
    const { signal } = this.#ending;
    const isOn = this.#machine.isOn;
    if (isOn && what !== "on") {
      await this.#clock.sleep(offMs, { signal });
      await this.#machine.powerOff();
    }
    if (what === "cycle" || !isOn && what !== "off") {
      await this.#clock.sleep(onMs, { signal });
      this.#machine.powerOn();
    }
  }

  /** Nothing is switched from now on. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#work;
  }
}
