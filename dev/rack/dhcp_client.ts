/** What OVMF and an installed system say over DHCP, and which answers they take; a table of what was measured. */
import { AddressError, parseHostIpv4 } from "../../base/address.ts";
import { OPTION, type RawOptions, textData, textOption, u32Data, u32Option, u8Data } from "../../pxe/dhcp/options.ts";
import { BROADCAST_FLAG, type DhcpMessage, encodePacket, OP, REPLY_BUFFER_SIZE } from "../../pxe/dhcp/packet.ts";
import type { Identity } from "./power.ts";

/** Who asks: the firmware for PXE or HTTP boot, or a system that only wants an address. */
export type Asker = "pxe" | "http" | "system";

/** What an acceptable answer says. */
export interface Lease {
  /** The machine's. */
  readonly address: number;
  /** Option 54. */
  readonly serverId: number;
  /** Header field siaddr; 0 where the server left it out, which shim does not survive. */
  readonly nextServer: number;
  /** What the firmware loads from: siaddr, or else what option 66, `sname` or option 54 say. */
  readonly bootServer: number;
  /** A file name, or a URL for HTTP boot; empty for a system. */
  readonly bootFile: string;
  /** The header field `file`, where shim looks for its own folder. */
  readonly fileField: string;
}

/** What an answer is worth. */
export type Judgement =
  | { readonly kind: "lease"; readonly lease: Lease }
  /** Refused by the server. */
  | { readonly kind: "nak"; readonly reason: string }
  /** For this client, but of no use to it. */
  | { readonly kind: "unfit"; readonly reason: string }
  /** Not an answer to this question. */
  | { readonly kind: "foreign" };

/** DHCP message types, RFC 2132 section 9.6. */
export const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6 } as const;

/** When a DISCOVER or REQUEST is sent, in milliseconds after the first; measured of OVMF. */
export const SEND_AT_MS: readonly number[] = [0, 3800, 11_800, 27_800];
/** When it gives up, counted likewise. */
export const GIVE_UP_MS = 60_000;

const COMMON_PARAMETERS = [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60];
const VENDOR_OPTIONS = 43;
const UNDI = 94;

interface Voice {
  readonly architecture?: number;
  readonly vendorClass: string;
  readonly parameters: readonly number[];
  readonly flags: number;
}

const VOICES: Readonly<Record<Asker, Voice>> = {
  pxe: {
    architecture: 7,
    vendorClass: "PXEClient:Arch:00007:UNDI:003000",
    parameters: [...COMMON_PARAMETERS, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135],
    flags: BROADCAST_FLAG,
  },
  http: {
    architecture: 16,
    vendorClass: "HTTPClient:Arch:00016:UNDI:003000",
    parameters: [...COMMON_PARAMETERS, 234, 67, 97],
    flags: BROADCAST_FLAG,
  },
  // busybox udhcpc 1.35.0, which the installer has; it asks for a unicast answer.
  system: { vendorClass: "udhcp 1.35.0", parameters: [1, 3, 6, 12, 15, 28, 42], flags: 0 },
};

function hexBytes(text: string): number[] {
  return text.replaceAll(/[^0-9a-f]/gi, "").match(/../g)!.map((byte) => parseInt(byte, 16));
}

/** Type 0, then the UUID as SMBIOS keeps it: the first three fields little-endian (RFC 4578 section 2.3). */
function uuidOption(uuid: string): Uint8Array {
  const b = hexBytes(uuid);
  return Uint8Array.of(0, b[3]!, b[2]!, b[1]!, b[0]!, b[5]!, b[4]!, b[7]!, b[6]!, ...b.slice(8));
}

/** OVMF's order: 53, (54, 50,) 57, 55, 97, 94, 93, 60. */
function options(asker: Asker, { mac, uuid }: Identity, type: number, chosen?: Lease): RawOptions {
  const { architecture, vendorClass, parameters } = VOICES[asker];
  const all: RawOptions = new Map([[OPTION.messageType as number, u8Data(type)]]);
  if (chosen !== undefined) {
    all.set(OPTION.serverId, u32Data(chosen.serverId));
    all.set(OPTION.requestedAddress, u32Data(chosen.address));
  }
  const maxSize = asker === "system" ? 576 : chosen === undefined ? 1472 : 65_280;
  all.set(OPTION.maxMessageSize, Uint8Array.of(maxSize >> 8, maxSize & 255));
  all.set(OPTION.parameterList, Uint8Array.from(parameters));
  if (architecture === undefined) {
    all.set(OPTION.clientId, Uint8Array.of(1, ...hexBytes(mac)));
  } else {
    all.set(OPTION.clientUuid, uuidOption(uuid));
    all.set(UNDI, Uint8Array.of(1, 3, 0));
    all.set(OPTION.clientArchitecture, Uint8Array.of(0, architecture));
  }
  all.set(OPTION.vendorClass, textData(vendorClass));
  return all;
}

