/** What `site deploy-pxe` does on any API server (contract 3, 4). */
import { deepEqual, equal, match } from "node:assert/strict";
import { load } from "js-yaml";
import { DEPLOYMENTS } from "../../cmd/site/deployment.ts";
import type { DeploySite } from "./deploy_site.ts";

const APPLIED = "Deployment/metalman-controller-rack-a applied";
const LINE = "site deploy-pxe --site=rack-a";
const NAME = { name: "metalman-controller-rack-a" };

/** A name and what is tried. */
export type DeployCase = readonly [name: string, run: (site: DeploySite) => Promise<void>];

async function appliesOnce(site: DeploySite): Promise<void> {
  deepEqual(await site.ends(`${LINE} --dry-run=server`), { code: 0, out: `${APPLIED} (server dry run)\n`, err: "" });
  deepEqual(await site.deployments(), []);
  deepEqual(await site.ends(LINE), { code: 0, out: `${APPLIED}\n`, err: "" });
  const [wanted] = [load(await Deno.readTextFile(new URL("../golden/deploy/plain.yaml", import.meta.url)))];
  const first = await site.deployment();
  contains(first, wanted, "");
  const [owner] = first.metadata.managedFields as { manager: string; operation: string }[];
  deepEqual([owner?.manager, owner?.operation], ["kubectl-unbounded", "Apply"]);
  equal((await site.ends(LINE)).code, 0);
  equal((await site.deployment()).metadata.resourceVersion, first.metadata.resourceVersion);
  await site.client.delete(DEPLOYMENTS, NAME);
}

/** All that is wanted is there; defaults may be besides. */
function contains(object: unknown, wanted: unknown, path: string): void {
  if (typeof wanted !== "object" || wanted === null) return equal(object, wanted, path);
  for (const [key, value] of Object.entries(wanted)) contains(Object(object)[key], value, `${path}.${key}`);
}

async function prints(site: DeploySite): Promise<void> {
  const name = await site.ends(`${LINE} -o name`);
  deepEqual([name.code, name.out], [0, "deployment.apps/metalman-controller-rack-a\n"]);
  const { out } = await site.ends(`${LINE} -o yaml --dry-run=server`);
  const { metadata } = load(out) as { metadata: Record<string, unknown> };
  deepEqual([metadata.name, typeof metadata.uid, metadata.managedFields], [NAME.name, "string", undefined]);
  await site.client.delete(DEPLOYMENTS, NAME);
}

async function namesConflicts(site: DeploySite): Promise<void> {
  equal((await site.ends(LINE)).code, 0);
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: NAME, ...{ spec: { replicas: 3 } } };
  await site.client.apply(DEPLOYMENTS, object, { manager: "somebody", force: true });
  const refused = await site.ends(`${LINE} --image=metalman:v2`);
  deepEqual([refused.code, refused.out], [1, ""]);
  match(
    refused.err,
    /^Error: Deployment\/metalman-controller-rack-a: others have set fields of it since: conflict with "somebody"[^\n]*: \.spec\.replicas; give the same values, or take them over with --force-conflicts\n$/,
  );
  equal((await site.deployment()).spec?.replicas, 3);
  deepEqual((await site.ends(`${LINE} --force-conflicts`)).out, `${APPLIED}\n`);
  equal((await site.deployment()).spec?.replicas, 1);
  await site.client.delete(DEPLOYMENTS, NAME);
}

async function looksFirst(site: DeploySite): Promise<void> {
  deepEqual(await site.ends("site deploy-pxe --site=rack-x"), {
    code: 1,
    out: "",
    err: "Error: no node is of site rack-x; choose where it shall run: " +
      "kubectl label node NODE unbounded-cloud.io/site=rack-x\n",
  });
  const accounts = { group: "", version: "v1", plural: "serviceaccounts", namespace: "unbounded-kube" };
  await site.client.delete(accounts, { name: "metalman-controller" });
  const { code, err } = await site.ends(LINE, { calledAs: "/usr/bin/kubectl-unbounded" });
  deepEqual([code, err], [
    1,
    "Error: missing in this cluster: ServiceAccount metalman-controller; install with: " +
    "kubectl unbounded manifests | kubectl apply -f -\n",
  ]);
  deepEqual(await site.deployments(), []);
  await site.client.create(accounts, {
    ...{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "metalman-controller" } },
  });
}

