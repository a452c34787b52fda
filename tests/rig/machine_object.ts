/** The Machine of a virtual machine in the rig. */
import type { VmRack } from "../../dev/vm/vm_rack_host.ts";
import type { KubeObject } from "../peers/apiserver.ts";

/** Of its network card. */
export const RIG_MAC = "52:54:00:aa:bb:02";

/** A Machine that is to be installed. */
export function machineObject(image: string, { subnet }: VmRack): KubeObject {
  const lease = { mac: RIG_MAC, ipv4: subnet.host(0), subnetMask: subnet.mask, gateway: subnet.server };
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "vm-01" },
    spec: { pxe: { image, dhcpLeases: [lease] }, operations: { rebootCounter: 0, repaveCounter: 1 } },
  };
}