/**
 * A DISCOVER, or with `chosen` the REQUEST for an offer.
 * @param xid of the exchange
 */
export function question(asker: Asker, identity: Identity, xid: number, chosen?: Lease): Uint8Array {
  const chaddr = new Uint8Array(16);
  chaddr.set(hexBytes(identity.mac));
  const message: DhcpMessage = {
    ...{ op: OP.request, htype: 1, hlen: 6, hops: 0, xid, secs: 0, flags: VOICES[asker].flags },
    ...{ ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0, chaddr, sname: new Uint8Array(0), file: new Uint8Array(0) },
    options: options(asker, identity, chosen === undefined ? TYPE.discover : TYPE.request, chosen),
  };
  return encodePacket(message, 1500, new Uint8Array(REPLY_BUFFER_SIZE));
}

function fieldText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function hostAddress(text: string | undefined): number {
  try {
    return parseHostIpv4(text ?? "");
  } catch (error) {
    if (error instanceof AddressError) return 0;
    throw error;
  }
}

function leaseOf(message: DhcpMessage): Lease {
  const { options, siaddr } = message;
  const overload = options.get(OPTION.overload)?.[0] ?? 0;
  const fileField = overload & 1 ? "" : fieldText(message.file);
  const sname = overload & 2 ? "" : fieldText(message.sname);
  const serverId = u32Option(options, OPTION.serverId) ?? 0;
  return {
    address: message.yiaddr,
    serverId,
    nextServer: siaddr,
    bootServer: siaddr || hostAddress(textOption(options, OPTION.tftpServerName)) || hostAddress(sname) || serverId,
    bootFile: textOption(options, OPTION.bootFileName) || fileField,
    fileField,
  };
}

/** Why firmware does not take an offer; undefined when it does. */
function objection(
  asker: Asker,
  { address, serverId, bootFile }: Lease,
  options: DhcpMessage["options"],
): string | undefined {
  if (address === 0) return "it gives no address";
  if (serverId === 0) return "it does not name its server (option 54)";
  if (asker === "system") return undefined;
  if (bootFile === "") return "it names no boot file (option 67)";
  const vendorClass = textOption(options, OPTION.vendorClass) ?? "";
  if (asker === "http") {
    if (!vendorClass.startsWith("HTTPClient")) return "its option 60 is not HTTPClient";
    return /^http:\/\/[^/]+\//.test(bootFile) && URL.canParse(bootFile)
      ? undefined
      : `its boot file "${bootFile}" is not an http:// URL`;
  }
  if (vendorClass.startsWith("HTTPClient")) return "it is for HTTP boot (option 60)";
  if (vendorClass.startsWith("PXEClient") && !options.has(VENDOR_OPTIONS)) {
    return "its option 60 is PXEClient and option 43 is missing";
  }
  return undefined;
}

/**
 * What a message means to who asked.
 * @param awaiting the type that would be welcome
 * @throws {MalformedPacketError} when an option is not what its code promises
 */
export function judge(
  message: DhcpMessage,
  { asker, mac, xid, awaiting }: {
    readonly asker: Asker;
    readonly mac: string;
    readonly xid: number;
    readonly awaiting: "offer" | "ack";
  },
): Judgement {
  const sameCard = hexBytes(mac).every((byte, i) => message.chaddr[i] === byte);
  if (message.op !== OP.reply || message.xid !== xid || !sameCard) return { kind: "foreign" };
  const type = message.options.get(OPTION.messageType)?.[0];
  if (type === TYPE.nak && awaiting === "ack") {
    return { kind: "nak", reason: textOption(message.options, OPTION.message) ?? "no reason given" };
  }
  if (type !== TYPE[awaiting]) return { kind: "foreign" };
  const lease = leaseOf(message);
  const reason = objection(asker, lease, message.options);
  return reason === undefined ? { kind: "lease", lease } : { kind: "unfit", reason };
}
