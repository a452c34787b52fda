/** What the tests of this folder share: client messages, a Machine, a server. */
import { parseIpv4 } from "../../../base/address.ts";
import type { Directory, LeaseHit } from "../../../machine/directory.ts";
import { readMachine } from "../../../machine/types.ts";
import type { BootImage, ImageMissing } from "../../image.ts";
import { OPTION, u32Data, u8Data } from "../options.ts";
import { type DhcpMessage, encodePacket, OP, REPLY_BUFFER_SIZE } from "../packet.ts";
import type { MESSAGE_TYPE } from "../reply.ts";

/** The MAC address of {@link HIT}'s lease. */
export const MAC = "52:54:00:aa:bb:01";
/** Its address. */
export const LEASED: number = parseIpv4("192.0.2.50");
/** The server's address. */
export const SERVER: number = parseIpv4("192.0.2.1");
/** A relay's. */
export const RELAY: number = parseIpv4("192.0.2.254");

/** A Machine with one lease. */
export const HIT: LeaseHit = (() => {
  const lease = {
    mac: MAC,
    ipv4: "192.0.2.50",
    subnetMask: "255.255.255.0",
    gateway: "192.0.2.254",
    dns: ["192.0.2.53", "192.0.2.54"],
  };
  const { machine } = readMachine({ metadata: { name: "m1" }, spec: { pxe: { dhcpLeases: [lease] } } });
  return { machine, lease: machine.leases[0]! };
})();

/** Knows {@link HIT} alone. */
export const DIRECTORY: Directory = {
  byMac: (mac) => mac === MAC ? HIT : undefined,
  byIp: (ipv4) => ipv4 === LEASED ? HIT : undefined,
  byName: (name) => name === "m1" ? HIT.machine : undefined,
  all: () => [HIT.machine],
};

/** An image that names a boot file for each kind of firmware. */
export const IMAGE: BootImage = {
  digest: "sha256:1",
  dhcpBootImageName: "shimx64.efi",
  bootFiles: { "arm64-uefi": "shimaa64.efi", "x64-http": "efi/boot x64.efi", ipxe: "boot.ipxe" },
  file: () => undefined,
};

/** An image that is not there yet. */
export const NO_IMAGE: ImageMissing = { reason: "still pulling" };

/** Fields of a client's message that differ from a DISCOVER's defaults. */
export interface ClientFields {
  readonly op?: number;
  readonly htype?: number;
  readonly hlen?: number;
  readonly flags?: number;
  readonly ciaddr?: number;
  readonly giaddr?: number;
  /** Beside the message type. */
  readonly options?: Readonly<Record<number, Uint8Array>>;
}

/** A message of {@link MAC}. */
export function clientMessage(
  type: (typeof MESSAGE_TYPE)[keyof typeof MESSAGE_TYPE],
  { options = {}, ...fields }: ClientFields = {},
): DhcpMessage {
  const chaddr = new Uint8Array(16);
  chaddr.set(MAC.split(":").map((part) => parseInt(part, 16)));
  return {
    op: OP.request,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x12345678,
    secs: 0,
    flags: 0,
    ciaddr: 0,
    yiaddr: 0,
    siaddr: 0,
    giaddr: 0,
    chaddr,
    sname: new Uint8Array(64),
    file: new Uint8Array(128),
    ...fields,
    options: new Map([
      [OPTION.messageType as number, u8Data(type)],
      ...Object.entries(options).map(([code, data]) => [Number(code), data] as const),
    ]),
  };
}

/** Its bytes, in a buffer of their own. */
export function bytesOf(message: DhcpMessage): Uint8Array {
  return encodePacket(message, 1500, new Uint8Array(REPLY_BUFFER_SIZE)).slice();
}

/** An option 82 with these sub-options. */
export function relayAgent(subOptions: Readonly<Record<number, Uint8Array>>): Uint8Array {
  return Uint8Array.from(Object.entries(subOptions).flatMap(([code, data]) => [Number(code), data.length, ...data]));
}

/** An address as data of an option. */
export function addressData(text: string): Uint8Array {
  return u32Data(parseIpv4(text));
}
