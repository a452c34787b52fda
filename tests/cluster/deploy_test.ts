/** `site deploy-pxe` on a real API server: what it takes of the peer, whose rights it needs, several replicas. */
import { deepEqual, equal, match } from "node:assert/strict";
import { BUDGETS, DEPLOYMENTS } from "../../cmd/site/deployment.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { DEPLOY_CASES } from "./deploy_cases.ts";
import { asThePeer, DeploySite, type Ended } from "./deploy_site.ts";
import { Call } from "./plugin_site.ts";

const LINE = "site deploy-pxe --site=rack-a";
const NAME = { name: "metalman-controller-rack-a" };
const BOTH = "Deployment/metalman-controller-rack-a applied\nPodDisruptionBudget/metalman-controller-rack-a applied\n";

interface PodTemplate {
  readonly spec: { readonly template: { readonly spec: { readonly volumes: readonly object[]; affinity?: object } } };
}

async function template(site: DeploySite) {
  const { spec } = await site.deployment() as unknown as PodTemplate;
  return spec.template.spec;
}

const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;

async function hasBudget({ client }: DeploySite): Promise<boolean> {
  return await client.get(BUDGETS, NAME).then(() => true, (error) => {
    if (!isMissing(error)) throw error;
    return false;
  });
}

async function severalReplicas(site: DeploySite): Promise<void> {
  const two = await site.ends(`${LINE} --replicas=2`);
  deepEqual([two.code, two.out, two.err], [
    0,
    BOTH,
    "Warning: 2 pods, each on a node of its own, and site rack-a has 1 node for them; the others wait until there " +
    "are more: kubectl label node NODE unbounded-cloud.io/site=rack-a\n",
  ]);
  await site.addNode("rack-a", "node-b");
  deepEqual(await site.ends(`${LINE} --replicas=2`), { code: 0, out: BOTH, err: "" });
  equal((await template(site)).affinity !== undefined, true);
  const names = await site.ends(`${LINE} --replicas=2 -o name`);
  equal(
    names.out,
    "deployment.apps/metalman-controller-rack-a\npoddisruptionbudget.policy/metalman-controller-rack-a\n",
  );
  const dry = await site.ends(`${LINE} --dry-run=server`);
  match(dry.out, /\nPodDisruptionBudget\/metalman-controller-rack-a deleted \(server dry run\)\n$/);
  equal(await hasBudget(site), true);
  const one = await site.ends(LINE);
  deepEqual(one.out, `${BOTH.split("\n")[0]}\nPodDisruptionBudget/metalman-controller-rack-a deleted\n`);
  deepEqual([await hasBudget(site), (await template(site)).affinity], [false, undefined]);
  deepEqual((await site.ends(LINE)).out, `${BOTH.split("\n")[0]}\n`);
}

/** One source replaces another: the server takes back what was applied before. */
async function cacheVolumes(site: DeploySite): Promise<void> {
  const claims = { group: "", version: "v1", plural: "persistentvolumeclaims", namespace: "unbounded-kube" };
  deepEqual(
    (await site.ends(`${LINE} --cache-volume=pvc:images`)).err.split(";")[0],
    "Error: missing in namespace unbounded-kube: PersistentVolumeClaim images",
  );
  await site.client.create(claims, {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "images" } },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "20Gi" } } },
  });
  const sources: readonly [flags: string, volume: object][] = [
    [" --cache-volume=/var/lib/metalman", { hostPath: { path: "/var/lib/metalman", type: "Directory" } }],
    [" --cache-volume=pvc:images", { persistentVolumeClaim: { claimName: "images" } }],
    ["", { emptyDir: {} }],
  ];
  for (const [flags, volume] of sources) {
    equal((await site.ends(`${LINE}${flags}`)).code, 0);
    deepEqual((await template(site)).volumes, [{ name: "tmp", emptyDir: {} }, { name: "cache", ...volume }]);
  }
}

async function upgradeAndRollback(site: DeploySite): Promise<void> {
  const peer = await asThePeer("rack-a");
  const manager = "kubectl-unbounded";
  const before = await site.client.apply(DEPLOYMENTS, peer, { manager });
  deepEqual(await site.ends(LINE), { code: 0, out: BOTH.split("\n")[0] + "\n", err: "" });
  await site.client.apply(DEPLOYMENTS, peer, { manager });
  const after = await site.deployment();
  deepEqual((after as unknown as PodTemplate).spec, (before as unknown as PodTemplate).spec);
  equal((after.metadata.managedFields as unknown[]).length, 1);
}

function as(kubeconfig: string, line: string): Promise<Ended> {
  const call = new Call([...line.split(" "), `--kubeconfig=${kubeconfig}`]);
  return call.code.then((code) => ({ code, out: call.out, err: call.err }));
}

