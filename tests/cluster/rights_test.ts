/** Everything metalman does works with the rights of deploy/ and no others (contract 4), as the real API server's audit log has it. */
import { deepEqual, equal, match } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { type EmulatedBmc, startBmc } from "../../dev/bmc/server.ts";
import { startRack } from "../../dev/rack/rack_host.ts";
import golden from "../golden/attest/ecc-p256-sha256.json" with { type: "json" };
import type { KubeObject } from "../peers/apiserver.ts";
import { type AuditedRequest, requestsOf } from "../peers/audit_log.ts";
import { manifest } from "../peers/manifest.ts";
import { freePort, type Peer, peerTest } from "../peers/peer.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

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
