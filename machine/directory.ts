/** How the servers find a Machine; the controllers keep the answer current. */
import type { DhcpLease, Machine } from "./types.ts";

/** A Machine and the one of its leases that was asked for. */
export interface LeaseHit {
  /** The Machine. */
  readonly machine: Machine;
  /** Its lease with the MAC or IP asked for. */
  readonly lease: DhcpLease;
}

/** The Machines that this instance serves. Answers come from memory, at once. */
export interface Directory {
  /** By canonical MAC address (base/address.ts). When two Machines claim it: the older one. */
  byMac(mac: string): LeaseHit | undefined;
  /** By a lease's IPv4 address, as a number. When two Machines claim it: the older one. */
  byIp(ipv4: number): LeaseHit | undefined;
  /** By name. */
  byName(name: string): Machine | undefined;
  /** Every Machine, in no particular order. */
  all(): Iterable<Machine>;
}
