/** Calls to BMCs as the power plan asks for them, with the password that the Machine's Secret holds at that time. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { type BootPlan, bootSet, looked, type PowerFacts, powerSent } from "../machine/power_facts.ts";
import type { PowerStep } from "../machine/power_plan.ts";
import type { Machine } from "../machine/types.ts";
import { type Bmc, BmcError, type BmcFault, type BmcTarget, type BootWish } from "../redfish/types.ts";
import type { BmcCall, BmcMemory } from "./bmc_memory.ts";
import type { BmcPasswords } from "./bmc_passwords.ts";

/** BMCs to speak to, one call at a time each (redfish/pool.ts). */
export interface Bmcs {
  /** Runs a call when it is its turn. @throws {BmcError} */
  use<T>(target: BmcTarget, signal: AbortSignal, run: (bmc: Bmc) => Promise<T>): Promise<T>;
  /** Ends what is open for a target. */
  release(target: BmcTarget): Promise<void>;
}

/** How calls end, for counting: `aborted` where the Machine changed meanwhile or this instance stopped leading. */
export type CallResult = "ok" | BmcFault | "aborted";

/** What calls need. */
export interface BmcCallsOptions {
  readonly bmcs: Bmcs;
  readonly passwords: Pick<BmcPasswords, "read" | "forget">;
  /** What UEFI HTTP should boot; undefined leaves it to DHCP. */
  readonly httpUri: (machine: Machine) => string | undefined;
  /** Told when a machine is about to be switched on. */
  readonly poweringOn: (name: string) => void;
  /** Told when its BMC has taken that. The machine may have shown itself before. */
  readonly poweredOn: (name: string) => void;
  /** Told of each call and how long it took, without the wait for its turn. @default nobody is */
  readonly observe?: (call: BmcCall, result: CallResult, ms: number) => void;
  readonly log: Logger;
  readonly clock: Clock;
  /** Milliseconds that nobody sets: how long something is ago. */
  readonly steadyNow: () => number;
}

/** A call that failed, without the password: some BMCs send back what they were sent. */
export class CallError extends Error {
  /** The class, in logs. */
  override name = "CallError";
  /** What kind of failure it is. */
  readonly fault: BmcFault;

  /**
   * What the BMC said, told again.
   * @param call what was asked
   */
  constructor(readonly call: BmcCall, { message, fault }: BmcError, password: string) {
    super(message.replaceAll(password, "***"));
    this.fault = fault;
  }
}

/** Makes calls. */
export class BmcCalls {
  readonly #options: BmcCallsOptions;

  /** Makes none yet. */
  constructor(options: BmcCallsOptions) {
    this.#options = options;
  }

  /** Ends what is open for a target, once a call under way is over. */
  release(target: BmcTarget): Promise<void> {
    return this.#options.bmcs.release(target);
  }

  /**
   * Makes the call that a step asks for.
   * @returns the facts with what came of it
   * @throws {CallError | PasswordError}
   */
  async make(
    machine: Machine,
    memory: BmcMemory,
    step: PowerStep & { readonly kind: BmcCall },
    signal: AbortSignal,
  ): Promise<PowerFacts> {
    const { clock, steadyNow, log, poweringOn, poweredOn } = this.#options;
    const target = await this.#target(machine, memory, signal);
    try {
      switch (step.kind) {
        case "look": {
          const { power, fingerprint } = await this.#call(step.kind, target, signal, (bmc) => bmc.look(signal));
          return looked(memory.facts, { power, fingerprint, atMs: clock.now() });
        }
        case "boot": {
          const { plan, cycle } = step;
          const wish = this.#wish(machine, plan);
          const outcome = await this.#call(step.kind, target, signal, (bmc) => bmc.setBoot(wish, signal));
          const notSupported = outcome.kind === "set" ? {} : { notSupported: outcome.reason };
          return bootSet(memory.facts, { plan, cycle, atMs: clock.now(), ...notSupported });
        }
        case "power": {
          log.info("power", { machine: machine.name, bmc: target.url, send: step.to });
          if (step.to === "On") poweringOn(machine.name);
          const outcome = await this.#call(step.kind, target, signal, (bmc) => bmc.power(step.to, signal));
          if (step.to === "On") poweredOn(machine.name);
          return powerSent(memory.facts, { to: step.to, ...outcome, atMs: clock.now() });
        }
      }
    } catch (error) {
      if (!(error instanceof BmcError)) throw error;
      const failure = new CallError(step.kind, error, target.password);
      if (error.fault === "login") {
        memory.refused(target.password, failure, steadyNow());
        this.#options.passwords.forget(memory.redfish.passwordRef);
      }
      throw failure;
    }
  }

  #call<T>(call: BmcCall, target: BmcTarget, signal: AbortSignal, run: (bmc: Bmc) => Promise<T>): Promise<T> {
    const { bmcs, clock, observe } = this.#options;
    return bmcs.use(target, signal, async (bmc) => {
      const startedMs = clock.now();
      let result: CallResult = "ok";
      try {
        return await run(bmc);
      } catch (error) {
        result = error instanceof BmcError ? error.fault : "aborted";
        throw error;
      } finally {
        observe?.(call, result, clock.now() - startedMs);
      }
    });
  }

  #wish(machine: Machine, plan: BootPlan): BootWish {
    if (plan.kind === "own order") return plan;
    if (plan.target === "Pxe") return { kind: "network", target: plan.target };
    const httpUri = this.#options.httpUri(machine);
    return { kind: "network", target: plan.target, ...(httpUri === undefined ? {} : { httpUri }) };
  }

  async #target(machine: Machine, memory: BmcMemory, signal: AbortSignal): Promise<BmcTarget> {
    const { passwords, steadyNow } = this.#options;
    const { url, deviceId, username, passwordRef } = memory.redfish;
    const password = await passwords.read(passwordRef, signal);
    const refusal = memory.refusalOf(password, steadyNow());
    if (refusal !== undefined) {
      passwords.forget(passwordRef);
      throw refusal;
    }
    const { pin } = machine;
    const target = { url, deviceId, username, password, ...(pin === undefined ? {} : { fingerprint: pin }) };
    memory.target = target;
    return target;
  }
}
