/** The commands of README's section on deploying, as they stand there, with the real kubectl against a real API server. */
import { deepEqual, equal, match } from "node:assert/strict";
import { DEPLOYMENTS } from "../../cmd/site/deployment.ts";
import type { KubeClient } from "../../k8s/client.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { pack } from "../../tools/pack.ts";
import { startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { manifest } from "../peers/manifest.ts";
import { Peer, peerTest } from "../peers/peer.ts";
import { ClusterHands } from "./cluster_hands.ts";
import { asThePeer } from "./deploy_site.ts";
import { KUBECTL } from "./kubectl_peer.ts";
import { clientFor, machineNamed, MACHINES } from "./machines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const NODES = { group: "", version: "v1", plural: "nodes" };

/** The blocks of commands under each heading of the section on deploying. */
function blocks(readme: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const page = readme.split(/^## /m).find((section) => section.startsWith("Deploy it to a cluster\n"))!;
  for (const section of page.split(/^### /m).slice(1)) {
    const heading = section.slice(0, section.indexOf("\n"));
    found.set(heading, [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, commands]) => commands!));
  }
  return found;
}

/** A checkout with the packed program, and a home. */
async function deskFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "deploy-docs-" });
  await Deno.mkdir(`${folder}/dist`);
  await pack({ output: `${folder}/dist/metalman`, deno: Deno.execPath() });
  return folder;
}

/** Runs a block to its end; the output where it ends with 0. */
async function run(folder: string, kubeconfig: string, commands: string): Promise<string> {
  const env = {
    HOME: folder,
    KUBECONFIG: kubeconfig,
    PATH: `${folder}/.local/bin:${KUBECTL.replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH") ?? ""}`,
  };
  await using peer = new Peer("timeout", ["120", "bash", "-euo", "pipefail", "-c", commands], { cwd: folder, env });
  const { code } = await peer.status;
  await peer.stop();
  equal(code, 0, `${commands}\n${peer.output}`);
  return peer.output;
}

async function names(client: KubeClient, plural: string, group = ""): Promise<string[]> {
  const pages = await Array.fromAsync(client.list<KubeObject>({ group, version: "v1", plural }));
  return pages.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)).sort();
}

/** Two nodes that are ready, and what a Machine of the page is. */
async function prepare(api: TestApiServer, client: KubeClient): Promise<void> {
  for (const name of ["node-1", "node-2"]) {
    const node = await client.create<KubeObject>(NODES, { apiVersion: "v1", kind: "Node", metadata: { name } });
    await client.replace(NODES, { ...node, ...{ spec: {} } });
  }
  for (const name of ["kube-system", "kube-public"]) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
}

/** The definition of Machines, as far as it is looked at here. */
interface Definition extends KubeObject {
  readonly spec: { readonly versions: [{ additionalPrinterColumns: readonly { readonly name: string }[] }] };
}

const newest = manifest("deploy/crd.yaml")[0] as KubeObject as Definition;
const nameOf = ({ name }: { readonly name: string }) => name;

/** As another version has installed it: it knows less. */
function olderDefinition(): Definition {
  const older = structuredClone(newest);
  const [version] = older.spec.versions;
  version.additionalPrinterColumns = version.additionalPrinterColumns.slice(0, 1);
  return older;
}

async function columnsOf(client: KubeClient): Promise<string[]> {
  const { spec } = await client.get<Definition>(DEFINITIONS, { name: "machines.unbounded-cloud.io" });
  return spec.versions[0].additionalPrinterColumns.map(nameOf);
}

async function imageOf(client: KubeClient): Promise<string> {
  const object = await client.get(DEPLOYMENTS, { name: "metalman-controller-rack-a" }) as unknown as {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
    };
  };
  return object.spec.template.spec.containers[0]!.image;
}

peerTest("README, Deploy it to a cluster: every command, in its order", {
  programs: ["kube-apiserver", "bash", "install", "timeout"],
  files: [KUBECTL],
}, async (t) => {
  const page = blocks(await Deno.readTextFile(`${ROOT}README.md`));
  deepEqual([...page.keys()], [
    "Install",
    "Deploy a site",
    "Two sites",
    "Upgrade from the Go tool, and back",
    "Uninstall",
  ]);
  const section = (heading: string) => page.get(heading)!;
  await using api = await startApiServer();
  using client = await clientFor(api.kubeconfig);
  await prepare(api, client);
  await using _hands = new ClusterHands(client);
  const folder = await deskFolder();
  const shell = (commands: string | undefined) => run(folder, api.kubeconfig, commands!);
  const deployments = () => names(client, "deployments", "apps");
  await t.step("install", async () => {
    const [build, install] = section("Install");
    // What it does has been done above, for this platform and without npm.
    equal(build, "npx -y deno@2.9.6 task pack\n");
    match(await shell(install), /^v\d[^]*machines\.unbounded-cloud\.io created/m);
    await client.create(MACHINES, machineNamed("server-07"));
  });
  await t.step("deploy", async () => {
    const [one, two] = section("Deploy a site");
    match(await shell(one), /^Deployment\/metalman-controller-rack-a rolled out$/m);
    match(await shell(two), /^poddisruptionbudget\.policy\/metalman-controller-rack-a/m);
    const { metadata } = await client.get(MACHINES, { name: "server-07" });
    deepEqual(metadata.labels, { "unbounded-cloud.io/site": "rack-a" });
  });
  await t.step("two sites", async () => {
    await shell(section("Two sites")[0]);
    deepEqual(await deployments(), ["metalman-controller-rack-a", "metalman-controller-rack-b"]);
    deepEqual(await names(client, "poddisruptionbudgets", "policy"), []);
  });
  const [upgrade, back, again] = section("Upgrade from the Go tool, and back");
  await t.step("upgrade", async () => {
    await client.apply(DEPLOYMENTS, await asThePeer("rack-a"), { manager: "kubectl-unbounded" });
    await client.apply(DEFINITIONS, olderDefinition(), { manager: "kubectl-unbounded", force: true });
    deepEqual(await columnsOf(client), ["Host"]);
    await shell("kubectl -n unbounded-kube rollout status deployment/metalman-controller-rack-a");
    await shell(upgrade);
    equal(await imageOf(client), "metalman:latest");
    deepEqual(await columnsOf(client), newest.spec.versions[0].additionalPrinterColumns.map(nameOf));
    await client.get(MACHINES, { name: "server-07" });
  });
  await t.step("and back, and forth", async () => {
    await shell(back);
    equal(await imageOf(client), "ghcr.io/example/peer:v1");
    match(
      await shell("! kubectl unbounded site deploy-pxe --site=rack-a"),
      /^Error: Deployment\/metalman-controller-rack-a: others have set .*"kubectl".*--force-conflicts\n$/,
    );
    await shell(again);
    equal(await imageOf(client), "metalman:latest");
  });
  const [oneSite, all] = section("Uninstall");
  await t.step("uninstall one site", async () => {
    await shell(oneSite);
    deepEqual(await deployments(), ["metalman-controller-rack-a"]);
  });
  await t.step("uninstall all", async () => {
    await shell(all);
    match(await Deno.readTextFile(`${folder}/machines.yaml`), /name: server-07/);
    equal((await names(client, "namespaces")).includes("unbounded-kube"), false);
    deepEqual(await names(client, "customresourcedefinitions", "apiextensions.k8s.io"), []);
  });
  await Deno.remove(folder, { recursive: true });
});
