/** What a DHCP server does with a message: a function of values (RFC 2131 section 4.3). */
import { formatIpv4 } from "../../base/address.ts";
import type { LeaseHit } from "../../machine/directory.ts";
import type { BootChoice } from "./boot_file.ts";
import { OPTION, RELAY_SUBOPTION, relaySubOptions, u32Option, u8Option } from "./options.ts";
import { type DhcpMessage, OP } from "./packet.ts";
import { type Grant, grantReply, MESSAGE_TYPE, nakReply } from "./reply.ts";

/** The server as a client sees it. */
export interface DhcpIdentity {
  /** interface: on the client's link; relay: reached through relays, and directly by clients that have an address. */
  readonly mode: "interface" | "relay";
  /** siaddr, option 66, and option 54 unless a relay overrides it. */
  readonly ip: number;
  /** Where clients listen: 68. */
  readonly clientPort: number;
  /** Where relays listen: 67. */
  readonly relayPort: number;
}

/** What there is to know about a message. */
export interface DhcpQuestion {
  /** As it came. */
  readonly message: DhcpMessage;
  /** The Machine with the message's MAC address. */
  readonly hit: LeaseHit | undefined;
  /** What the client would be told to boot. */
  readonly boot: BootChoice;
  /** The client is UEFI HTTP boot. */
  readonly http: boolean;
  /** Who answers. */
  readonly server: DhcpIdentity;
}

/** An address and a UDP port. */
export interface Destination {
  /** IPv4, as a number. */
  readonly address: number;
  /** UDP. */
  readonly port: number;
}

/** Why a message is not granted, in one word; what is granted has the client's state for it (RFC 2131 table 4). */
export const DHCP_CAUSES = [
  "address_in_use",
  "address_of_older_machine",
  "another_server",
  "bootp",
  "no_address",
  "not_a_client_message",
  "not_a_request",
  "not_ethernet",
  "not_relayed",
  "given_back",
  "unknown_machine",
  "wrong_address",
  "wrong_link",
] as const;
/** States that a request is granted in. */
export const DHCP_STATES = ["discover", "selecting", "init_reboot", "renewing_or_rebinding", "inform"] as const;

/** One of {@link DHCP_CAUSES} or {@link DHCP_STATES}: for counting, where a reason in words has too many forms. */
export type DhcpCause = typeof DHCP_CAUSES[number] | typeof DHCP_STATES[number];

/** What is to be done, and why. */
export type DhcpDecision =
  & { readonly cause: DhcpCause; readonly reason: string }
  & (
    | {
      readonly kind: "reply";
      readonly type: "OFFER" | "ACK" | "NAK";
      readonly packet: DhcpMessage;
      readonly to: Destination;
    }
    /** The client found its address in use by somebody else (RFC 2131 section 4.3.3). */
    | { readonly kind: "declined" }
    /** The client gives its address back; a static lease stays (RFC 2131 section 4.3.4). */
    | { readonly kind: "released" }
    | { readonly kind: "ignore" }
  );

/** A question whose Machine is known. */
type Known = DhcpQuestion & { readonly hit: LeaseHit };

const LIMITED_BROADCAST = 0xffffffff;
const ETHERNET = 1;
const WRONG_LINK = "the lease is not of the link that the relay names";

function ignore(cause: DhcpCause, reason: string): DhcpDecision {
  return { kind: "ignore", cause, reason };
}

/** What the relay says about the client's link; only a relay may say it. */
function relayWord(message: DhcpMessage, subOption: number): number | undefined {
  if (message.giaddr === 0 || !message.options.has(OPTION.relayAgent)) return undefined;
  return u32Option(relaySubOptions(message.options), subOption);
}

/** RFC 5107 section 4: a relay that wants to see renewals too has itself named as the server. */
function serverIdFor({ message, server }: DhcpQuestion): number {
  return relayWord(message, RELAY_SUBOPTION.serverIdOverride) ?? server.ip;
}

