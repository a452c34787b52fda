/** The messages that a server sends (RFC 2131 table 3). */
import { formatIpv4 } from "../../base/address.ts";
import type { DhcpLease } from "../../machine/types.ts";
import type { BootChoice } from "./boot_file.ts";
import { addressesData, OPTION, textData, u32Data, u8Data } from "./options.ts";
import { BROADCAST_FLAG, type DhcpMessage, OP } from "./packet.ts";

/** Values of option 53 (RFC 2132 section 9.6). */
export const MESSAGE_TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Lease time that is always given: a day (contract section 5). */
const LEASE_SECONDS = 86_400;
const NO_BYTES = new Uint8Array(0);
const FILE_FIELD = 128;

/** What an OFFER or an ACK is made of. */
export interface Grant {
  /** Type of the reply. */
  readonly type: typeof MESSAGE_TYPE.offer | typeof MESSAGE_TYPE.ack;
  readonly lease: DhcpLease;
  readonly boot: BootChoice;
  /** siaddr, and the server's name for TFTP. */
  readonly serverIp: number;
  /** Option 54; not always the server's own address (RFC 5107). */
  readonly serverId: number;
  /** False for INFORM: its client has an address and gets no lease time (RFC 2131 section 4.3.5). */
  readonly leasing: boolean;
  /** Whether option 60 is to say HTTPClient: UEFI HTTP boot ignores replies that do not. */
  readonly http: boolean;
}

const HTTP_CLIENT = textData("HTTPClient");
const LEASE_TIME = u32Data(LEASE_SECONDS);
/** RFC 2131 section 4.4.5: half of the lease, and seven eighths. */
const RENEWAL_TIME = u32Data(LEASE_SECONDS / 2);
const REBINDING_TIME = u32Data(LEASE_SECONDS * 7 / 8);

type Candidates = Map<number, Uint8Array>;

function echo(request: DhcpMessage, code: number, into: Candidates): void {
  const data = request.options.get(code);
  if (data !== undefined) into.set(code, data);
}

/** All that a client may get, in the order for a client that asks for nothing: mask before router (RFC 2132 3.3). */
function candidates(request: DhcpMessage, grant: Grant, serverName: Uint8Array, file: Uint8Array): Candidates {
  const { lease } = grant;
  const all: Candidates = new Map();
  all.set(OPTION.serverId, u32Data(grant.serverId));
  if (grant.leasing) all.set(OPTION.leaseTime, LEASE_TIME);
  all.set(OPTION.subnetMask, u32Data(lease.subnetMask));
  if (lease.gateway !== undefined) all.set(OPTION.router, u32Data(lease.gateway));
  if (lease.dns.length > 0) all.set(OPTION.dnsServers, addressesData(lease.dns));
  if (grant.http) all.set(OPTION.vendorClass, HTTP_CLIENT);
  all.set(OPTION.tftpServerName, serverName);
  if (file.length > 0) all.set(OPTION.bootFileName, file);
  echo(request, OPTION.clientId, all); // RFC 6842
  echo(request, OPTION.clientUuid, all); // RFC 4578 section 2.3
  return all;
}

/** Option 55's order first (RFC 2132 section 9.8), then what it does not name; option 82 last (RFC 3046 section 2.2). */
function ordered(request: DhcpMessage, type: number, all: Candidates, leasing: boolean): Candidates {
  const options: Candidates = new Map();
  options.set(OPTION.messageType, u8Data(type));
  for (const code of request.options.get(OPTION.parameterList) ?? NO_BYTES) {
    const data = all.get(code) ?? (leasing ? onRequest(code) : undefined);
    if (data !== undefined && !options.has(code)) options.set(code, data);
  }
  for (const [code, data] of all) if (!options.has(code)) options.set(code, data);
  echo(request, OPTION.relayAgent, options);
  return options;
}

function onRequest(code: number): Uint8Array | undefined {
  if (code === OPTION.renewalTime) return RENEWAL_TIME;
  return code === OPTION.rebindingTime ? REBINDING_TIME : undefined;
}

/** An OFFER or an ACK; a boot file longer than the header's field is named by option 67 alone. */
export function grantReply(request: DhcpMessage, grant: Grant): DhcpMessage {
  const file = grant.boot.kind === "file" ? textData(grant.boot.name) : NO_BYTES;
  const serverName = textData(formatIpv4(grant.serverIp));
  return {
    ...header(request),
    flags: request.flags,
    ciaddr: grant.type === MESSAGE_TYPE.ack ? request.ciaddr : 0,
    yiaddr: grant.leasing ? grant.lease.ipv4 : 0,
    siaddr: grant.serverIp,
    sname: serverName,
    file: file.length < FILE_FIELD ? file : NO_BYTES,
    options: ordered(request, grant.type, candidates(request, grant, serverName, file), grant.leasing),
  };
}

/** A NAK: of a server's options only its identifier and a message; to a relay with the broadcast bit (RFC 2131 4.3.2). */
export function nakReply(request: DhcpMessage, serverId: number, message: string): DhcpMessage {
  const options: Candidates = new Map();
  options.set(OPTION.messageType, u8Data(MESSAGE_TYPE.nak));
  options.set(OPTION.serverId, u32Data(serverId));
  options.set(OPTION.message, textData(message));
  echo(request, OPTION.clientId, options);
  echo(request, OPTION.relayAgent, options);
  return {
    ...header(request),
    flags: request.giaddr === 0 ? request.flags : request.flags | BROADCAST_FLAG,
    ciaddr: 0,
    yiaddr: 0,
    siaddr: 0,
    sname: NO_BYTES,
    file: NO_BYTES,
    options,
  };
}

function header(request: DhcpMessage) {
  const { htype, hlen, xid, giaddr, chaddr } = request;
  return { op: OP.reply, htype, hlen, hops: 0, xid, secs: 0, giaddr, chaddr };
}
