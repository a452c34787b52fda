/** Everything metalman does works with the rights of deploy/ and no others (contract 4), as the real API server's audit log has it. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { type EmulatedBmc, startBmc } from "../../dev/bmc/server.ts";
import { startRack } from "../../dev/rack/rack_host.ts";
import golden from "../golden/attest/ecc-p256-sha256.json" with { type: "json" };
import { API_SERVER, type KubeObject, startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { type AuditedRequest, requestsOf } from "../peers/audit_log.ts";
import { manifest, objectPath } from "../peers/manifest.ts";
import { KUBECTL } from "./kubectl_peer.ts";
import { freePort, Peer, peerTest, run } from "../peers/peer.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const NEEDS = { ...SITE_NEEDS, programs: [...SITE_NEEDS.programs, "bash"], files: [KUBECTL] };
const MACHINE = "/apis/unbounded-cloud.io/v1alpha3/machines/node-01";
const MERGE = "application/merge-patch+json";
const MAC = "52:54:00:00:00:01";
const IP = "127.0.1.1";
const USER = { username: "admin", password: "correct horse" };
const BMC = { name: "bmc", namespace: "default" };
const PULL = { name: "pull", namespace: "default" };
const USER_DATA = { name: "user-data", namespace: "default" };

/** A site with all that metalman can read, and a machine that has a BMC. */
interface Scene extends AsyncDisposable {
  readonly site: LoopbackSite;
  readonly bmc: EmulatedBmc;
}

function objects(url: string, image: string): KubeObject[] {
  const redfish = { url, username: USER.username, passwordRef: { ...BMC, key: "password" } };
  const more = { redfish, imagePullSecretRef: PULL, cloudInit: { userDataConfigMapRef: USER_DATA } };
  const dockerConfig = JSON.stringify({ auths: { "registry.test": { auth: btoa("a:b") } } });
  const aks = { "kubernetes.azure.com/mode": "system", "kubernetes.azure.com/cluster": "aks-1" };
  return [
    { apiVersion: "v1", kind: "Secret", metadata: BMC, stringData: { password: USER.password } },
    {
      ...{ apiVersion: "v1", kind: "Secret", metadata: PULL, type: "kubernetes.io/dockerconfigjson" },
      stringData: { ".dockerconfigjson": dockerConfig },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: USER_DATA, data: { "user-data": "#cloud-config\nhostname: a\n" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "aks-cluster-metadata", namespace: "kube-public" } },
    { apiVersion: "v1", kind: "Node", metadata: { name: "system-1", labels: aks } },
    machine("node-01", image, MAC, IP, more),
  ];
}