/** RFC 3527 section 3: the relay names the client's link, which a lease of another network does not fit. */
function wrongLink({ message, hit: { lease } }: Known): boolean {
  const link = relayWord(message, RELAY_SUBOPTION.linkSelection);
  return link !== undefined && ((link ^ lease.ipv4) & lease.subnetMask) !== 0;
}

/** Whether the message is for another server; a relay's name for this one counts as this one (RFC 5107). */
function forAnotherServer(question: DhcpQuestion): boolean {
  const serverId = u32Option(question.message.options, OPTION.serverId);
  return serverId !== undefined && serverId !== question.server.ip && serverId !== serverIdFor(question);
}

/**
 * Where OFFER and ACK go (RFC 2131 section 4.1). A client without an address that asks for unicast gets a broadcast:
 * "If unicasting is not possible, the message MAY be sent as an IP broadcast" - and it is not, see
 * docs/decisions/dhcp-sockets.md.
 */
function destination({ message, hit, server }: Known): Destination {
  if (message.giaddr !== 0) return { address: message.giaddr, port: server.relayPort };
  // An address that is not the lease's was made up: nothing is sent where a forger points.
  const address = message.ciaddr === hit.lease.ipv4 ? message.ciaddr : LIMITED_BROADCAST;
  return { address, port: server.clientPort };
}

/**
 * Where a NAK goes: RFC 2131 section 4.1 broadcasts it when giaddr is 0. In relay mode the client is behind a router and
 * no broadcast reaches it; the address it renews from is used as for an ACK (section 4.3.2, RENEWING).
 */
function nakDestination({ message, server }: DhcpQuestion): Destination {
  if (message.giaddr !== 0) return { address: message.giaddr, port: server.relayPort };
  const address = server.mode === "relay" ? message.ciaddr : LIMITED_BROADCAST;
  return { address, port: server.clientPort };
}

function grant(
  question: Known,
  type: Grant["type"],
  cause: typeof DHCP_STATES[number],
  reason: string,
  leasing = true,
): DhcpDecision {
  const { message, hit, boot, http, server } = question;
  const serverId = serverIdFor(question);
  const packet = grantReply(message, { type, lease: hit.lease, boot, serverIp: server.ip, serverId, leasing, http });
  const to = destination(question);
  return { kind: "reply", type: type === MESSAGE_TYPE.offer ? "OFFER" : "ACK", packet, to, cause, reason };
}

function refuse(question: Known, cause: DhcpCause, reason: string): DhcpDecision {
  const packet = nakReply(question.message, serverIdFor(question), reason);
  return { kind: "reply", type: "NAK", packet, to: nakDestination(question), cause, reason };
}

/** RFC 2131 section 4.3.1. */
function onDiscover(question: Known): DhcpDecision {
  const { message, server } = question;
  if (server.mode === "relay" && message.giaddr === 0) return NOT_RELAYED;
  if (wrongLink(question)) return ignore("wrong_link", WRONG_LINK);
  return grant(question, MESSAGE_TYPE.offer, "discover", "static lease");
}

const STATES = {
  selecting: "selecting",
  init_reboot: "init-reboot",
  renewing_or_rebinding: "renewing or rebinding",
} as const;

/** RFC 2131 section 4.3.2; which of the four states it is, table 4 says. */
function onRequest(question: Known): DhcpDecision {
  const { message, hit: { lease } } = question;
  const selecting = message.options.has(OPTION.serverId);
  if (selecting && forAnotherServer(question)) return ignore("another_server", "the client chose another server");
  const requested = u32Option(message.options, OPTION.requestedAddress) ?? message.ciaddr;
  const state = selecting ? "selecting" : message.ciaddr === 0 ? "init_reboot" : "renewing_or_rebinding";
  if (requested === 0) {
    const without = ["no_address", "no address requested"] as const;
    return selecting ? refuse(question, ...without) : ignore(...without);
  }
  if (requested !== lease.ipv4 || (message.ciaddr !== 0 && message.ciaddr !== lease.ipv4)) {
    const wrong = requested === lease.ipv4 ? message.ciaddr : requested;
    return refuse(question, "wrong_address", `the lease is ${formatIpv4(lease.ipv4)}, not ${formatIpv4(wrong)}`);
  }
  if (wrongLink(question)) return refuse(question, "wrong_link", WRONG_LINK);
  return grant(question, MESSAGE_TYPE.ack, state, STATES[state]);
}

