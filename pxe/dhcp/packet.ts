/**
 * DHCP messages: bytes to values and back (RFC 2131 section 2).
 *
 * ```
 *   0  op   1  htype   2  hlen   3  hops
 *   4  xid                        8  secs  10  flags
 *  12  ciaddr  16  yiaddr  20  siaddr  24  giaddr
 *  28  chaddr, 16 bytes
 *  44  sname, 64 bytes
 * 108  file, 128 bytes
 * 236  magic cookie 63 82 53 63
 * 240  options ...
 * ```
 */
import { layOut, type Piece } from "./layout.ts";
import {
  encodedLength,
  MalformedPacketError,
  OPTION,
  type RawOptions,
  readOptionField,
  u8Option,
  writeEnd,
  writeOption,
} from "./options.ts";

/** Values of `op`. */
export const OP = { request: 1, reply: 2 } as const;

/** The one flag there is: the client cannot take unicast before it has an address (RFC 2131 section 4.1). */
export const BROADCAST_FLAG = 0x8000;

/** A DHCP message; addresses are unsigned 32-bit numbers. A parsed one is a view of the datagram it came from. */
export interface DhcpMessage {
  /** One of {@link OP}. */
  readonly op: number;
  /** Hardware type: 1 is Ethernet. */
  readonly htype: number;
  /** Length of a hardware address: 6. */
  readonly hlen: number;
  /** Relays that the message came through. */
  readonly hops: number;
  /** The exchange, chosen by the client. */
  readonly xid: number;
  /** Seconds since the client began. */
  readonly secs: number;
  /** {@link BROADCAST_FLAG}, or 0. */
  readonly flags: number;
  /** The client's address, if it holds one. */
  readonly ciaddr: number;
  /** The address that the client is given. */
  readonly yiaddr: number;
  /** The server to load the boot file from. */
  readonly siaddr: number;
  /** The relay, or 0. */
  readonly giaddr: number;
  /** 16 bytes, of which `hlen` count. */
  readonly chaddr: Uint8Array;
  /** At most 64 bytes; not a text where option 52 says that it holds options. */
  readonly sname: Uint8Array;
  /** At most 128 bytes; not a text where option 52 says that it holds options. */
  readonly file: Uint8Array;
  /** Of all fields. When written: in this order, option 82 last; option 52 is the writer's business. */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

const MAGIC_COOKIE = 0x63825363;
const SNAME_AT = 44;
const FILE_AT = 108;
const COOKIE_AT = 236;
const OPTIONS_AT = 240;
/** Some clients take nothing shorter: BOOTP's size (RFC 951 section 3). */
const MIN_MESSAGE = 300;
const IP_AND_UDP = 28;
/** What every client takes, headers included (RFC 2131 section 2). */
const MIN_DATAGRAM = 576;
/** Larger replies would travel in fragments. */
const MAX_DATAGRAM = 1500;
/** More than any client sends; keeps the work that one datagram can cause small. */
const MAX_REQUEST = 4096;

/** Enough for every message that {@link encodePacket} writes. */
export const REPLY_BUFFER_SIZE: number = MAX_DATAGRAM;

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Reads a message. Options of `file` and `sname` are read too where option 52 says so, in the order of
 * RFC 3396 section 5: options, file, sname.
 * @throws {MalformedPacketError} when the datagram is not a DHCP message
 */
export function parsePacket(bytes: Uint8Array): DhcpMessage {
  if (bytes.length < OPTIONS_AT) throw new MalformedPacketError(`${bytes.length} bytes are too short`);
  if (bytes.length > MAX_REQUEST) throw new MalformedPacketError(`${bytes.length} bytes are too long`);
  if (u32(bytes, COOKIE_AT) !== MAGIC_COOKIE) throw new MalformedPacketError("no magic cookie");
  const options: RawOptions = new Map();
  readOptionField(bytes.subarray(OPTIONS_AT), options);
  const sname = bytes.subarray(SNAME_AT, FILE_AT);
  const file = bytes.subarray(FILE_AT, COOKIE_AT);
  const overload = u8Option(options, OPTION.overload) ?? 0;
  if (overload & 1) readOptionField(file, options);
  if (overload & 2) readOptionField(sname, options);
  return {
    op: bytes[0]!,
    htype: bytes[1]!,
    hlen: bytes[2]!,
    hops: bytes[3]!,
    xid: u32(bytes, 4),
    secs: (bytes[8]! << 8) | bytes[9]!,
    flags: (bytes[10]! << 8) | bytes[11]!,
    ciaddr: u32(bytes, 12),
    yiaddr: u32(bytes, 16),
    siaddr: u32(bytes, 20),
    giaddr: u32(bytes, 24),
    chaddr: bytes.subarray(28, SNAME_AT),
    sname,
    file,
    options,
  };
}

function putU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function writeHeader(out: Uint8Array, message: DhcpMessage): void {
  out.fill(0, 0, MIN_MESSAGE);
  out[0] = message.op;
  out[1] = message.htype;
  out[2] = message.hlen;
  out[3] = message.hops;
  putU32(out, 4, message.xid);
  out[8] = message.secs >>> 8;
  out[9] = message.secs;
  out[10] = message.flags >>> 8;
  out[11] = message.flags;
  putU32(out, 12, message.ciaddr);
  putU32(out, 16, message.yiaddr);
  putU32(out, 20, message.siaddr);
  putU32(out, 24, message.giaddr);
  out.set(message.chaddr, 28);
  putU32(out, COOKIE_AT, MAGIC_COOKIE);
}

function writePieces(out: Uint8Array, at: number, pieces: readonly Piece[]): number {
  for (const { code, data } of pieces) at = writeOption(out, at, code, data);
  return at;
}

/** Writes options over `sname` and `file` too; returns the offset behind the options field, its end mark not written. */
function writeOverloaded(out: Uint8Array, message: DhcpMessage, room: number): number {
  const layout = layOut(message.options, room);
  for (
    const [at, own, pieces] of [[FILE_AT, message.file, layout.file], [SNAME_AT, message.sname, layout.sname]] as const
  ) {
    if (pieces.length === 0) out.set(own, at);
    else writeEnd(out, writePieces(out, at, pieces));
  }
  const used = (layout.file.length > 0 ? 1 : 0) | (layout.sname.length > 0 ? 2 : 0);
  const at = used === 0 ? OPTIONS_AT : writeOption(out, OPTIONS_AT, OPTION.overload, Uint8Array.of(used));
  return writePieces(out, at, layout.options);
}

function writeOptions(out: Uint8Array, options: ReadonlyMap<number, Uint8Array>): number {
  let at = OPTIONS_AT;
  for (const [code, data] of options) {
    if (code !== OPTION.relayAgent) at = writeOption(out, at, code, data);
  }
  const relayAgent = options.get(OPTION.relayAgent);
  return relayAgent === undefined ? at : writeOption(out, at, OPTION.relayAgent, relayAgent);
}

/**
 * Writes a message into `out`, at least 300 and, with IP and UDP headers, at most `maxDatagram` bytes long.
 * @param maxDatagram the client's option 57; less than 576 counts as 576 (RFC 2132 section 9.10)
 * @returns what was written, as a view of `out`
 */
export function encodePacket(message: DhcpMessage, maxDatagram: number, out: Uint8Array): Uint8Array {
  const limit = Math.min(MAX_DATAGRAM, Math.max(MIN_DATAGRAM, maxDatagram)) - IP_AND_UDP;
  const room = limit - OPTIONS_AT - 1;
  let wanted = 0;
  for (const data of message.options.values()) wanted += encodedLength(data.length);
  writeHeader(out, message);
  let at;
  if (wanted <= room) {
    out.set(message.sname, SNAME_AT);
    out.set(message.file, FILE_AT);
    at = writeOptions(out, message.options);
  } else {
    at = writeOverloaded(out, message, room);
  }
  return out.subarray(0, Math.max(MIN_MESSAGE, writeEnd(out, at)));
}