async function createScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await LoopbackSite.create({ audit: true }));
  const network = { dhcp: { address: "127.0.0.1", port: 9 }, tftpPort: 9 };
  const rack = stack.use(startRack({ network, onEvent: () => {}, clock: systemClock, random: Math.random }));
  const bmc = stack.use(await startBmc({ machine: rack.add({ mac: MAC }), ...USER, log: new MemoryLogger() }));
  const image = await site.push("os:v1", {
    "metadata.yaml": "dhcpBootImageName: boot.efi\n",
    "boot.efi": "boot",
    "facts.tmpl": "{{.ClusterDNS}} {{.KubernetesVersion}}\n{{.AgentConfigJSON}}\n",
  });
  await site.api.apply(...objects(bmc.url, image));
  const owned = stack.move();
  return { site, bmc, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Another replica of the site, on ports of its own. */
function startAnother(site: LoopbackSite): Promise<Peer> {
  const flags = ["http-port", "health-port", "tftp-port", "dhcp-port"].map((flag) => `--${flag}=${freePort()}`);
  return site.start(...flags, `--cache-dir=${site.folder}/cache-2`);
}

interface Rule {
  readonly resources: readonly string[];
}

interface Status {
  readonly operations?: { readonly rebootCounter?: number; readonly repaveCounter?: number };
  readonly redfish?: { readonly certFingerprint?: string };
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

function has(status: Status | undefined, type: string, value: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === value) ?? false;
}

/** All that reads or writes the API, as an installation and a change of leaders bring it about. */
async function liveADay({ site, bmc }: Scene): Promise<Peer[]> {
  const status = () => site.status("node-01") as Promise<Status>;
  const operate = (operations: Status["operations"]) =>
    site.api.request("PATCH", MACHINE, { spec: { operations } }, MERGE);
  const first = await site.start();
  await first.waitFor(/this instance leads/);
  const second = await startAnother(site);
  await second.waitFor(/another instance leads/);
  const facts = await until(() => site.http(IP, "facts"), (answer) => answer.status === 200);
  match(facts.body, /^10\.96\.0\.10 v1\.\d+[^]*"kubernetes.azure.com\/cluster": "aks-1"/);
  equal((await site.http(IP, "cloud-init/user-data")).body, "#cloud-config\nhostname: a\n");
  await operate({ rebootCounter: 1, repaveCounter: 1 });
  await until(status, (seen) => seen.operations?.rebootCounter === 1 && has(seen, "Repaved", "False"));
  equal((await status()).redfish?.certFingerprint, bmc.fingerprint);
  const ekPub = Uint8Array.fromHex(golden.ekPub).toBase64();
  const attested = await site.http(IP, "attest", "-d", JSON.stringify({ ekPub, srkPub: ekPub }));
  equal(attested.status, 200, attested.body);
  equal((await site.http(IP, "pxe/disable")).status, 200);
  const log = { name: "modules-final", description: "d", event_type: "finish", result: "SUCCESS" };
  equal((await site.http(IP, "cloudinit/log", "-d", JSON.stringify(log))).status, 200);
  await until(status, (seen) => has(seen, "Repaved", "True") && has(seen, "CloudInitDone", "True"));
  Deno.kill(first.pid, "SIGTERM");
  equal((await first.status).code, 0);
  await second.waitFor(/this instance leads/);
  await operate({ rebootCounter: 2 });
  await until(status, (seen) => seen.operations?.rebootCounter === 2);
  Deno.kill(second.pid, "SIGTERM");
  equal((await second.status).code, 0);
  return [first, second];
}

/** `verb resource namespace`, each once. An Event is counted again after half a minute: in a slow run only. */
function kinds(requests: readonly AuditedRequest[]): string[] {
  const said = requests.map(({ verb, objectRef, requestURI }) => {
    const { resource, subresource, namespace = "" } = objectRef ?? { resource: requestURI };
    return `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`} ${namespace}`.trim();
  });
  return [...new Set(said)].filter((one) => one !== "patch events default").sort();
}

const isDenied = ({ responseStatus }: AuditedRequest) => responseStatus?.code === 403;

/** What a day asks for: each right of deploy/, but those that other days need. */
const ASKED = [
  "create events default",
  "create leases unbounded-kube",
  "create serviceaccounts/token unbounded-kube",
  "get /version",
  "get configmaps kube-public",
  "get leases unbounded-kube",
  "get machines",
  "get secrets default",
  "get services kube-system",
  "list configmaps default",
  "list machines",
  "list nodes",
  "update leases unbounded-kube",
  "update machines/status",
  "watch configmaps default",
  "watch machines",
];

peerTest("with the rights of deploy/ nothing that metalman asks for is denied (contract 4)", SITE_NEEDS, async () => {
  await using scene = await createScene();
  await scene.site.api.apply(...manifest("deploy/rbac-events.yaml"));
  await liveADay(scene);
  const requests = await requestsOf(scene.site.api);
  deepEqual(requests.filter(isDenied), []);
  deepEqual(kinds(requests), ASKED);
  const events = await scene.site.api.request("GET", "/api/v1/namespaces/default/events");
  const reasons = new Set(events.items.map(({ reason }: { reason: string }) => reason));
  deepEqual(["TokenIssued", "Installed"].filter((reason) => !reasons.has(reason)), []);
});

peerTest(
  "with the peer's rights alone all but Events works, and that is said once (contract 4)",
  SITE_NEEDS,
  async () => {
    await using scene = await createScene();
    const replicas = await liveADay(scene);
    const requests = await requestsOf(scene.site.api);
    deepEqual(kinds(requests.filter(isDenied)), ["create events default"]);
    deepEqual(kinds(requests), ASKED);
    for (const { output } of replicas) {
      const said = output.match(/.*no right to write Events: doing without them.*/g) ?? [];
      equal(said.length, 1, output);
      match(said[0]!, /ServiceAccount unbounded-kube\/metalman-controller may not create events in namespace default/);
    }
  },
);

const OWN_RIGHTS = "; to grant it: metalman manifests rbac | kubectl apply -f -";
const ACCOUNT = "ServiceAccount unbounded-kube/metalman-controller";

/** Waits for a line that names a right, and what to do. */
async function saysMissing(metalman: Peer, message: string, right: string): Promise<void> {
  const escaped = [message, `${ACCOUNT} may not ${right}${OWN_RIGHTS}`].map(RegExp.escape).join(".*");
  // Within a field of a text log a quote has a backslash.
  await metalman.waitFor(new RegExp(escaped.replaceAll("\\x22", '\\\\?"')));
}

peerTest("a right that is missing is one line: what, where, who, and the command that grants it", NEEDS, async () => {
  await using scene = await createScene();
  const { site } = scene;
  const [role, binding, leaseRole, leaseBinding, ...rest] = manifest("deploy/rbac.yaml") as [
    KubeObject,
    ...KubeObject[],
  ];
  const path = (object: KubeObject) => objectPath(object);
  for (const object of [binding!, leaseBinding!]) await site.api.request("DELETE", path(object));
  equal(leaseRole?.metadata.namespace, "unbounded-kube");
  ok(rest.length > 0);
  const metalman = await site.start();
  await saysMissing(metalman, "not allowed to list and watch", "list machines.unbounded-cloud.io in the cluster");

  const few = {
    ...role,
    rules: [role.rules[0], ...role.rules.filter((rule: Rule) => rule.resources[0] === "configmaps")],
  };
  await site.api.apply(few, binding!);
  await metalman.waitFor(/watch goes on/);
  await saysMissing(
    metalman,
    "no right to the lease",
    'get leases.coordination.k8s.io "metalman" in namespace unbounded-kube',
  );
  await site.api.apply(leaseBinding!);
  await metalman.waitFor(/this instance leads/);
  await saysMissing(metalman, "", 'get secrets "bmc" in namespace default');
  await saysMissing(metalman, "", 'get secrets "pull" in namespace default');
  await site.http(IP, "cloudinit/log", "-d", JSON.stringify({ name: "init", event_type: "start" }));
  await saysMissing(metalman, "", 'update machines.unbounded-cloud.io/status "node-01" in the cluster');
  doesNotMatch(metalman.output, /^ +at /m);
  const lines = metalman.output.split("\n").filter((line) => line.includes(" may not "));
  equal(
    new Set(lines.map((line) => / may not (.*); to grant it/.exec(line)?.[1])).size,
    lines.length,
    lines.join("\n"),
  );

  const command =
    `"${Deno.execPath()}" run -A "${MAIN}" manifests rbac | "${KUBECTL}" --kubeconfig="${site.api.kubeconfig}" apply -f -`;
  await run("bash", ["-c", `set -o pipefail; ${command}`]);
  await metalman.waitFor(/status is written after all/);
  await until(() => site.status("node-01"), (seen) => has(seen as Status, "CloudInitDone", "False"));
});

const CONTROLLER = "metalman-controller";
const BOOTSTRAP = "metalman-bootstrap";

/** Account, verb, resource with its group, subresource or name, namespace; and whether contract 4 has it. */
const RIGHTS: readonly (readonly [account: string, what: string, allowed: boolean])[] = [
  [CONTROLLER, "get machines.unbounded-cloud.io", true],
  [CONTROLLER, "list machines.unbounded-cloud.io", true],
  [CONTROLLER, "watch machines.unbounded-cloud.io", true],
  [CONTROLLER, "update machines.unbounded-cloud.io/status", true],
  [CONTROLLER, "patch machines.unbounded-cloud.io/status", false],
  [CONTROLLER, "update machines.unbounded-cloud.io", false],
  [CONTROLLER, "delete machines.unbounded-cloud.io", false],
  ...["get", "create", "update"].flatMap((verb) => [
    [CONTROLLER, `${verb} leases.coordination.k8s.io in unbounded-kube`, true] as const,
    [CONTROLLER, `${verb} leases.coordination.k8s.io in default`, false] as const,
  ]),
  [CONTROLLER, "delete leases.coordination.k8s.io in unbounded-kube", false],
  [CONTROLLER, "get secrets in anywhere", true],
  [CONTROLLER, "list secrets in unbounded-kube", false],
  [CONTROLLER, "watch secrets", false],
  [CONTROLLER, "watch configmaps in anywhere", true],
  [CONTROLLER, "update configmaps in unbounded-kube", false],
  [CONTROLLER, "list nodes", true],
  [CONTROLLER, "get nodes", false],
  [CONTROLLER, "get services/kube-dns in kube-system", true],
  [CONTROLLER, "get services/other in kube-system", false],
  [CONTROLLER, "create serviceaccounts/metalman-bootstrap/token in unbounded-kube", true],
  [CONTROLLER, "create serviceaccounts/metalman-controller/token in unbounded-kube", false],
  [CONTROLLER, "create serviceaccounts/default/token in kube-system", false],
  [CONTROLLER, "create events in default", false],
  [BOOTSTRAP, "get machines.unbounded-cloud.io", true],
  [BOOTSTRAP, "create machines.unbounded-cloud.io", true],
  [BOOTSTRAP, "update machines.unbounded-cloud.io/status", false],
  [BOOTSTRAP, "list machines.unbounded-cloud.io", false],
  [BOOTSTRAP, "create certificatesigningrequests.certificates.k8s.io", true],
  [BOOTSTRAP, "create certificatesigningrequests.certificates.k8s.io/nodeclient", true],
  [BOOTSTRAP, "get secrets in unbounded-kube", false],
];

/** Of an account's right: SubjectAccessReview (authorization.k8s.io/v1). */
async function may(api: TestApiServer, account: string, what: string): Promise<boolean> {
  const [, verb, full = "", namespace] = /^(\w+) (\S+)(?: in (\S+))?$/.exec(what)!;
  const [kind = "", ...rest] = full.split("/");
  const [resource, ...group] = kind.split(".");
  const subresource = rest.find((part) => ["status", "token", "nodeclient"].includes(part));
  const name = rest.find((part) => part !== subresource);
  const review = await api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `system:serviceaccount:unbounded-kube:${account}`,
      resourceAttributes: { verb, resource, group: group.join("."), subresource, name, namespace },
    },
  });
  return review.status.allowed;
}

peerTest("the rights of the accounts are those of contract 4, and no more", API_SERVER, async () => {
  await using api = await startApiServer();
  await api.createFixtures();
  await until(() => may(api, BOOTSTRAP, "create certificatesigningrequests.certificates.k8s.io"), Boolean);
  const found = await Promise.all(
    RIGHTS.map(async ([account, what]) => [account, what, await may(api, account, what)]),
  );
  deepEqual(found, RIGHTS);
});

peerTest("who may not list Machines is told a command that lets them, and nothing more", NEEDS, async () => {
  await using api = await startApiServer();
  await api.createFixtures();
  const list = async () => {
    const kubeconfig = await api.serviceAccountKubeconfig("metalman-bootstrap");
    await using metalman = new Peer(Deno.execPath(), [
      "run",
      "-A",
      MAIN,
      "machine",
      "list",
      `--kubeconfig=${kubeconfig}`,
    ]);
    return { code: (await metalman.status).code, output: metalman.output };
  };
  const { code, output } = await list();
  equal(code, 1);
  const said =
    /^Error from server \(Forbidden\): ServiceAccount unbounded-kube\/metalman-bootstrap may not list machines\.unbounded-cloud\.io in the cluster; to grant it: (kubectl .*)\n$/
      .exec(output);
  ok(said !== null, output);
  const command = said[1]!.replaceAll("kubectl ", `"${KUBECTL}" --kubeconfig="${api.kubeconfig}" `);
  await run("bash", ["-c", command]);
  deepEqual((await until(list, (again) => again.code === 0)).code, 0);
});
