/** What a machine reports about itself, as changes of its status (contract 2). Each function computes, none writes. */
import { fromText, toText } from "../base/byte_text.ts";
import { formatDuration } from "../base/duration.ts";
import { quote } from "../base/go_quote.ts";
import { isInstalling, withCameUp } from "./attestation.ts";
import { ConditionReason, conditionsOf, ConditionType, type NextCondition, withCondition } from "./conditions.ts";
import type { Condition, MachineObject, MachineStatus } from "./types.ts";

/** An event of cloud-init's webhook reporter; `result` is empty for a start. */
export interface CloudInitEvent {
  /** The stage, for example `modules-final`. */
  readonly name: string;
  /** For people. */
  readonly description: string;
  /** `event_type`. */
  readonly type: "start" | "finish";
  /** `SUCCESS`, or what else cloud-init says. */
  readonly result: string;
}

/** Running for so long without a change means that cloud-init is stuck. */
export const STALL_MS = 300_000;
/** Longest message of CloudInitDone, in characters. */
const MAX_MESSAGE = 1024;
/** The stage whose success is the end. */
const LAST_STAGE = "modules-final";

/** Reads a posted event; undefined for anything that is none: clients may post junk. */
export function readCloudInitEvent(body: string): CloudInitEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return;
  const { name, description, event_type: type, result } = value as Record<string, unknown>;
  if (typeof name !== "string" || (type !== "start" && type !== "finish")) return;
  return {
    name: cut(name),
    description: typeof description === "string" ? cut(description) : "",
    type,
    result: typeof result === "string" ? cut(result) : "",
  };
}

/**
 * The status after a cloud-init event; undefined when it changes nothing. A system that has come up stays one that has:
 * its cloud-init may run again, and it may say so to get another token.
 */
export function cloudInitReport(object: MachineObject, event: CloudInitEvent, now: number): MachineStatus | undefined {
  const condition = cloudInitCondition(event);
  const status = withCondition(object, condition, now);
  if (condition.status !== "True" && isInstalling(object)) return status;
  return withCameUp(status === undefined ? object : { ...object, status }) ?? status;
}

function cloudInitCondition(
  { name, description, type, result }: CloudInitEvent,
): NextCondition {
  const is = (status: Condition["status"], reason: string, message: string) => ({
    type: ConditionType.CloudInitDone,
    status,
    reason,
    message: cut(message),
  });
  const stage = `stage ${goQuote(name)}`;
  if (type === "start") return is("False", ConditionReason.Running, `${stage} started: ${description}`);
  if (result !== "SUCCESS") {
    return is("False", ConditionReason.Failed, `${stage} failed with result ${goQuote(result)}: ${description}`);
  }
  return name === LAST_STAGE
    ? is("True", ConditionReason.Succeeded, "cloud-init completed successfully")
    : is("False", ConditionReason.Running, `${stage} finished successfully, waiting for remaining stages`);
}

/** What to do about a cloud-init that may be stuck. */
export type StallCheck =
  /** It is not running. */
  | { readonly kind: "none" }
  /** Look again then, in milliseconds since the epoch. */
  | { readonly kind: "later"; readonly at: number }
  /** Its time is over: the status that says so. */
  | { readonly kind: "timedOut"; readonly status: MachineStatus };

/**
 * Whether cloud-init has stalled. A later event still counts: it sets the condition anew.
 * @param changedMs when the caller last saw the condition change, or started watching: lastTransitionTime alone does
 * not tell, it stays while one running stage follows another
 */
export function nextStallCheck(object: MachineObject, changedMs: number, now: number): StallCheck {
  const condition = conditionsOf(object).find((c) => c.type === ConditionType.CloudInitDone);
  if (condition?.status !== "False" || condition.reason !== ConditionReason.Running) return { kind: "none" };
  const at = Math.max(changedMs, Date.parse(condition.lastTransitionTime) || 0) + STALL_MS;
  // A clock that ran ahead when the time was written must not keep the check away for longer than one limit.
  if (now < at && at <= now + STALL_MS) return { kind: "later", at };
  if (now < at) return { kind: "later", at: now + STALL_MS };
  const status = withCondition(object, {
    type: ConditionType.CloudInitDone,
    status: "Unknown",
    reason: ConditionReason.TimedOut,
    message: `cloud-init did not complete within ${formatDuration(STALL_MS)}`,
  }, now);
  return status === undefined ? { kind: "none" } : { kind: "timedOut", status };
}

/**
 * The status after /pxe/disable: the repave that was asked for is done.
 * @param image spec.pxe.image
 */
export function pxeDisabled(
  object: MachineObject,
  { wantedRepaves, image }: { readonly wantedRepaves: number; readonly image: string },
  now: number,
): MachineStatus | undefined {
  const repaved = {
    type: ConditionType.Repaved,
    status: "True" as const,
    reason: ConditionReason.Succeeded,
    message: `image=${image}`,
  };
  const before = object.status?.operations ?? {};
  if ((before.repaveCounter ?? 0) === wantedRepaves) return withCondition(object, repaved, now);
  const operations = { ...before, repaveCounter: wantedRepaves };
  const counted: MachineObject = { ...object, status: { ...object.status, operations } };
  return withCondition(counted, repaved, now) ?? counted.status;
}

/** At most {@link MAX_MESSAGE} characters; a cut never splits one. */
function cut(text: string): string {
  if (text.length <= MAX_MESSAGE) return text.toWellFormed();
  const characters = [...text.slice(0, 2 * MAX_MESSAGE + 2)];
  if (characters.length <= MAX_MESSAGE) return text.toWellFormed();
  return characters.slice(0, MAX_MESSAGE - 3).join("").toWellFormed() + "...";
}

/** Quoted as Go's %q does: tools read these messages. */
function goQuote(text: string): string {
  return toText(quote(fromText(text)));
}