async function waits(site: DeploySite): Promise<void> {
  const call = site.call(`${LINE} --wait`);
  await call.waitFor(/^Waiting: the cluster has not taken it up yet$/m);
  await site.setStatus({ replicas: 1, updatedReplicas: 1 });
  await call.waitFor(/^Waiting: 0 of 1 replicas are available$/m);
  await site.setStatus({ replicas: 1, updatedReplicas: 1, availableReplicas: 1 });
  deepEqual([await call.code, call.err], [0, ""]);
  match(
    call.out,
    /^Deployment\/metalman-controller-rack-a applied\n(Waiting: .*\n)+Deployment\/metalman-controller-rack-a rolled out\n$/,
  );
  // A change of the template is a new generation: the status before it does not count.
  const late = await site.ends(`${LINE} --image=metalman:v2 --wait --timeout=100ms`);
  equal(late.code, 124);
  match(
    late.err,
    /^Error: Deployment\/metalman-controller-rack-a: not rolled out within 100ms \(--timeout\); it goes on(: the cluster has not taken it up yet)?\nSee more with: kubectl -n unbounded-kube describe pods -l app=unbounded-pxe,unbounded-cloud.io\/site=rack-a\n$/,
  );
  const stopped = site.call(`${LINE} --image=metalman:v2 --wait -o name`);
  await stopped.waitFor(/Waiting/);
  stopped.interrupt();
  deepEqual([await stopped.code, stopped.out, stopped.err.split("\n").at(-2)], [
    ...[130, "deployment.apps/metalman-controller-rack-a\n", "Stopped waiting; the rollout goes on."],
  ]);
}

async function saysWhyNot(site: DeploySite): Promise<void> {
  const gone = site.call(`${LINE} --wait --force-conflicts --image=metalman:v3`);
  await gone.waitFor(/Waiting/);
  await site.client.delete(DEPLOYMENTS, NAME);
  equal(await gone.code, 1);
  match(gone.err, /^Error: Deployment\/metalman-controller-rack-a: it is deleted\n/);
  const failed = site.call(`${LINE} --wait`);
  await failed.waitFor(/Waiting/);
  const message = 'ReplicaSet "metalman-controller-rack-a-1" has timed out progressing.';
  await site.setStatus({
    conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message }],
  });
  equal(await failed.code, 1);
  match(failed.err, /^Error: Deployment\/metalman-controller-rack-a: ProgressDeadlineExceeded: ReplicaSet .*\n/);
  await site.client.delete(DEPLOYMENTS, NAME);
}

async function saysWhoWaits(site: DeploySite): Promise<void> {
  await site.setNode("node-a", { unschedulable: true });
  const { code, err } = await site.ends(`${LINE} --dry-run=server`);
  deepEqual([code, err], [
    0,
    "Warning: 1 pod, and site rack-a has 0 nodes for it (node-a is cordoned); it waits until there are more: " +
    "kubectl label node NODE unbounded-cloud.io/site=rack-a\n",
  ]);
  await site.setNode("node-a", {});
}

/** All of them, for one cluster in this order. */
export const DEPLOY_CASES: readonly DeployCase[] = [
  ["applies the Deployment of contract 4, field by field; a dry run and a second time change nothing", appliesOnce],
  ["prints objects as kubectl does", prints],
  ["names who set what it would set, and takes it over when told to", namesConflicts],
  ["looks first: an unknown site or a missing account, and nothing is applied", looksFirst],
  ["--wait follows the rollout: done 0, too late 124, interrupted 130", waits],
  ["--wait says why it will not be: deleted, ProgressDeadlineExceeded", saysWhyNot],
  ["says when pods will wait for a node", saysWhoWaits],
];
