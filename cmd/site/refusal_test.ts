import { equal } from "node:assert/strict";
import { ApiError, ConnectionError } from "../../k8s/errors.ts";
import { refusalLine } from "./refusal.ts";

const refused = (status: number, reason: string, message: string) =>
  new ApiError("PATCH /x", status, { reason, message });
const OURS = "give the same values, or take them over with --force-conflicts";

const CASES: readonly [name: string, error: unknown, wanted: string | undefined][] = [
  [
    "one conflict",
    refused(
      409,
      "Conflict",
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
    ),
    `Error: Deployment/x: others have set fields of it since: conflict with "kubectl-edit" using apps/v1: .spec.replicas; ${OURS}`,
  ],
  [
    "several conflicts, on one line",
    refused(
      409,
      "Conflict",
      'Apply failed with 3 conflicts: conflicts with "a" using apps/v1:\n- .spec.x\n- .spec.y\nconflicts with "b":\n- .spec.z',
    ),
    `Error: Deployment/x: others have set fields of it since: conflicts with "a" using apps/v1: .spec.x, .spec.y; ` +
    `conflicts with "b": .spec.z; ${OURS}`,
  ],
  [
    "no rights",
    refused(403, "Forbidden", 'deployments.apps "x" is forbidden: User "u" cannot patch'),
    'Error from server (Forbidden): deployments.apps "x" is forbidden: User "u" cannot patch',
  ],
  [
    "a kind that is not served",
    refused(404, "NotFound", "the server could not find the requested resource"),
    "Error: Deployment/x: this cluster does not serve this kind of object",
  ],
  [
    "a path that is not served",
    refused(404, "", "404 page not found"),
    "Error: Deployment/x: this cluster does not serve this kind of object",
  ],
  ["an answer of several lines", refused(422, "Invalid", "a:\n* b\n* c"), "Error from server (Invalid): a:; * b; * c"],
  ["no answer", new ConnectionError("https://x", "ECONNREFUSED"), "Error: https://x: ECONNREFUSED"],
  ["a fault of ours", new RangeError("x"), undefined],
];

for (const [name, error, wanted] of CASES) {
  Deno.test(`refusalLine() ${name}`, () => equal(refusalLine(error, "Deployment/x"), wanted));
}
