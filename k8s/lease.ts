/**
 * What is next for a Lease (coordination.k8s.io/v1) that several processes want, decided as client-go's leader election
 * does: another's lease counts by when this process last saw it change, never by the times written in it.
 * Where it differs, docs/decisions/leader-election.md says why.
 */
import type { KubeObject } from "./object.ts";

/** spec, as far as it is used here. */
export interface LeaseSpec {
  /** Who has it; empty when it was given up. */
  holderIdentity?: string | null;
  /** Whole seconds after a change for which it counts. */
  leaseDurationSeconds?: number | null;
  /** MicroTime. */
  acquireTime?: string | null;
  /** MicroTime. */
  renewTime?: string | null;
  /** How often the holder has changed. */
  leaseTransitions?: number | null;
  /** Everything else. */
  [field: string]: unknown;
}

/** A Lease. */
export interface Lease extends KubeObject {
  /** Absent on one that was made by hand. */
  spec?: LeaseSpec;
}

/** When a record was first seen as it is. */
export interface Sighting {
  /** The record, to compare. */
  readonly record: string;
  /** By this process's own steady clock. */
  readonly sinceMs: number;
}

/** Who wants it, and for how long. */
export interface LeaseClaim {
  /** Where the Lease is. */
  readonly namespace: string;
  /** The Lease's name. */
  readonly name: string;
  /** Unique among all processes that want it. */
  readonly identity: string;
  /** How long it counts without being renewed. */
  readonly leaseMs: number;
}

/** What there is to know. */
export interface LeaseQuestion {
  /** Who asks. */
  readonly claim: LeaseClaim;
  /** As just read; undefined when there is none. */
  readonly lease: Lease | undefined;
  /** Of this lease. */
  readonly sighting: Sighting | undefined;
  /** Whether this process acts as its holder. */
  readonly leading: boolean;
  /** The steady clock of the sighting. */
  readonly nowMs: number;
  /** Time of day, to be written. */
  readonly wallMs: number;
}

/** What is next; a lease to write is created where it has no resourceVersion, else replaced. */
export type LeaseStep =
  | { readonly kind: "acquire" | "renew"; readonly lease: Lease }
  /** Another has it, for this long unless it renews. */
  | { readonly kind: "wait"; readonly holder: string; readonly forMs: number }
  /** This process acts, and another has it. */
  | { readonly kind: "lost"; readonly holder: string };

/** An int32: the API refuses more, and nobody could lead any more. */
const MOST_TRANSITIONS = 2 ** 31 - 1;

/** metav1.MicroTime. */
export function microTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}

/** The sighting of a lease that was just read. */
export function sight({ spec }: Lease, before: Sighting | undefined, nowMs: number): Sighting {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = spec ?? {};
  const record = JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]);
  return before?.record === record ? before : { record, sinceMs: nowMs };
}

/** Who has it; empty when nobody does. */
export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? "";
}

/** What is next. */
export function nextStep({ claim, lease, sighting, leading, nowMs, wallMs }: LeaseQuestion): LeaseStep {
  const kind = leading ? "renew" : "acquire";
  if (lease === undefined) return { kind, lease: written(newLease(claim), claim, wallMs, 0) };
  const holder = holderOf(lease);
  if (holder === claim.identity) return { kind, lease: renewed(lease, claim, wallMs) };
  if (holder !== "") {
    if (leading) return { kind: "lost", holder };
    const forMs = (sighting?.sinceMs ?? nowMs) + durationMs(lease, claim) - nowMs;
    if (forMs > 0) return { kind: "wait", holder, forMs };
  }
  const leaseTransitions = Math.min((lease.spec?.leaseTransitions ?? 0) + 1, MOST_TRANSITIONS);
  return { kind, lease: written(lease, claim, wallMs, leaseTransitions) };
}

/** The same lease, held on. */
export function renewed(lease: Lease, claim: LeaseClaim, wallMs: number): Lease {
  const { acquireTime, leaseTransitions } = lease.spec ?? {};
  const next = written(lease, claim, wallMs, leaseTransitions ?? 0);
  return acquireTime ? { ...next, spec: { ...next.spec, acquireTime } } : next;
}

/** The same lease, given up: nobody has it, and nobody has to wait. */
export function released(lease: Lease, wallMs: number): Lease {
  const now = microTime(wallMs);
  // The API wants a duration of at least a second.
  return {
    ...lease,
    spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
  };
}

function newLease({ namespace, name }: LeaseClaim): Lease {
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name } };
}

function written(lease: Lease, { identity, leaseMs }: LeaseClaim, wallMs: number, leaseTransitions: number): Lease {
  const now = microTime(wallMs);
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      // Rounded up: others must not think that it ends before the holder does.
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      acquireTime: now,
      renewTime: now,
      leaseTransitions,
    },
  };
}

/** What does not say how long it counts is given as long as our own. */
function durationMs({ spec }: Lease, { leaseMs }: LeaseClaim): number {
  return spec?.leaseDurationSeconds ? spec.leaseDurationSeconds * 1000 : leaseMs;
}
