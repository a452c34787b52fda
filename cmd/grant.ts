/** What to do about a right that is missing, for an operator. */
import { grantCommand, type MissingRight } from "../k8s/missing_right.ts";

const OWN_ACCOUNT = "system:serviceaccount:unbounded-kube:metalman-controller";

/** The command that grants it: all of metalman's own rights at once, for its ServiceAccount. */
export function howToGrant(right: MissingRight): string {
  return right.user === OWN_ACCOUNT ? "metalman manifests rbac | kubectl apply -f -" : grantCommand(right);
}
