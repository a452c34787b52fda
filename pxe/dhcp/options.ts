/**
 * DHCP options: raw bytes by code, typed readers and builders on top.
 *
 * ```
 *  code  length  data ...            code 0 is a pad, code 255 ends the field (RFC 2132 section 2)
 * +-----+-----+-----+-----+--
 * |  c  |  n  |  n bytes        an option longer than 255 bytes is several with one code (RFC 3396)
 * +-----+-----+-----+-----+--
 * ```
 */

/** Option codes; RFC 2132 unless another is named. */
export const OPTION = {
  subnetMask: 1,
  router: 3,
  dnsServers: 6,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  tftpServerName: 66,
  bootFileName: 67,
  /** RFC 3004. */
  userClass: 77,
  /** RFC 3046. */
  relayAgent: 82,
  /** RFC 4578. */
  clientArchitecture: 93,
  /** RFC 4578. */
  clientUuid: 97,
  /** iPXE's own (Etherboot). */
  ipxe: 175,
} as const;

/** Sub-options of option 82 that a server acts on. */
export const RELAY_SUBOPTION = {
  /** RFC 3527: the link the client is on, when giaddr does not tell it. */
  linkSelection: 5,
  /** RFC 5107: what the client is to take for the server's address. */
  serverIdOverride: 11,
} as const;

/** A datagram that is not a DHCP message, or an option that is not what its code promises. */
export class MalformedPacketError extends Error {
  /** The class, in logs. */
  override name = "MalformedPacketError";
}

/** Options by code, in the order of their first appearance; the data of a long option is already joined. */
export type RawOptions = Map<number, Uint8Array>;

const PAD = 0;
const END = 255;

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/**
 * Reads one options field into `into`; parts of a long option are joined in order (RFC 3396 section 7).
 * @throws {MalformedPacketError} when an option announces more than the field holds
 */
export function readOptionField(field: Uint8Array, into: RawOptions): void {
  for (let at = 0; at < field.length;) {
    const code = field[at++]!;
    if (code === PAD) continue;
    if (code === END) return;
    const end = at + 1 + (field[at] ?? field.length);
    if (end > field.length) throw new MalformedPacketError(`option ${code} runs past the end of its field`);
    const data = field.subarray(at + 1, end);
    const earlier = into.get(code);
    into.set(code, earlier === undefined ? data : joined(earlier, data));
    at = end;
  }
}

function sized(options: ReadonlyMap<number, Uint8Array>, code: number, length: number): Uint8Array | undefined {
  const data = options.get(code);
  if (data === undefined || data.length === length) return data;
  throw new MalformedPacketError(`option ${code} has ${data.length} bytes, not ${length}`);
}

/**
 * A one-byte option; undefined when absent.
 * @throws {MalformedPacketError} when it has another length
 */
export function u8Option(options: ReadonlyMap<number, Uint8Array>, code: number): number | undefined {
  return sized(options, code, 1)?.[0];
}

/**
 * A 16-bit option; undefined when absent.
 * @throws {MalformedPacketError} when it has another length
 */
export function u16Option(options: ReadonlyMap<number, Uint8Array>, code: number): number | undefined {
  const data = sized(options, code, 2);
  return data === undefined ? undefined : (data[0]! << 8) | data[1]!;
}

/**
 * An address or a 32-bit number; undefined when absent.
 * @throws {MalformedPacketError} when it has another length
 */
export function u32Option(options: ReadonlyMap<number, Uint8Array>, code: number): number | undefined {
  const data = sized(options, code, 4);
  return data === undefined ? undefined : ((data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8) | data[3]!) >>> 0;
}

const decoder = new TextDecoder();

/** A text option as it is, without trailing NULs (RFC 2132 section 2); undefined when absent. */
export function textOption(options: ReadonlyMap<number, Uint8Array>, code: number): string | undefined {
  const data = options.get(code);
  return data === undefined ? undefined : decoder.decode(data).replace(/\0+$/, "");
}

/**
 * The sub-options of option 82 (RFC 3046 section 2.0); they have neither pads nor an end.
 * @throws {MalformedPacketError} when one announces more than the option holds
 */
export function relaySubOptions(options: ReadonlyMap<number, Uint8Array>): RawOptions {
  const subOptions: RawOptions = new Map();
  const data = options.get(OPTION.relayAgent);
  for (let at = 0; data !== undefined && at < data.length;) {
    const end = at + 2 + (data[at + 1] ?? data.length);
    if (end > data.length) {
      throw new MalformedPacketError(`relay sub-option ${data[at]} runs past the end of option 82`);
    }
    subOptions.set(data[at]!, data.subarray(at + 2, end));
    at = end;
  }
  return subOptions;
}

/** One byte of data. */
export function u8Data(value: number): Uint8Array {
  return Uint8Array.of(value);
}

/** A 32-bit number or an address, most significant byte first. */
export function u32Data(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Several addresses, one after the other (RFC 2132 section 3.8). */
export function addressesData(addresses: readonly number[]): Uint8Array {
  const data = new Uint8Array(addresses.length * 4);
  addresses.forEach((address, i) => data.set(u32Data(address), i * 4));
  return data;
}

const encoder = new TextEncoder();

/** A text, without a NUL at its end. */
export function textData(value: string): Uint8Array {
  return encoder.encode(value);
}

/** Bytes that an option takes in a field, its parts' codes and lengths included (RFC 3396 section 5). */
export function encodedLength(dataLength: number): number {
  return dataLength + 2 * Math.max(1, Math.ceil(dataLength / 255));
}

/**
 * Writes an option at `at`, in parts of at most 255 bytes (RFC 3396 section 5).
 * @returns the offset behind it
 */
export function writeOption(out: Uint8Array, at: number, code: number, data: Uint8Array): number {
  let from = 0;
  do {
    const length = Math.min(255, data.length - from);
    out[at] = code;
    out[at + 1] = length;
    out.set(from === 0 && length === data.length ? data : data.subarray(from, from + length), at + 2);
    at += 2 + length;
    from += length;
  } while (from < data.length);
  return at;
}

/** Writes the end mark at `at` (RFC 2132 section 3.2). */
export function writeEnd(out: Uint8Array, at: number): number {
  out[at] = END;
  return at + 1;
}
