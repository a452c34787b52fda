/** A client's wire to emulated firmware, without a network: what is asked is answered at once. */
import { recordedFamily, type Recording } from "../../dev/bmc/families.ts";
import type { BmcFamily, BmcState } from "../../dev/bmc/types.ts";
import { RedfishBmc } from "../../redfish/redfish_bmc.ts";
import type { Answer, Ask, Wire } from "../../redfish/wire.ts";
import type { Clock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";

export const USER = { username: "admin", password: "s3cret-word" };

/** Pauses take no time, so that nothing is waited for. */
export const instantClock: Clock = {
  now: () => 0,
  sleep: (_ms, { signal } = {}) => signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
};

/** Never aborted. */
export const never = new AbortController().signal;

const TURNS_ON = new Set(["On", "ForceOn"]);

/** Firmware and its machine, which obeys at once. */
export class FamilyWire implements Wire {
  readonly origin = "https://bmc.test";
  readonly fingerprint = "00:11";
  /** Method, path and body of each request. */
  readonly asked: string[] = [];
  readonly #family: BmcFamily;
  #state: BmcState;
  #tokens = 0;
  /** Of its machine. */
  power: "On" | "Off" = "On";
  /** How often its connection was closed. */
  closings = 0;
  /** Answers instead of the firmware, where it gives something. */
  instead: (ask: Ask) => Answer | undefined = () => undefined;

  constructor(recording: Recording) {
    this.#family = recordedFamily(recording);
    this.#state = this.#family.initial;
  }

  get boot(): Readonly<Record<string, unknown>> {
    return this.#state.boot;
  }

  get sessions(): number {
    return Object.keys(this.#state.sessions).length;
  }

  /** How many requests begin like this. */
  count(start: string): number {
    return this.asked.filter((line) => line.startsWith(start)).length;
  }

  /** Others have opened all that may be open. */
  fillSessions(): void {
    const others = Array.from({ length: 20 }, (_, i) => [String(i), `other-${i}`]);
    this.#state = { ...this.#state, sessions: Object.fromEntries(others) };
  }

  openSession(id: string): void {
    this.#state = { ...this.#state, sessions: { [id]: "0".repeat(32) } };
  }

  /** As a BMC does when a session's time is over, or when it starts anew. */
  forgetSessions(): void {
    this.#state = { ...this.#state, sessions: {} };
  }

  ask(ask: Ask, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const { method, path, headers = {}, body } = ask;
    this.asked.push(`${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`);
    const instead = this.instead(ask);
    if (instead !== undefined) return Promise.resolve(instead);
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const facts = { ...USER, power: this.power, token: `token-${++this.#tokens}` };
    const step = this.#family.answer(this.#state, { method, path, headers: named, body }, facts);
    this.#state = step.state;
    for (const effect of step.effects ?? []) {
      if (effect.kind !== "reset") continue;
      const toggled = this.power === "On" ? "Off" : "On";
      this.power = effect.type === "PushPowerButton" ? toggled : TURNS_ON.has(effect.type) ? "On" : "Off";
    }
    const { status, headers: answered = {}, body: said } = step.answer;
    const text = said === undefined ? "" : typeof said === "string" ? said : JSON.stringify(said);
    return Promise.resolve({ status, headers: answered, text });
  }

  close(): void {
    this.closings++;
  }
}

/** A client on such a wire. */
export function clientOf(wire: Wire, deviceId = "1", user = USER): { bmc: RedfishBmc; log: MemoryLogger } {
  const log = new MemoryLogger();
  const target = { url: wire.origin, deviceId, ...user };
  return { bmc: new RedfishBmc(target, { wire, clock: instantClock, log }), log };
}
