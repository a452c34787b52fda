/** What `metalman dev` puts into its cluster: pure. */
import type { ApiObject, JsonObject } from "../../dev/apiserver/object.ts";
import { MACHINE_API_VERSION, readMachine } from "../../machine/types.ts";
import { BMC_USERNAME, bmcAddress, bmcUrl } from "./bmcs.ts";
import { leaseOf, type MachineNetwork, movedLeases } from "./network.ts";

/** What every dev registry has. */
export const SAMPLE_IMAGE = { repository: "metalman/sample", tag: "v1" } as const;

/** Name of machine number `index`, from 0. */
function machineName(index: number): string {
  return `node-${String(index + 1).padStart(2, "0")}`;
}

/** What Machines are made for. */
export interface MachinePlace {
  /** Of the sample image. */
  readonly image: string;
  readonly network: MachineNetwork;
  /** Of all BMCs. */
  readonly bmcPort: number;
}

/** Holds the password of all BMCs. */
export const BMC_SECRET = { name: "bmc", namespace: "default", key: "password" } as const;

/** Machine number `index`, from 0. */
export function devMachine(index: number, { image, network, bmcPort }: MachinePlace): ApiObject {
  return {
    apiVersion: MACHINE_API_VERSION,
    kind: "Machine",
    metadata: { name: machineName(index) },
    spec: {
      pxe: {
        image,
        dhcpLeases: [{ ...leaseOf(index, network) }],
        redfish: { url: bmcUrl(index, bmcPort), username: BMC_USERNAME, passwordRef: { ...BMC_SECRET } },
        cloudInit: { userDataConfigMapRef: { name: "user-data", namespace: "default" } },
      },
    },
  };
}

/** Number of the first Machine from `from` on of which nothing, neither name nor address nor BMC, is another's. */
export function spareIndex(from: number, machines: readonly ApiObject[], place: MachinePlace): number {
  const ownOf = (object: ApiObject) => {
    const { name, leases, redfish } = readMachine({ ...object }).machine;
    // Whatever its port: one of an earlier run moves (movedParts).
    const bmc = redfish && bmcAddress(redfish.url);
    return [name, ...leases.flatMap(({ mac, ipv4 }) => [mac, ipv4]), ...(bmc === undefined ? [] : [bmc])];
  };
  const taken = new Set(machines.flatMap(ownOf));
  let index = from;
  while (ownOf(devMachine(index, place)).some((own) => taken.has(own))) index++;
  return index;
}

/** What to change in a Machine of an earlier run, when its network, registry or BMCs were elsewhere; undefined: nothing. */
export function movedParts({ spec }: ApiObject, { image, network, bmcPort }: MachinePlace): JsonObject | undefined {
  const pxe = (spec as JsonObject | undefined)?.pxe as JsonObject | undefined;
  const url = (pxe?.redfish as JsonObject | undefined)?.url;
  const sample = new RegExp(`^127\\.0\\.0\\.1:\\d+/${SAMPLE_IMAGE.repository}:${SAMPLE_IMAGE.tag}$`);
  const hasMoved = typeof pxe?.image === "string" && pxe.image !== image && sample.test(pxe.image);
  const address = typeof url === "string" ? bmcAddress(url) : undefined;
  const urlNow = address === undefined ? url : `https://${address}:${bmcPort}`;
  const moved = {
    ...(hasMoved ? { image } : {}),
    ...(urlNow === url ? {} : { redfish: { url: urlNow } }),
    ...movedLeases(pxe?.dhcpLeases, network),
  };
  return Object.keys(moved).length === 0 ? undefined : moved as JsonObject;
}

/** Where every cluster says how it is reached, for nodes that join it. */
export const CLUSTER_INFO = { name: "cluster-info", namespace: "kube-public" } as const;

/** A kubeconfig without users, as cluster-info has it. */
export function clusterInfo(server: string, caPem: string): string {
  const cluster = { server, "certificate-authority-data": btoa(caPem) };
  return JSON.stringify({ apiVersion: "v1", kind: "Config", clusters: [{ name: "", cluster }] });
}

/** What to change in the cluster-info of an earlier run, when the API was on another port; undefined: nothing, or not ours. */
export function movedClusterInfo({ data }: ApiObject, now: string): JsonObject | undefined {
  const before = (data as JsonObject | undefined)?.kubeconfig;
  const isOurs = typeof before === "string" && /^{"apiVersion":.*"server":"https:\/\/127\.0\.0\.1:\d+"/.test(before);
  return isOurs && before !== now ? { data: { kubeconfig: now } } : undefined;
}

const USER_DATA = `#cloud-config
users:
- name: operator
  groups: sudo
`;

/** What every cluster has and metalman reads, and the user data of the machines. */
export function clusterObjects(server: string, caPem: string, bmcPassword: string): ApiObject[] {
  const object = (kind: string, namespace: string | undefined, name: string, rest: JsonObject = {}): ApiObject => ({
    apiVersion: "v1",
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...rest,
  });
  return [
    object("Namespace", undefined, "unbounded-kube"),
    object("ServiceAccount", "unbounded-kube", "metalman-controller"),
    object("ServiceAccount", "unbounded-kube", "metalman-bootstrap"),
    object("ConfigMap", CLUSTER_INFO.namespace, CLUSTER_INFO.name, {
      data: { kubeconfig: clusterInfo(server, caPem) },
    }),
    object("Service", "kube-system", "kube-dns", {
      spec: { clusterIP: "10.96.0.10", ports: [{ name: "dns", port: 53, protocol: "UDP", targetPort: 53 }] },
    }),
    object("ConfigMap", "default", "user-data", { data: { "user-data": USER_DATA } }),
    object("Secret", BMC_SECRET.namespace, BMC_SECRET.name, { data: { [BMC_SECRET.key]: btoa(bmcPassword) } }),
  ];
}
