/** What is remembered of a machine's power between two steps, and how each thing that happens changes it. */

/** What a BMC says of a machine's power. */
export type PowerSeen = "On" | "Off" | "PoweringOn" | "PoweringOff" | "Paused" | "Unknown";

/** What a machine should boot. */
export type BootPlan =
  | { readonly kind: "network"; readonly target: "Pxe" | "UefiHttp" }
  /** Whatever its own boot order says. */
  | { readonly kind: "own order" };

/** What this process has seen and done; all of it may be forgotten. */
export interface PowerFacts {
  /** What the BMC has said since the last wait or action. */
  readonly look?: { readonly power: PowerSeen; readonly fingerprint: string; readonly atMs: number };
  /** How often in a row it has said that the machine is off. */
  readonly offLooks: number;
  /** The plan that was carried out last, for which reboot counter, and why it could not be. */
  readonly boot?: {
    readonly plan: BootPlan;
    readonly cycle: number | undefined;
    readonly atMs: number;
    readonly notSupported?: string;
  };
  /** The last power action of this cycle. */
  readonly sent?: {
    readonly to: "On" | "Off";
    readonly atMs: number;
    /** The BMC cannot force it: the running system was asked to switch itself off. */
    readonly isUpToSystem?: boolean;
    /** Something was written since. */
    readonly isTold?: boolean;
  };
  /** Waits since something was last written or sent. */
  readonly polls: number;
}

/** What a process knows at its start. */
export const NO_FACTS: PowerFacts = { offLooks: 0, polls: 0 };

/** The facts at the beginning of a step: before a cycle begins, what was sent in an earlier one is of the past. */
export function stepping(facts: PowerFacts, cycle: { readonly phase: string } | undefined): PowerFacts {
  if (facts.sent === undefined || (cycle !== undefined && cycle.phase !== "begin")) return facts;
  const { sent: _before, ...others } = facts;
  return others;
}

/** The BMC has said something. */
export function looked(facts: PowerFacts, look: NonNullable<PowerFacts["look"]>): PowerFacts {
  return { ...facts, look, offLooks: look.power === "Off" ? facts.offLooks + 1 : 0 };
}

/** The boot order is set, or the BMC cannot. */
export function bootSet(facts: PowerFacts, boot: NonNullable<PowerFacts["boot"]>): PowerFacts {
  return { ...facts, boot };
}

/** The BMC was told; what it said before counts no more. */
export function powerSent(facts: PowerFacts, sent: NonNullable<PowerFacts["sent"]>): PowerFacts {
  const { look: _before, ...others } = facts;
  return { ...others, sent, offLooks: 0, polls: 0 };
}

/** Something was written. */
export function recorded(facts: PowerFacts): PowerFacts {
  const { sent } = facts;
  return { ...facts, ...(sent === undefined ? {} : { sent: { ...sent, isTold: true } }), polls: 0 };
}

/** Time is about to pass. */
export function waiting(facts: PowerFacts): PowerFacts {
  const { look: _before, ...others } = facts;
  return { ...others, polls: facts.polls + 1 };
}