/** RFC 2131 section 4.3.5: the answer goes to ciaddr, whatever the relay; without one only a relay can deliver it. */
function onInform(question: Known): DhcpDecision {
  const { message, hit: { lease }, server } = question;
  if (message.ciaddr === 0 && message.giaddr === 0) {
    return ignore("no_address", "INFORM without an address to answer to");
  }
  if (message.ciaddr !== 0 && ((message.ciaddr ^ lease.ipv4) & lease.subnetMask) !== 0) {
    const reason = `INFORM from ${formatIpv4(message.ciaddr)}, which is not of the lease's network`;
    return ignore("wrong_address", reason);
  }
  const decision = grant(question, MESSAGE_TYPE.ack, "inform", "inform", false);
  if (message.ciaddr === 0 || decision.kind !== "reply") return decision;
  return { ...decision, to: { address: message.ciaddr, port: server.clientPort } };
}

function onDecline(question: Known): DhcpDecision {
  if (forAnotherServer(question)) return ignore("another_server", "DECLINE of another server's offer");
  const address = u32Option(question.message.options, OPTION.requestedAddress);
  if (address !== question.hit.lease.ipv4) {
    return ignore("wrong_address", "DECLINE of an address that is not the lease's");
  }
  return { kind: "declined", cause: "address_in_use", reason: "address in use by something else on the network" };
}

function onRelease(question: Known): DhcpDecision {
  if (forAnotherServer(question)) return ignore("another_server", "RELEASE to another server");
  if (question.message.ciaddr !== question.hit.lease.ipv4) {
    return ignore("wrong_address", "RELEASE of an address that is not the lease's");
  }
  const reason = "the client gave its address back; its static lease stays";
  return { kind: "released", cause: "given_back", reason };
}

const NOT_RELAYED = ignore("not_relayed", "relay mode: not from a relay");
const NOT_A_REQUEST = ignore("not_a_request", "not a request");
const NOT_ETHERNET = ignore("not_ethernet", "not an Ethernet client");
const BOOTP = ignore("bootp", "BOOTP, no DHCP message type");
const UNKNOWN_MACHINE = ignore("unknown_machine", "no Machine has this MAC address");

/**
 * Whether a message is one that this server may answer at all; what it does when it is not.
 * @returns undefined when it may
 */
function notForUs(message: DhcpMessage, mode: DhcpIdentity["mode"]): DhcpDecision | undefined {
  if (message.op !== OP.request) return NOT_A_REQUEST;
  if (message.htype !== ETHERNET || message.hlen !== 6) return NOT_ETHERNET;
  if (!message.options.has(OPTION.messageType)) return BOOTP;
  // A client that has an address passes the relay by.
  if (mode === "relay" && message.giaddr === 0 && message.ciaddr === 0) return NOT_RELAYED;
}

/**
 * Decides what to do with a message. A client without a Machine is met with silence, also where it asks for an address
 * that is not its own: "If the DHCP server has no record of this client, then it MUST remain silent" (section 4.3.2).
 * @throws {MalformedPacketError} when an option is not what its code promises
 */
export function decide(question: DhcpQuestion): DhcpDecision {
  const unfit = notForUs(question.message, question.server.mode);
  if (unfit !== undefined) return unfit;
  const { hit } = question;
  if (hit === undefined) return UNKNOWN_MACHINE;
  const known = { ...question, hit };
  switch (u8Option(question.message.options, OPTION.messageType)) {
    case MESSAGE_TYPE.discover:
      return onDiscover(known);
    case MESSAGE_TYPE.request:
      return onRequest(known);
    case MESSAGE_TYPE.inform:
      return onInform(known);
    case MESSAGE_TYPE.decline:
      return onDecline(known);
    case MESSAGE_TYPE.release:
      return onRelease(known);
    default:
      return ignore("not_a_client_message", "not a message type that clients send to servers");
  }
}
