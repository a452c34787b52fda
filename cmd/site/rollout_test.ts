import { deepEqual } from "node:assert/strict";
import { type DeploymentObject, type Rollout, rolloutOf } from "./rollout.ts";

type Status = NonNullable<DeploymentObject["status"]>;
const SEEN: Status = { observedGeneration: 4, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const waiting = (text: string): Rollout => ({ kind: "waiting", text });
const late = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it timed out" };

/** What kubectl rollout status waits for is what is waited for here. */
const CASES: readonly [name: string, Status | undefined, Rollout, spec?: DeploymentObject["spec"]][] = [
  ["all new and available", SEEN, { kind: "done" }],
  ["nothing of the status is there", undefined, waiting("the cluster has not taken it up yet")],
  ["an earlier generation", { ...SEEN, observedGeneration: 3 }, waiting("the cluster has not taken it up yet")],
  [
    "an earlier generation that failed",
    { ...SEEN, observedGeneration: 3, conditions: [late] },
    waiting(
      "the cluster has not taken it up yet",
    ),
  ],
  ["old replicas still", { ...SEEN, updatedReplicas: 1 }, waiting("1 of 2 replicas are new")],
  ["old replicas besides", { ...SEEN, replicas: 3 }, waiting("1 old replicas are ending")],
  ["not available yet", { ...SEEN, availableReplicas: 1 }, waiting("1 of 2 replicas are available")],
  ["none of anything", { observedGeneration: 4 }, waiting("0 of 2 replicas are new")],
  ["too late", { ...SEEN, availableReplicas: 0, conditions: [late] }, {
    kind: "failed",
    reason: "ProgressDeadlineExceeded: it timed out",
  }],
  ["pods refused", {
    observedGeneration: 4,
    conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "host network" }],
  }, waiting("pods are refused: host network")],
  ["refused before, not now", { ...SEEN, conditions: [{ type: "ReplicaFailure", status: "False" }] }, { kind: "done" }],
  ["paused", { ...SEEN, updatedReplicas: 0 }, waiting("paused; go on with: kubectl rollout resume"), {
    replicas: 2,
    paused: true,
  }],
];

for (const [name, status, wanted, spec = { replicas: 2 }] of CASES) {
  Deno.test(`rolloutOf() ${name}`, () => {
    const metadata = { name: "x", generation: 4 };
    deepEqual(rolloutOf({ metadata, spec, ...(status === undefined ? {} : { status }) }), wanted);
  });
}
