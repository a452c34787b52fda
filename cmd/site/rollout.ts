/** How far the rollout of a Deployment is: pure, from the object to what is said of it. */
import type { KubeObject } from "../../k8s/object.ts";

/** A Deployment, as far as its rollout goes. */
export interface DeploymentObject extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** How far it is. */
export type Rollout =
  | { readonly kind: "done" }
  | { readonly kind: "waiting"; readonly text: string }
  | { readonly kind: "failed"; readonly reason: string };

const waiting = (text: string): Rollout => ({ kind: "waiting", text });

/** The pods of an earlier template count until they are gone, as for `kubectl rollout status`. */
export function rolloutOf({ metadata, spec = {}, status = {} }: DeploymentObject): Rollout {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0, conditions = [] } = status;
  const wanted = spec.replicas ?? 1;
  if (observedGeneration < Number(metadata.generation ?? 0)) return waiting("the cluster has not taken it up yet");
  const progress = conditions.find(({ type }) => type === "Progressing");
  if (progress?.reason === "ProgressDeadlineExceeded") {
    return { kind: "failed", reason: `ProgressDeadlineExceeded: ${progress.message ?? "it does not come up"}` };
  }
  const refused = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (refused !== undefined) {
    return waiting(`pods are refused: ${refused.message ?? refused.reason ?? "unknown reason"}`);
  }
  if (spec.paused === true) return waiting(`paused; go on with: kubectl rollout resume`);
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} of ${wanted} replicas are new`);
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are ending`);
  if (availableReplicas < wanted) return waiting(`${availableReplicas} of ${wanted} replicas are available`);
  return { kind: "done" };
}
