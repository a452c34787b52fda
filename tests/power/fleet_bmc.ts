/** A BMC without a network: a model machine behind calls that take time, fail, or never end. */
import type { FakeClock } from "../../base/clock.ts";
import {
  type Bmc,
  BmcError,
  type BmcTarget,
  type BootOutcome,
  type BootWish,
  type PowerOutcome,
  type SystemView,
} from "../../redfish/types.ts";
import { ModelBmc, type ModelOptions } from "./model_bmc.ts";

/** How it answers. */
export interface FleetBmcOptions extends ModelOptions {
  /** How long a call takes. @default 0 */
  readonly callMs?: number;
}

/** The device itself, whoever speaks to it. */
export class FleetBmc {
  readonly model: ModelBmc;
  /** Further systems behind it, by their ids. */
  readonly systems = new Map<string, ModelBmc>();
  /** What it was asked, in order. */
  readonly calls: string[] = [];
  /** Calls at the same time, at most. */
  mostAtOnce = 0;
  /** Connections that are open. */
  open = 0;
  password = "hunter2";
  fingerprint = "ab:cd";
  /** Calls never end. */
  hangs = false;
  /** What calls of this kind fail with. */
  readonly fails = new Map<"look" | "boot" | "power", BmcError>();
  boots: BootOutcome = { kind: "set" };
  /** It offers no ForceOff. */
  asksOnly = false;
  readonly #clock: FakeClock;
  readonly #callMs: number;
  #atOnce = 0;

  /** A device that nobody speaks to. */
  constructor(clock: FakeClock, { callMs = 0, ...model }: FleetBmcOptions = {}) {
    this.#clock = clock;
    this.#callMs = callMs;
    this.model = new ModelBmc(clock, model);
  }

  /** A connection. */
  connect(target: BmcTarget): Bmc {
    this.open++;
    const call = <T>(kind: "look" | "boot" | "power", what: string, signal: AbortSignal, answer: () => T) =>
      this.#call(target, kind, what, signal, answer);
    const model = this.systems.get(target.deviceId) ?? this.model;
    return {
      look: (signal) => call("look", "look", signal, () => this.#view(model)),
      setBoot: (wish, signal) => call("boot", `boot ${bootText(wish)}`, signal, () => this.#boot(model, wish)),
      power: (to, signal) => call("power", to, signal, () => this.#power(model, to)),
      disconnect: () => {},
      close: () => {
        this.open--;
        return Promise.resolve();
      },
    };
  }

  async #call<T>(
    target: BmcTarget,
    kind: "look" | "boot" | "power",
    what: string,
    signal: AbortSignal,
    answer: () => T,
  ): Promise<T> {
    this.calls.push(what);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      if (this.hangs) await this.#clock.sleep(3_600_000, { signal });
      if (this.#callMs > 0) await this.#clock.sleep(this.#callMs, { signal });
      const failure = this.#refusal(target) ?? this.fails.get(kind);
      if (failure !== undefined) throw failure;
      return answer();
    } finally {
      this.#atOnce--;
    }
  }

  #refusal({ fingerprint, password }: BmcTarget): BmcError | undefined {
    if (fingerprint !== undefined && fingerprint !== this.fingerprint) {
      return new BmcError("certificate", `it shows ${this.fingerprint}, pinned is ${fingerprint}`);
    }
    // As some do: what they are sent comes back.
    return password === this.password ? undefined : new BmcError("login", `user admin, password ${password}: refused`);
  }

  #view(model: ModelBmc): SystemView {
    const { fingerprint } = this;
    return { fingerprint, system: "/redfish/v1/Systems/1", description: "model", power: model.look() };
  }

  #power(model: ModelBmc, to: "On" | "Off"): PowerOutcome {
    model.power(to);
    return { isUpToSystem: to === "Off" && this.asksOnly };
  }

  #boot(model: ModelBmc, wish: BootWish): BootOutcome {
    if (this.boots.kind === "set") model.boot = bootText(wish);
    return this.boots;
  }
}

function bootText(wish: BootWish): string {
  if (wish.kind === "own order") return "None";
  return wish.target === "UefiHttp" && wish.httpUri !== undefined ? `UefiHttp ${wish.httpUri}` : wish.target;
}