/** A pod of the site as a kubelet leaves it that finds no image. */
async function podWithoutImage({ client }: DeploySite): Promise<void> {
  const pods = { group: "", version: "v1", plural: "pods", namespace: "unbounded-kube" };
  const labels = { app: "unbounded-pxe", "unbounded-cloud.io/site": "rack-a" };
  const image = { name: "metalman", image: "metalman:v9" };
  const pod = await client.create<KubeObject>(pods, {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "metalman-controller-rack-a-1", labels } },
    spec: { containers: [image] },
  });
  const waiting = { reason: "ImagePullBackOff", message: "not found" };
  const containerStatuses = [{ ...image, imageID: "", ready: false, restartCount: 0, state: { waiting } }];
  await client.replaceStatus(pods, { ...pod, ...{ status: { phase: "Pending", containerStatuses } } });
}

async function namesThePods(site: DeploySite): Promise<void> {
  await podWithoutImage(site);
  const call = site.call(`${LINE} --image=metalman:v9 --wait`);
  await call.waitFor(/Waiting/);
  await site.setStatus({ conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }] });
  deepEqual([await call.code, call.err], [
    1,
    "Error: Deployment/metalman-controller-rack-a: ProgressDeadlineExceeded: it does not come up\n" +
    "  metalman-controller-rack-a-1: ImagePullBackOff: not found\n" +
    "See more with: kubectl -n unbounded-kube describe pods -l app=unbounded-pxe,unbounded-cloud.io/site=rack-a\n",
  ]);
}

peerTest("kube-apiserver: site deploy-pxe", API_SERVER, async (t) => {
  const { site, api } = await DeploySite.real();
  await using _ = site;
  for (const [name, run] of DEPLOY_CASES) await t.step(name, () => run(site));
  await t.step(
    "several replicas: nodes of their own, a budget; back to one, and the budget goes",
    () => severalReplicas(site),
  );
  await t.step("one cache volume replaces another", () => cacheVolumes(site));
  await site.client.delete(DEPLOYMENTS, NAME);
  await t.step(
    "over the peer's Deployment and back: no conflict, and nothing is left of ours",
    () => upgradeAndRollback(site),
  );
  await site.client.delete(DEPLOYMENTS, NAME);
  await t.step("--wait names the pods that do not come up, and why", () => namesThePods(site));
  await site.client.delete(DEPLOYMENTS, NAME);
  await t.step("no rights: which verb on what, in which namespace, and nothing is applied", async () => {
    const { code, out, err } = await as(await api.serviceAccountKubeconfig(), `${LINE} --replicas=2`);
    deepEqual([code, out], [1, ""]);
    match(
      err,
      /^Warning: not checked, as your rights do not allow it: get namespaces[^\n]*\nError from server \(Forbidden\): [^\n]*metalman-controller [^\n]*\bpatch\b[^\n]*\bdeployments\b[^\n]*\bnamespace "?unbounded-kube\b[^\n]*\n$/,
    );
    deepEqual(await site.deployments(), []);
  });
  await t.step("rights on Deployments alone: enough for one replica, and nothing of two", async () => {
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch", "create"] }];
    const subjects = [{ kind: "ServiceAccount", name: "metalman-bootstrap", namespace: "unbounded-kube" }];
    const rbac = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name: "deployer", namespace: "unbounded-kube" },
    };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "deployer" };
    await api.apply({ ...rbac, kind: "Role", rules }, { ...rbac, kind: "RoleBinding", roleRef, subjects });
    const kubeconfig = await api.serviceAccountKubeconfig("metalman-bootstrap");
    const two = await as(kubeconfig, `${LINE} --replicas=2`);
    deepEqual([two.code, two.out], [1, ""]);
    match(two.err, /\(Forbidden\): [^\n]*poddisruptionbudgets\.policy "metalman-controller-rack-a"/);
    deepEqual(await site.deployments(), []);
    equal((await as(kubeconfig, LINE)).out, "Deployment/metalman-controller-rack-a applied\n");
  });
});

peerTest("kube-apiserver: a cluster without metalman: one line that says what to install", API_SERVER, async () => {
  await using api = await startApiServer();
  const { code, out, err } = await as(api.kubeconfig, LINE);
  deepEqual([code, out, err], [
    1,
    "",
    "Error: missing in this cluster: namespace unbounded-kube, ServiceAccount metalman-controller, and the " +
    "CustomResourceDefinition machines.unbounded-cloud.io; install with: metalman manifests | kubectl apply -f -\n" +
    "Error: no node is of site rack-a; choose where it shall run: " +
    "kubectl label node NODE unbounded-cloud.io/site=rack-a\n",
  ]);
});
