/** The cluster and the registry of `metalman dev`, with what is in them at the start. */
import { dump, load } from "js-yaml";
import crd from "../../deploy/crd.yaml" with { type: "text" };
import type { Logger } from "../../base/log.ts";
import type { ApiObject, JsonObject } from "../../dev/apiserver/object.ts";
import { type DevApiServer, startDevApiServer } from "../../dev/apiserver/server.ts";
import { buildImage, type ImageFiles } from "../../dev/image/build.ts";
import { startDevRegistry } from "../../dev/registry/server.ts";
import { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import type { DevFolder } from "./folder.ts";
import {
  BMC_SECRET,
  CLUSTER_INFO,
  clusterInfo,
  clusterObjects,
  devMachine,
  type MachinePlace,
  movedClusterInfo,
  movedParts,
  SAMPLE_IMAGE,
  spareIndex,
} from "./objects.ts";
import type { DevPorts } from "./ports.ts";

/** What runs, and how to reach it. */
export interface DevCluster {
  readonly client: KubeClient;
  /** Path of the file. */
  readonly kubeconfig: string;
  /** `127.0.0.1:15000`. */
  readonly registry: string;
  /** Reference of the sample image. */
  readonly image: string;
  /** Of all BMCs, as its Secret was when this run began. */
  readonly bmcPassword: string;
}

/** What {@link startCluster} needs. */
export interface ClusterOptions {
  readonly folder: DevFolder;
  readonly ports: DevPorts;
  readonly log: Logger;
  /** Of the image that the machines boot. */
  readonly files: ImageFiles;
  /** Ends both. */
  readonly stack: AsyncDisposableStack;
}

const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";
/** Requests in flight. */
const AT_ONCE = 16;
const CONTEXT = "metalman-dev";
const MERGE = "application/merge-patch+json";

/** Starts both. */
export async function startCluster({ folder, ports, log, files, stack }: ClusterOptions): Promise<DevCluster> {
  const registry = stack.use(await startDevRegistry({ folder: folder.file("images"), port: ports.registry, log }));
  await registry.store.putImage(SAMPLE_IMAGE.repository, SAMPLE_IMAGE.tag, await buildImage(files));
  const api = stack.use(await startApi(folder, ports, log));
  const kubeconfig = folder.file("kubeconfig");
  await Deno.writeTextFile(kubeconfig, api.kubeconfig(CONTEXT), { mode: 0o600 });
  const client = stack.use(new KubeClient(await locateAccess(systemHost, { kubeconfig })));
  for (const object of clusterObjects(api.url, api.caPem, newPassword())) await create(client, object);
  await moveClusterInfo(client, clusterInfo(api.url, api.caPem));
  const image = `${registry.host}/${SAMPLE_IMAGE.repository}:${SAMPLE_IMAGE.tag}`;
  return { client, kubeconfig, registry: registry.host, image, bmcPassword: await readPassword(client) };
}

function newPassword(): string {
  return crypto.getRandomValues(new Uint8Array(12)).toBase64({ alphabet: "base64url" });
}

async function readPassword(client: KubeClient): Promise<string> {
  const { name, namespace, key } = BMC_SECRET;
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const { data } = await client.request<{ data?: Record<string, string> }>("GET", path);
  return new TextDecoder().decode(Uint8Array.fromBase64(data?.[key] ?? ""));
}

async function startApi(folder: DevFolder, ports: DevPorts, log: Logger): Promise<DevApiServer> {
  const kept = folder.isKept
    ? { statePath: folder.file("cluster.sqlite"), credentialsFolder: folder.file("credentials") }
    : {};
  return await startDevApiServer({ port: ports.api, crds: [load(crd) as JsonObject], log, ...kept });
}

/** Path of a collection, of the kinds that are created here. */
function collection({ apiVersion, kind, metadata }: ApiObject): string {
  if (kind === "Machine") return MACHINES;
  const within = metadata.namespace === undefined ? "" : `namespaces/${metadata.namespace}/`;
  return `/api/${apiVersion}/${within}${kind.toLowerCase()}s`;
}

/** Creates what is not there; what an earlier run or the user has made stays as it is. */
async function create(client: KubeClient, object: ApiObject): Promise<void> {
  try {
    await client.request("POST", collection(object), { body: object });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}

/** One of an earlier run says where the API was then. */
async function moveClusterInfo(client: KubeClient, now: string): Promise<void> {
  const path = `/api/v1/namespaces/${CLUSTER_INFO.namespace}/configmaps/${CLUSTER_INFO.name}`;
  const body = movedClusterInfo(await client.request<ApiObject>("GET", path), now);
  if (body !== undefined) await client.request("PATCH", path, { body, contentType: MERGE });
}

async function listMachines(client: KubeClient): Promise<readonly ApiObject[]> {
  return (await client.request<{ items: ApiObject[] }>("GET", MACHINES)).items;
}

/** Number of one more Machine than the first `count`: none that an earlier run or the user has made. */
export async function nextMachine({ client }: DevCluster, count: number, place: MachinePlace): Promise<number> {
  return spareIndex(count, await listMachines(client), place);
}

/** Creates the first `count` Machines; those of an earlier run are told where registry and BMCs are now. */
export async function createMachines({ client }: DevCluster, count: number, place: MachinePlace): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - from);
    await Promise.all(Array.from({ length }, (_, i) => create(client, devMachine(from + i, place))));
  }
  for (const machine of await listMachines(client)) {
    const pxe = movedParts(machine, place);
    if (pxe === undefined) continue;
    const body = { spec: { pxe } };
    await client.request("PATCH", `${MACHINES}/${machine.metadata.name}`, { body, contentType: MERGE });
  }
}

/** Writes a manifest of one more Machine for the user to apply; its path. */
export async function writeExample(folder: DevFolder, machine: ApiObject): Promise<string> {
  const path = folder.file("another-machine.yaml");
  await Deno.writeTextFile(path, dump(machine));
  return path;
}
