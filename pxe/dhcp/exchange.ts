/** From a datagram to a decision: who asks, what boots there, what to answer. */
import { formatIpv4, formatMac } from "../../base/address.ts";
import type { Directory, LeaseHit } from "../../machine/directory.ts";
import type { ImageDirectory } from "../image.ts";
import { type BootChoice, bootFileFor } from "./boot_file.ts";
import { decide, type DhcpDecision, type DhcpIdentity } from "./decide.ts";
import { type Firmware, firmwareOf } from "./firmware.ts";
import { OPTION, u16Option } from "./options.ts";
import { type DhcpMessage, parsePacket } from "./packet.ts";
import { MESSAGE_TYPE } from "./reply.ts";

/** What a server knows. */
export interface DhcpKnowledge {
  readonly directory: Directory;
  readonly images: ImageDirectory;
  /** What boot files' URLs start with. */
  readonly serveUrl: string;
  readonly server: DhcpIdentity;
}

/** A message and what was decided about it. */
export interface DhcpExchange {
  readonly message: DhcpMessage;
  readonly mac: string;
  readonly hit: LeaseHit | undefined;
  /** Of a Machine that boots from the network. */
  readonly firmware?: Firmware | undefined;
  readonly boot: BootChoice;
  readonly decision: DhcpDecision;
  /** The largest datagram the client takes. */
  readonly maxDatagram: number;
}

const NO_MACHINE: BootChoice = { kind: "none", reason: "no Machine" };
const TYPE_NAMES = ["", ...Object.keys(MESSAGE_TYPE).map((name) => name.toUpperCase())];
/** What a client takes that does not say (RFC 2131 section 2). */
const DEFAULT_MAX_DATAGRAM = 576;

/** `DISCOVER`, `REQUEST` ... */
export function typeName(message: DhcpMessage): string {
  return TYPE_NAMES[message.options.get(OPTION.messageType)?.[0] ?? 0] ?? "unknown";
}

/**
 * Considers a datagram; what is returned are views of it.
 * @throws {MalformedPacketError} when it is not a DHCP message
 */
export function consider(datagram: Uint8Array, { directory, images, serveUrl, server }: DhcpKnowledge): DhcpExchange {
  const message = parsePacket(datagram);
  const mac = formatMac(message.chaddr);
  const hit = directory.byMac(mac);
  const maxDatagram = u16Option(message.options, OPTION.maxMessageSize) ?? DEFAULT_MAX_DATAGRAM;
  if (hit === undefined) {
    const decision = decide({ message, hit, boot: NO_MACHINE, http: false, server });
    return { message, mac, hit, boot: NO_MACHINE, decision, maxDatagram };
  }
  const owner = directory.byIp(hit.lease.ipv4)?.machine.name ?? hit.machine.name;
  if (owner !== hit.machine.name) {
    // Two machines with one address would disturb each other, and one be served the other's files.
    const reason = `${formatIpv4(hit.lease.ipv4)} is served to the older Machine ${owner}`;
    const decision = { kind: "ignore", cause: "address_of_older_machine", reason } as const;
    return { message, mac, hit, boot: { kind: "none", reason }, decision, maxDatagram };
  }
  const firmware = firmwareOf(message.options);
  // A system that is being installed asks for a lease too: only firmware begins a boot.
  const starting = firmware !== undefined && message.options.get(OPTION.messageType)?.[0] === MESSAGE_TYPE.discover;
  const boot = bootFileFor(firmware, images.imageFor(hit.machine, starting), serveUrl);
  const decision = decide({ message, hit, boot, http: firmware?.kind === "http", server });
  return { message, mac, hit, firmware, boot, decision, maxDatagram };
}
