import { deepEqual, equal } from "node:assert/strict";
import { ApiError } from "./errors.ts";
import { describeMissingRight, grantCommand, missingRight } from "./missing_right.ts";

const SA = "system:serviceaccount:unbounded-kube:metalman-controller";

/** Refusal, sentence without the command, command. */
const CASES: readonly (readonly [string, string, string])[] = [
  [
    `machines.unbounded-cloud.io is forbidden: User "${SA}" cannot list resource "machines" in API group "unbounded-cloud.io" at the cluster scope`,
    "ServiceAccount unbounded-kube/metalman-controller may not list machines.unbounded-cloud.io in the cluster",
    "kubectl create clusterrole allow-list-machines-unbounded-kube-metalman-controller --verb=list --resource=machines.unbounded-cloud.io && " +
    "kubectl create clusterrolebinding allow-list-machines-unbounded-kube-metalman-controller " +
    "--clusterrole=allow-list-machines-unbounded-kube-metalman-controller --serviceaccount=unbounded-kube:metalman-controller",
  ],
  [
    `leases.coordination.k8s.io "metalman" is forbidden: User "alice@example.com" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "unbounded-kube"`,
    'user "alice@example.com" may not get leases.coordination.k8s.io "metalman" in namespace unbounded-kube',
    "kubectl create role allow-get-leases -n unbounded-kube --verb=get --resource=leases.coordination.k8s.io --resource-name=metalman && " +
    "kubectl create rolebinding allow-get-leases -n unbounded-kube --role=allow-get-leases --user=alice@example.com",
  ],
  [
    `machines.unbounded-cloud.io "a" is forbidden: User "o'neil corp" cannot update resource "machines/status" in API group "unbounded-cloud.io" at the cluster scope: RBAC: clusterrole "x" not found`,
    `user "o'neil corp" may not update machines.unbounded-cloud.io/status "a" in the cluster`,
    "kubectl create clusterrole allow-update-machines-status --verb=update --resource=machines.unbounded-cloud.io/status --resource-name=a && " +
    "kubectl create clusterrolebinding allow-update-machines-status --clusterrole=allow-update-machines-status --user='o'\\''neil corp'",
  ],
  [
    'events is forbidden: User "b" cannot create resource "events" in API group "" in the namespace "default"',
    'user "b" may not create events in namespace default',
    "kubectl create role allow-create-events -n default --verb=create --resource=events && " +
    "kubectl create rolebinding allow-create-events -n default --role=allow-create-events --user=b",
  ],
];

Deno.test("a refusal of RBAC is read, said and answered with commands (Kubernetes documentation, Authorization)", () => {
  for (const [refusal, sentence, command] of CASES) {
    const right = missingRight(refusal)!;
    equal(grantCommand(right), command);
    equal(describeMissingRight(right, "x"), `${sentence}; to grant it: x`);
  }
});

Deno.test("what is refused for other reasons is no missing right", () => {
  const others = [
    "",
    'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    'forbidden: User "system:anonymous" cannot get path "/version"',
    'namespaces "a" is forbidden: unable to create new content in namespace a because it is being terminated',
  ];
  deepEqual(others.map(missingRight), others.map(() => undefined));
});

Deno.test("an ApiError of a missing right says which in its message, and keeps the server's own words", () => {
  const message = 'nodes is forbidden: User "b" cannot list resource "nodes" in API group "" at the cluster scope';
  const error = new ApiError("GET /api/v1/nodes", 403, { reason: "Forbidden", message, grant: () => "ask" });
  equal(
    error.message,
    'GET /api/v1/nodes: 403 Forbidden: user "b" may not list nodes in the cluster; to grant it: ask',
  );
  equal(error.missingRight, 'user "b" may not list nodes in the cluster; to grant it: ask');
  equal(error.detail, message);
  equal(new ApiError("GET /api/v1/nodes", 403, { message: "no" }).missingRight, undefined);
});
