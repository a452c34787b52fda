/**
 * What is next for a machine's power and boot order (contract 2 and 9), from its Machine and what its BMC says. What is
 * begun stands in the conditions before it is done, and every action may be repeated: the machine is there already then.
 * So whoever forgets everything between two steps goes on where they were.
 */
import { ConditionReason, ConditionType, withCondition, withoutConditions } from "./conditions.ts";
import {
  abandoned,
  type Cycle,
  cycleOf,
  finished,
  type Mark,
  marked,
  repavePending,
  restarted,
  troubled,
} from "./power_cycle.ts";
import type { BootPlan, PowerFacts } from "./power_facts.ts";
import type { Machine, MachineStatus } from "./types.ts";

/** What is next. */
export type PowerStep =
  /** Ask the BMC. */
  | { readonly kind: "look" }
  /** Make the boot order so; `cycle` is the reboot counter that it is for. */
  | { readonly kind: "boot"; readonly plan: BootPlan; readonly cycle: number | undefined }
  /** Tell the BMC. */
  | { readonly kind: "power"; readonly to: "On" | "Off" }
  /** Write this, then step again; `says` tells people what it means. */
  | { readonly kind: "record"; readonly status: MachineStatus; readonly says: string }
  /** Step again after this time, with a new look. */
  | { readonly kind: "wait"; readonly afterMs: number }
  /** Nothing, until the Machine changes. */
  | { readonly kind: "rest" };

/** A power action is repeated after this time (contract 9). */
export const RETRY_MS = 5 * 60_000;
/** A BMC that could not set the boot order is asked again after this time (contract 11.8). */
export const UNSUPPORTED_MS = 60 * 60_000;
/** What was seen longer ago is not acted on. */
const FRESH_MS = 5000;
/** Polls slow down. */
const POLL_MS = [1000, 1000, 2000, 3000, 5000, 8000, 10_000, 15_000];
/** Some BMCs say off for a moment when they do not know; so many looks in a row are believed. */
const OFF_LOOKS = 2;
const MAX_MESSAGE = 1024;
/** A system that was asked to shut down is given this time before it is named as what is waited for. */
const SHUTDOWN_MS = 60_000;

const NOT_SHUT_DOWN = "the BMC offers no ForceOff, and the system that was asked to shut down is still on";

const SAYS: Readonly<Record<Mark, string>> = {
  "powering off": "Powering off...",
  "was off": "Powered off",
  "powering on": "Powering on...",
};

/** What the machine should boot now (contract 9). */
export function bootPlan(machine: Machine): BootPlan {
  if (!repavePending(machine)) return { kind: "own order" };
  return { kind: "network", target: machine.redfish?.bootTarget ?? "Pxe" };
}

/** Decides what is next for a machine that has a BMC. */
export function powerStep(machine: Machine, facts: PowerFacts, nowMs: number): PowerStep {
  const told = bootOrderTold(machine, facts.boot, nowMs);
  if (told !== undefined) return { kind: "record", status: told, says: "boot order" };
  const cycle = cycleOf(machine);
  const boot = nextBoot(machine, cycle, facts.boot, nowMs);
  if (cycle === undefined && boot === undefined) return atRest(facts.boot, nowMs);
  if (cycle !== undefined || machine.pin === undefined) {
    const { look } = facts;
    if (look === undefined || isOver(look.atMs, FRESH_MS, nowMs)) return lookNext(facts, nowMs);
    if (machine.pin === undefined) return { kind: "record", status: pinned(machine, look.fingerprint), says: "pinned" };
  }
  // Before any power action: a BMC that refuses leaves the machine running.
  if (boot !== undefined) return boot;
  return cycleStep({ machine, cycle: cycle!, facts, nowMs });
}

/** Also where it is to come in as long: the clock was set back. By less the clocks of two leaders may differ. */
function isOver(sinceMs: number, waitMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - sinceMs) >= waitMs;
}

function lookNext({ sent }: PowerFacts, nowMs: number): PowerStep {
  const sinceMs = sent === undefined ? Infinity : nowMs - sent.atMs;
  const pauseMs = POLL_MS[0]! - sinceMs;
  // Right after an action there is nothing to be seen.
  return sinceMs >= 0 && pauseMs > 0 ? { kind: "wait", afterMs: pauseMs } : { kind: "look" };
}

function atRest(boot: PowerFacts["boot"], nowMs: number): PowerStep {
  if (boot?.notSupported === undefined) return { kind: "rest" };
  return { kind: "wait", afterMs: Math.min(boot.atMs + UNSUPPORTED_MS - nowMs, UNSUPPORTED_MS) };
}

function nextBoot(
  machine: Machine,
  cycle: Cycle | undefined,
  before: PowerFacts["boot"],
  nowMs: number,
): PowerStep | undefined {
  const plan = bootPlan(machine);
  const step: PowerStep = { kind: "boot", plan, cycle: cycle?.target };
  if (before === undefined || !samePlan(plan, before.plan)) return step;
  if (before.notSupported !== undefined && isOver(before.atMs, UNSUPPORTED_MS, nowMs)) return step;
  // In each cycle anew: an override for one boot is used up, and an update may have taught the BMC.
  return cycle === undefined || cycle.target === before.cycle ? undefined : step;
}

