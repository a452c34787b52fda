/** The networks that the Machines of `metalman dev` are in, and their leases there: pure. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { type Subnet, subnetOf } from "../../dev/vm/subnet.ts";

/** Where Machines get their addresses from. */
export interface MachineNetwork {
  /** Address of the first Machine; the others follow. */
  readonly first: string;
  /** Of all. */
  readonly mask: string;
  /** Of all, and their name server. */
  readonly gateway: string;
}

/** A lease as it is written into Machines. */
export interface DevLease {
  /** Of the Machine's number. */
  readonly mac: string;
  /** The first of the network's, and the number. */
  readonly ipv4: string;
  /** The network's. */
  readonly subnetMask: string;
  /** The network's. */
  readonly gateway: string;
  /** The gateway. */
  readonly dns: string[];
}

/** The network of the emulated machines; nothing on this host has an address in it. */
export const EMULATED_NETWORK: MachineNetwork = { first: "10.77.1.1", mask: "255.255.0.0", gateway: "10.77.0.1" };

/** The network of virtual machines. */
export function virtualNetwork(subnet: Subnet): MachineNetwork {
  return { first: subnet.host(0), mask: subnet.mask, gateway: subnet.server };
}

/** Locally administered, so that no card has it. */
function macOf(index: number): string {
  const bytes = [0x52, 0x54, 0, 0x6d, (index + 1) >> 8, (index + 1) & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The number of the Machine with this MAC, from 0; undefined where it is none of {@link macOf}. */
function indexOf(mac: unknown): number | undefined {
  const [, high, low] = /^52:54:00:6d:([0-9a-f]{2}):([0-9a-f]{2})$/.exec(String(mac)) ?? [];
  return high === undefined ? undefined : parseInt(`${high}${low}`, 16) - 1;
}

/** Of Machine number `index`, from 0. */
export function leaseOf(index: number, { first, mask, gateway }: MachineNetwork): DevLease {
  return {
    mac: macOf(index),
    ipv4: formatIpv4(parseIpv4(first) + index),
    subnetMask: mask,
    gateway,
    dns: [gateway],
  };
}

/** Where a lease was written; undefined where the user has written it. */
function networkOf(index: number, lease: Partial<DevLease>): MachineNetwork | undefined {
  const subnet = subnetOf(lease.gateway);
  const networks = [EMULATED_NETWORK, ...(subnet === undefined ? [] : [virtualNetwork(subnet)])];
  return networks.find((network) => {
    const { ipv4, subnetMask, gateway } = leaseOf(index, network);
    return ipv4 === lease.ipv4 && subnetMask === lease.subnetMask && gateway === lease.gateway;
  });
}

/** Fewer virtual machines have an address than emulated ones. */
function hasRoom({ ipv4, subnetMask, gateway }: DevLease): boolean {
  return ((parseIpv4(ipv4) ^ parseIpv4(gateway)) & parseIpv4(subnetMask)) === 0;
}

function moved(lease: Partial<DevLease>, network: MachineNetwork): Partial<DevLease> {
  const index = indexOf(lease.mac);
  if (index === undefined || lease.gateway === network.gateway && lease.subnetMask === network.mask) return lease;
  const [before, now] = [networkOf(index, lease), leaseOf(index, network)];
  if (before === undefined || !hasRoom(now)) return lease;
  const hasOwnDns = lease.dns?.length !== 1 || lease.dns[0] !== before.gateway;
  return { ...lease, ...now, ...(hasOwnDns ? { dns: lease.dns ?? [] } : {}) };
}

/** Leases of an earlier run, where they were written for another network than this run's; nothing where they stay. */
export function movedLeases(leases: unknown, network: MachineNetwork): { readonly dhcpLeases?: readonly unknown[] } {
  if (!Array.isArray(leases)) return {};
  const dhcpLeases = leases.map((lease: Partial<DevLease>) => moved(lease, network));
  return dhcpLeases.some((lease, i) => lease !== leases[i]) ? { dhcpLeases } : {};
}
