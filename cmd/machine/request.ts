/** How a repave or reboot is asked for: pure, from a Machine to the change of its counters (contract 9). */
import { conditionsOf, ConditionType } from "../../machine/conditions.ts";
import { type MachineObject, readMachine } from "../../machine/types.ts";
import type { Until } from "./settings.ts";
import { type Goal, hasBmc } from "./steps.ts";

/** What is sent, and what to wait for then. */
export interface Request {
  /**
   * A merge patch: of all that a Machine holds only the counters are ours to write. Its resourceVersion makes it a
   * conflict when the Machine has changed since, so that two requests never count as one.
   */
  readonly patch: {
    readonly metadata: { readonly resourceVersion?: string };
    readonly spec: { readonly operations: Readonly<Record<string, number>> };
  };
  readonly goal: Goal;
}

/** It cannot be asked of this Machine. */
export class RequestError extends Error {
  /** The class's name. */
  override name = "RequestError";
}

/** One above what was asked for and what was done: status may be ahead where spec was written anew from a file. */
function next(field: string, wanted: number, done: number): number {
  const counter = Math.max(wanted, done) + 1;
  if (Number.isSafeInteger(counter)) return counter;
  throw new RequestError(`spec.operations.${field} cannot grow any more; set it and the status to 0`);
}

/**
 * The request for this state of a Machine.
 * @throws {RequestError} when it has no BMC (contract 3)
 */
export function requestFor(kind: Goal["kind"], until: Until, object: MachineObject): Request {
  const { name, uid = "", resourceVersion } = object.metadata;
  if (!hasBmc(object)) {
    throw new RequestError(`machine "${name}" has no spec.pxe.redfish: BMC access is needed to ${kind} it`);
  }
  const { wanted, done } = readMachine(object).machine;
  const rebootCounter = next("rebootCounter", wanted.rebootCounter, done.rebootCounter);
  const repaveCounter = kind === "repave"
    ? next("repaveCounter", wanted.repaveCounter, done.repaveCounter)
    : wanted.repaveCounter;
  const cloudInit = conditionsOf(object).find(({ type }) => type === ConditionType.CloudInitDone);
  return {
    patch: {
      metadata: { ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec: { operations: { ...(kind === "repave" ? { repaveCounter } : {}), rebootCounter } },
    },
    goal: {
      ...{ kind, until, uid, rebootCounter, repaveCounter },
      ...(cloudInit === undefined ? {} : { cloudInitBefore: cloudInit.lastTransitionTime }),
    },
  };
}

/** The Machine as the request leaves it, for a dry run that asks nobody. */
export function withRequest(object: MachineObject, { patch }: Request): MachineObject {
  const operations = { ...object.spec?.operations as object | undefined, ...patch.spec.operations };
  return { ...object, spec: { ...object.spec, operations } };
}