function samePlan(a: BootPlan, b: BootPlan): boolean {
  return a.kind === "network" && b.kind === "network" ? a.target === b.target : a.kind === b.kind;
}

function bootOrderTold(machine: Machine, boot: PowerFacts["boot"], nowMs: number): MachineStatus | undefined {
  const { object } = machine;
  if (boot === undefined || !samePlan(boot.plan, bootPlan(machine))) return;
  if (boot.notSupported === undefined) {
    const without = withoutConditions(object, ConditionType.BootOrderConfigSupported);
    return without === object ? undefined : without.status;
  }
  return withCondition(object, {
    type: ConditionType.BootOrderConfigSupported,
    status: "False",
    reason: ConditionReason.NotSupported,
    message: boot.notSupported.slice(0, MAX_MESSAGE).toWellFormed(),
  }, nowMs);
}

function pinned({ object }: Machine, certFingerprint: string): MachineStatus {
  const redfish = object.status?.redfish;
  return { ...object.status, redfish: { ...(typeof redfish === "object" ? redfish : {}), certFingerprint } };
}

/** All that a step in a cycle depends on. */
interface Situation {
  readonly machine: Machine;
  readonly cycle: Cycle;
  readonly facts: PowerFacts;
  readonly nowMs: number;
}

function cycleStep(at: Situation): PowerStep {
  const { machine, cycle, facts, nowMs } = at;
  const { power } = facts.look!;
  switch (cycle.phase) {
    case "begin":
      if (power === "On") return mark("powering off", at);
      break;
    case "off":
      if (power === "Off") break;
      return stillOn(at);
    case "was off":
    case "on":
      if (power === "On") return { kind: "record", status: finished(machine, cycle, nowMs), says: "Powered on" };
      if (cycle.phase === "on") return act("On", at);
      return power === "Off" ? mark("powering on", at) : poll(at);
  }
  if (power !== "Off") return poll(at);
  return facts.offLooks < OFF_LOOKS ? { kind: "look" } : mark("was off", at);
}

function stillOn(at: Situation): PowerStep {
  const { machine, cycle: { begun, target, wanted, sinceMs }, facts: { sent, look }, nowMs } = at;
  if (wanted) return begun === target ? act("Off", at) : mark("powering off", at);
  // Taken back. Off may have been sent, so the machine is waited for; one that stays on was never told.
  const lastMs = Math.max(sinceMs || 0, sent?.to === "Off" ? sent.atMs : 0);
  // A clock that was set back makes this longer, never shorter: a machine that goes off after all has to be seen.
  if (look!.power !== "On" || nowMs - lastMs < RETRY_MS) return poll(at);
  return { kind: "record", status: abandoned(machine), says: "the reboot was taken back" };
}

/** Sends a power action: once, again after its time, and again where this process does not know that it was sent. */
function act(to: "On" | "Off", at: Situation): PowerStep {
  const { machine, cycle, facts: { sent, look }, nowMs } = at;
  const opposite = to === "On" ? "Off" : "On";
  const midway = to === "On" ? "PoweringOn" : "PoweringOff";
  // Once: what is written then is of now, and nothing that was sent before, however long ago, is later than that.
  const lateMs = Math.max(Math.min(sent?.atMs ?? -Infinity, nowMs) - cycle.sinceMs, cycle.sinceMs - nowMs);
  if (sent?.to === to && lateMs >= RETRY_MS) {
    return { kind: "record", status: restarted(machine, cycle, nowMs), says: `Powering ${to.toLowerCase()}...` };
  }
  if (look!.power === opposite && sent?.to !== to) return { kind: "power", to };
  const lastMs = sent?.to === to ? sent.atMs : cycle.sinceMs;
  // Before the cause goes: where it is refused again and again, it would come back each time.
  if ((look!.power === opposite || look!.power === midway) && isOver(lastMs, RETRY_MS, nowMs)) {
    return { kind: "power", to };
  }
  // The BMC has taken it and answers: what had kept it from that is of the past. Once: looks that fail now and then would
  // make it come and go.
  if (sent?.to === to && sent.isTold !== true && cycle.cause !== undefined && cycle.cause !== NOT_SHUT_DOWN) {
    return mark(to === "On" ? "powering on" : "powering off", at);
  }
  return shutdownAwaited(at) ?? poll(at);
}

function shutdownAwaited({ machine, facts: { sent }, nowMs }: Situation): PowerStep | undefined {
  if (sent?.isUpToSystem !== true || !isOver(sent.atMs, SHUTDOWN_MS, nowMs)) return;
  const status = troubled(machine, NOT_SHUT_DOWN, nowMs);
  return status && { kind: "record", status, says: NOT_SHUT_DOWN };
}

function mark(next: Mark, { machine, cycle, nowMs }: Situation): PowerStep {
  return { kind: "record", status: marked(machine, cycle, next, nowMs), says: SAYS[next] };
}

function poll({ facts }: Situation): PowerStep {
  return { kind: "wait", afterMs: POLL_MS[Math.min(facts.polls, POLL_MS.length - 1)]! };
}
