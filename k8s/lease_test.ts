import { deepEqual, equal } from "node:assert/strict";
import { type Lease, type LeaseSpec, type LeaseStep, microTime, nextStep, released, renewed, sight } from "./lease.ts";

const claim = { namespace: "ns", name: "boss", identity: "me", leaseMs: 15_000 };
const WALL = Date.UTC(2026, 10, 23, 9, 0, 0, 123);
const NOW = "2026-11-23T09:00:00.123000Z";
const EARLIER = "2026-11-23T08:00:00.000000Z";

function leaseOf(spec?: LeaseSpec): Lease {
  return { metadata: { namespace: "ns", name: "boss", resourceVersion: "7" }, ...(spec === undefined ? {} : { spec }) };
}
const held = (holderIdentity: string, more: LeaseSpec = {}): LeaseSpec => ({
  holderIdentity,
  leaseDurationSeconds: 15,
  acquireTime: EARLIER,
  renewTime: EARLIER,
  leaseTransitions: 3,
  ...more,
});
const mine = (acquireTime: string, leaseTransitions: number): LeaseSpec => ({
  holderIdentity: "me",
  leaseDurationSeconds: 15,
  acquireTime,
  renewTime: NOW,
  leaseTransitions,
});
/** What is compared: of a lease to be written its spec. */
const short = (step: LeaseStep) => "lease" in step ? { kind: step.kind, spec: step.lease.spec } : step;

interface Case {
  readonly name: string;
  readonly lease: Lease | undefined;
  /** Since when this process has seen it as it is. @default now */
  readonly seenMs?: number;
  readonly leading?: true;
  readonly want: unknown;
}

const CASES: readonly Case[] = [
  { name: "there is none: it is created", lease: undefined, want: { kind: "acquire", spec: mine(NOW, 0) } },
  { name: "one without a spec is taken", lease: leaseOf(), want: { kind: "acquire", spec: mine(NOW, 1) } },
  {
    name: "one that was given up is taken at once",
    lease: leaseOf(held("", { leaseDurationSeconds: 1 })),
    want: { kind: "acquire", spec: mine(NOW, 4) },
  },
  {
    name: "one whose transitions cannot be counted on, an int32 in the API, is taken all the same",
    lease: leaseOf(held("", { leaseTransitions: 2 ** 31 - 1 })),
    want: { kind: "acquire", spec: mine(NOW, 2 ** 31 - 1) },
  },
  {
    name: "another's that was just seen to change is waited for, however old its times are",
    lease: leaseOf(held("you", { renewTime: "1999-01-01T00:00:00.000000Z" })),
    want: { kind: "wait", holder: "you", forMs: 15_000 },
  },
  {
    name: "another's whose clock is ahead counts no longer than its duration",
    lease: leaseOf(held("you", { renewTime: "2099-01-01T00:00:00.000000Z" })),
    seenMs: 85_000,
    want: { kind: "acquire", spec: mine(NOW, 4) },
  },
  {
    name: "another's is left alone until its last millisecond",
    lease: leaseOf(held("you")),
    seenMs: 85_001,
    want: { kind: "wait", holder: "you", forMs: 1 },
  },
  {
    name: "the duration that counts is the holder's, not ours",
    lease: leaseOf(held("you", { leaseDurationSeconds: 60 })),
    seenMs: 80_000,
    want: { kind: "wait", holder: "you", forMs: 40_000 },
  },
  {
    name: "a holder that wrote no duration is given ours",
    lease: leaseOf({ holderIdentity: "kubectl" }),
    seenMs: 90_000,
    want: { kind: "wait", holder: "kubectl", forMs: 5000 },
  },
  {
    name: "our own, after a term that ended without giving it up, is no transition",
    lease: leaseOf(held("me")),
    want: { kind: "acquire", spec: mine(EARLIER, 3) },
  },
  {
    name: "our own is renewed",
    lease: leaseOf(held("me")),
    leading: true,
    want: { kind: "renew", spec: mine(EARLIER, 3) },
  },
  {
    name: "a leader whose lease was deleted makes it anew",
    lease: undefined,
    leading: true,
    want: { kind: "renew", spec: mine(NOW, 0) },
  },
  {
    name: "a leader whose lease was emptied by hand takes it back",
    lease: leaseOf(held("")),
    leading: true,
    want: { kind: "renew", spec: mine(NOW, 4) },
  },
  {
    name: "a leader whose lease another has is none, also when that has expired",
    lease: leaseOf(held("you")),
    seenMs: 0,
    leading: true,
    want: { kind: "lost", holder: "you" },
  },
];

for (const { name, lease, seenMs = 100_000, leading = false, want } of CASES) {
  Deno.test(`nextStep() as client-go's leader election: ${name}`, () => {
    const sighting = lease === undefined ? undefined : sight(lease, undefined, seenMs);
    deepEqual(short(nextStep({ claim, lease, sighting, leading, nowMs: 100_000, wallMs: WALL })), want);
  });
}

Deno.test("nextStep() writes over what it has read, and only what is the holder's", () => {
  const lease = leaseOf(held("", { strategy: "OldestEmulationVersion" }));
  const step = nextStep({ claim, lease, sighting: undefined, leading: false, nowMs: 0, wallMs: WALL });
  deepEqual("lease" in step && step.lease, {
    metadata: { namespace: "ns", name: "boss", resourceVersion: "7" },
    spec: { ...mine(NOW, 4), strategy: "OldestEmulationVersion" },
  });
});

Deno.test("a lease of part of a second is written longer, never shorter, than the holder's own", () => {
  const short = { ...claim, leaseMs: 2500 };
  equal(renewed(leaseOf(held("me")), short, WALL).spec?.leaseDurationSeconds, 3);
});

Deno.test("released() leaves an empty holder, one second and the count of transitions", () => {
  deepEqual(released(leaseOf(held("me")), WALL).spec, {
    ...held("", { leaseDurationSeconds: 1 }),
    acquireTime: NOW,
    renewTime: NOW,
  });
});

Deno.test("sight() counts from a change of the record, not from one of the object", () => {
  const first = sight(leaseOf(held("you")), undefined, 1000);
  const labelled = { metadata: { name: "boss", resourceVersion: "8", labels: { a: "b" } }, spec: held("you") };
  equal(sight(labelled, first, 2000), first);
  equal(sight(leaseOf(held("you", { renewTime: NOW })), first, 3000).sinceMs, 3000);
});

Deno.test("microTime() has six digits, as metav1.MicroTime", () => equal(microTime(WALL), NOW));
