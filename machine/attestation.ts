/** What a Machine says about its TPM, and when it may want a token. */
import { ConditionType, formatTime } from "./conditions.ts";
import type { Condition, MachineObject, MachineStatus } from "./types.ts";

type Json = Record<string, unknown>;
const record = (value: unknown): Json => typeof value === "object" && value !== null ? value as Json : {};

/** The endorsement key that was seen first, as PEM. */
export function pinnedKey({ status }: MachineObject): string | undefined {
  const { ekPublicKey } = record(status?.tpm);
  return typeof ekPublicKey === "string" && ekPublicKey !== "" ? ekPublicKey : undefined;
}

/**
 * SHA-256 of the endorsement keys that spec.attestation allows, in lower case; undefined when it does not say. What
 * cannot be read allows no key: a list with a slip in it must not let everybody in.
 */
export function allowedKeys({ spec }: MachineObject): readonly string[] | undefined {
  const list = record(record(spec).attestation).ekPublicKeySHA256;
  if (list === undefined || list === null) return undefined;
  const entries = Array.isArray(list) ? list : [list];
  return entries.map((entry) => String(entry).replaceAll(":", "").toLowerCase());
}

const repaves = (operations: unknown) => Number(record(operations).repaveCounter ?? 0);

/**
 * Whether a Machine is being installed, or has never come up: from the moment that an installation is asked for until
 * cloud-init of the system that it left is done. That it was is kept ({@link withCameUp}), as a machine can report
 * cloud-init's start at any time.
 */
export function isInstalling({ spec, status }: MachineObject): boolean {
  const installed = repaves(status?.operations);
  if (repaves(record(spec).operations) > installed) return true;
  const { cameUpRepaveCounter } = record(status?.attestation);
  if (typeof cameUpRepaveCounter === "number") return installed > cameUpRepaveCounter;
  const done = find(status, ConditionType.CloudInitDone);
  if (done === undefined) return status?.phase !== "Ready";
  if (done.status !== "True") return true;
  const repaved = find(status, ConditionType.Repaved);
  return repaved?.status === "True" && Date.parse(repaved.lastTransitionTime) > Date.parse(done.lastTransitionTime);
}

function find(status: MachineStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The status that keeps that the system of the latest installation has come up; undefined when it says so. */
export function withCameUp({ status }: MachineObject): MachineStatus | undefined {
  const attestation = record(status?.attestation);
  const cameUpRepaveCounter = repaves(status?.operations);
  if (attestation.cameUpRepaveCounter === cameUpRepaveCounter) return undefined;
  return { ...status, attestation: { ...attestation, cameUpRepaveCounter } };
}

/** More are not kept: nobody gets as many. */
const MAX_TIMES = 60;
const HOUR_MS = 3_600_000;

/** When a Machine was given tokens, by any replica, in the last hour; nothing of it is believed further than that. */
export function tokenTimes({ status }: MachineObject, nowMs: number): number[] {
  const { tokenTimes } = record(status?.attestation);
  if (!Array.isArray(tokenTimes)) return [];
  return tokenTimes.map((time) => Date.parse(String(time))).filter((ms) => Math.abs(nowMs - ms) < HOUR_MS);
}

/**
 * The status with an endorsement key in it; undefined when there is one, which then counts.
 * @param uid of the Machine that the key was checked for
 */
export function withPinnedKey(
  object: MachineObject,
  { uid, pem, nowMs }: { readonly uid: string; readonly pem: string; readonly nowMs: number },
): MachineStatus | undefined {
  if (object.metadata.uid !== uid || pinnedKey(object) !== undefined) return undefined;
  const { status } = object;
  return {
    ...status,
    tpm: { ...record(status?.tpm), ekPublicKey: pem },
    attestation: { ...record(status?.attestation), attestedAt: formatTime(nowMs) },
  };
}

/**
 * The status with a token that was issued: its time, and as much of its digest as finds it in an audit log. Notes may
 * come late, after those of later tokens from other replicas.
 */
export function withToken(
  object: MachineObject,
  { uid, sha256Prefix, issuedMs }: { readonly uid: string; readonly sha256Prefix: string; readonly issuedMs: number },
  nowMs: number,
): MachineStatus | undefined {
  if (object.metadata.uid !== uid) return undefined;
  const { status } = object;
  const attestation: Json = { attestedAt: formatTime(issuedMs), ...record(status?.attestation) };
  const times = [...tokenTimes(object, nowMs), issuedMs].filter((ms) => nowMs - ms < HOUR_MS).sort((a, b) => a - b);
  const latestMs = Date.parse(String(attestation.tokenIssuedAt));
  const isLate = latestMs > issuedMs && latestMs < nowMs + HOUR_MS;
  return {
    ...status,
    attestation: {
      ...attestation,
      ...(isLate ? {} : { tokenIssuedAt: formatTime(issuedMs), tokenSHA256Prefix: sha256Prefix }),
      tokenTimes: times.slice(-MAX_TIMES).map(formatTime),
    },
  };
}
