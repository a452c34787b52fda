/**
 * TFTP packets as a server that is only read from sees them (RFC 1350 section 5, RFC 2347).
 *
 * ```text
 * RRQ, WRQ  | 0 1/2 | file name | 0 | mode | 0 | option | 0 | value | 0 | ...
 * DATA      | 0 3   | block, 2 bytes | 0 to blksize bytes
 * ACK       | 0 4   | block, 2 bytes |
 * ERROR     | 0 5   | code, 2 bytes  | text | 0
 * OACK      | 0 6   | option | 0 | value | 0 | ...
 * ```
 */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";

/** Error codes (RFC 1350 section 5, RFC 2347). */
export const ErrorCode = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransferId: 5,
  optionRefused: 8,
} as const;

/** An option as the client spelled it. */
export interface Option {
  /** As spelled; compared without case. */
  readonly name: string;
  /** A number in decimal digits, where the option is a known one. */
  readonly value: string;
}

/** How the bytes are sent (RFC 1350 section 1). */
export type Mode = "octet" | "netascii";

/** A client's wish to read a file. */
export interface ReadRequest {
  /** Tells it from the other requests. */
  readonly kind: "read";
  /** The file name, as sent. */
  readonly path: string;
  /** How it is to be sent. */
  readonly mode: Mode;
  /** In the client's order; unknown ones included. */
  readonly options: readonly Option[];
}

/** What a packet to the server's well-known port means. */
export type Request =
  | ReadRequest
  /** Answered by an ERROR packet. */
  | { readonly kind: "refuse"; readonly code: number; readonly text: string }
  /** Not answered: an answer could be the start of a loop between two servers. */
  | { readonly kind: "ignore"; readonly reason: string };

/** What a packet to a transfer's own port means. */
export type Reply =
  | { readonly kind: "ack"; readonly block: number }
  | { readonly kind: "error"; readonly code: number; readonly text: string }
  | { readonly kind: "other" };

/** RFC 2347: a request is at most this long. */
const MAX_REQUEST_BYTES = 512;
/** A text in an ERROR packet is cut here: firmware prints it on one line. */
const MAX_ERROR_TEXT_BYTES = 128;
const RRQ = 1, WRQ = 2, DATA = 3, ACK = 4, ERROR = 5, OACK = 6;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads what came to the well-known port. Never throws. */
export function decodeRequest(packet: Uint8Array): Request {
  if (packet.length < 2) return { kind: "ignore", reason: `${packet.length} bytes are no TFTP packet` };
  const opcode = new ByteReader(packet).u16();
  if (opcode === WRQ) return { kind: "refuse", code: ErrorCode.accessViolation, text: "this server is read only" };
  if (opcode !== RRQ) return { kind: "ignore", reason: `opcode ${opcode} is no request` };
  if (packet.length > MAX_REQUEST_BYTES) return malformed(`request longer than ${MAX_REQUEST_BYTES} bytes`);
  const texts = splitTexts(packet, 2);
  const [path, mode] = texts;
  if (path === undefined || mode === undefined) return malformed("file name or mode does not end");
  const known = mode.toLowerCase();
  if (known !== "octet" && known !== "netascii") return malformed(`mode ${mode.slice(0, 32)} is not supported`);
  return { kind: "read", path, mode: known, options: pairs(texts.slice(2)) };
}

function malformed(text: string): Request {
  return { kind: "refuse", code: ErrorCode.illegalOperation, text };
}

/** The texts that a zero byte ends; a last one without it is dropped. */
function splitTexts(packet: Uint8Array, start: number): string[] {
  const texts: string[] = [];
  for (let at = start;;) {
    const end = packet.indexOf(0, at);
    if (end < 0) return texts;
    texts.push(decoder.decode(packet.subarray(at, end)));
    at = end + 1;
  }
}

/** Options up to the first that has no value or, in the zero bytes with which some firmware pads, no name. */
function pairs(texts: readonly string[]): Option[] {
  const options: Option[] = [];
  for (let i = 0; i + 1 < texts.length && texts[i] !== ""; i += 2) {
    options.push({ name: texts[i]!, value: texts[i + 1]! });
  }
  return options;
}

/** Reads what came to a transfer's port. Never throws. */
export function decodeReply(packet: Uint8Array): Reply {
  if (packet.length < 4 || packet[0] !== 0) return { kind: "other" };
  const number = (packet[2]! << 8) | packet[3]!;
  if (packet[1] === ACK) return { kind: "ack", block: number };
  if (packet[1] !== ERROR) return { kind: "other" };
  const end = packet.indexOf(0, 4);
  return { kind: "error", code: number, text: decoder.decode(packet.subarray(4, end < 0 ? packet.length : end)) };
}

/** An ERROR packet (RFC 1350 section 5). */
export function encodeError(code: number, text: string): Uint8Array {
  const body = encoder.encode(text.replaceAll("\0", "")).subarray(0, MAX_ERROR_TEXT_BYTES);
  const out = new ByteWriter(new Uint8Array(5 + body.length));
  out.u16(ERROR);
  out.u16(code);
  out.bytes(body);
  out.u8(0);
  return out.written();
}

/** An option acknowledgement (RFC 2347). */
export function encodeOack(options: readonly Option[]): Uint8Array {
  const body = encoder.encode(options.map(({ name, value }) => `${name}\0${value}\0`).join(""));
  const out = new ByteWriter(new Uint8Array(2 + body.length));
  out.u16(OACK);
  out.bytes(body);
  return out.written();
}

/** Bytes before the data in a DATA packet. */
export const DATA_HEADER_BYTES = 4;

/**
 * Writes the header of a DATA packet in place.
 * @param block counted from 1 without end; on the wire it rolls over to 0 after 65,535
 */
export function putDataHeader(packet: Uint8Array, block: number): void {
  packet[0] = 0;
  packet[1] = DATA;
  packet[2] = block >>> 8;
  packet[3] = block;
}
