/** What `metalman dev` puts into its cluster: pure. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import type { ApiObject, JsonObject } from "../../dev/apiserver/object.ts";
import { MACHINE_API_VERSION } from "../../machine/types.ts";

/** Where Machines get their addresses from. */
export interface MachineNetwork {
  /** Address of the first Machine; the others follow. */
  readonly first: string;
  readonly mask: string;
  readonly gateway: string;
}

/** The network of the emulated machines; nothing on this host has an address in it. */
export const EMULATED_NETWORK: MachineNetwork = { first: "10.77.1.1", mask: "255.255.0.0", gateway: "10.77.0.1" };

/** What every dev registry has. */
export const SAMPLE_IMAGE = { repository: "metalman/sample", tag: "v1" } as const;

/** Name of machine number `index`, from 0. */
function machineName(index: number): string {
  return `node-${String(index + 1).padStart(2, "0")}`;
}

/** Locally administered, so that no card has it. */
function macOf(index: number): string {
  const bytes = [0x52, 0x54, 0, 0x6d, (index + 1) >> 8, (index + 1) & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Machine number `index`, from 0. */
export function devMachine(index: number, image: string, network: MachineNetwork): ApiObject {
  return {
    apiVersion: MACHINE_API_VERSION,
    kind: "Machine",
    metadata: { name: machineName(index) },
    spec: {
      pxe: {
        image,
        dhcpLeases: [{
          mac: macOf(index),
          ipv4: formatIpv4(parseIpv4(network.first) + index),
          subnetMask: network.mask,
          gateway: network.gateway,
          dns: [network.gateway],
        }],
        cloudInit: { userDataConfigMapRef: { name: "user-data", namespace: "default" } },
      },
    },
  };
}

/** Whether a Machine boots the sample image of a registry that was on another port. */
export function isOlderSample({ spec }: ApiObject, image: string): boolean {
  const now = ((spec as JsonObject | undefined)?.pxe as JsonObject | undefined)?.image;
  const sample = new RegExp(`^127\\.0\\.0\\.1:\\d+/${SAMPLE_IMAGE.repository}:${SAMPLE_IMAGE.tag}$`);
  return typeof now === "string" && now !== image && sample.test(now);
}

const USER_DATA = `#cloud-config
users:
- name: operator
  groups: sudo
`;

/** What every cluster has and metalman reads, and the user data of the machines. */
export function clusterObjects(server: string, caPem: string): ApiObject[] {
  const clusterInfo = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "", cluster: { server, "certificate-authority-data": btoa(caPem) } }],
  });
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
    object("ConfigMap", "kube-public", "cluster-info", { data: { kubeconfig: clusterInfo } }),
    object("Service", "kube-system", "kube-dns", {
      spec: { clusterIP: "10.96.0.10", ports: [{ name: "dns", port: 53, protocol: "UDP", targetPort: 53 }] },
    }),
    object("ConfigMap", "default", "user-data", { data: { "user-data": USER_DATA } }),
  ];
}
