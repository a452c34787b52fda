/** MAC and IPv4 addresses in one canonical form each. */

/** A text that is not the address it should be. */
export class AddressError extends Error {
  /** The class, in logs. */
  override name = "AddressError";
}

/**
 * The canonical spelling of a MAC address: `aa:bb:cc:dd:ee:ff`.
 * Accepts colons, dashes, Cisco's dots (`aabb.ccdd.eeff`) and none, in either case.
 * @throws {AddressError} for anything else
 */
export function parseMac(text: string): string {
  const hex = text.trim().toLowerCase();
  const spelled =
    /^([0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{12})$/;
  if (!spelled.test(hex)) throw new AddressError(`"${text}" is not a MAC address (want aa:bb:cc:dd:ee:ff)`);
  return formatMac(hex.replace(/[:.-]/g, "").match(/../g)!.map((b) => parseInt(b, 16)));
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Six bytes as `aa:bb:cc:dd:ee:ff`. */
export function formatMac(bytes: ArrayLike<number>): string {
  let text = HEX[bytes[0]!]!;
  for (let i = 1; i < 6; i++) text += ":" + HEX[bytes[i]!]!;
  return text;
}

/**
 * An IPv4 address as an unsigned 32-bit number, most significant byte first.
 * Only four decimal numbers without leading zeros are one.
 * @throws {AddressError} for anything else
 */
export function parseIpv4(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const part = match?.[i];
    if (part === undefined || Number(part) > 255 || (part.length > 1 && part[0] === "0")) {
      throw new AddressError(`"${text}" is not an IPv4 address`);
    }
    value = value * 256 + Number(part);
  }
  return value;
}

/** The dotted form of an unsigned 32-bit IPv4 address. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/**
 * A subnet mask as a number; its ones must come first.
 * @throws {AddressError} for anything else
 */
export function parseMask(text: string): number {
  const mask = parseIpv4(text);
  const zeros = ~mask >>> 0;
  if ((zeros & (zeros + 1)) !== 0) throw new AddressError(`"${text}" is not a subnet mask`);
  return mask;
}

/**
 * An IPv4 address that one host can have: not 0.0.0.0, multicast, reserved or broadcast (RFC 1122 section 3.2.1.3).
 * @throws {AddressError} for anything else
 */
export function parseHostIpv4(text: string): number {
  const address = parseIpv4(text);
  if (address >>> 24 === 0 || address >>> 24 >= 224) throw new AddressError(`"${text}" is no address of a host`);
  return address;
}

/** An IPv4 network. */
export interface Cidr {
  /** Network address, host bits zero. */
  readonly network: number;
  /** Subnet mask. */
  readonly mask: number;
}

/**
 * `10.0.0.0/8`, or a single address.
 * @throws {AddressError} for anything else
 */
export function parseCidr(text: string): Cidr {
  const [address = "", bits = "32", ...rest] = text.split("/");
  if (rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) {
    throw new AddressError(`"${text}" is not a network (want 10.0.0.0/8)`);
  }
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0;
  return { network: (parseIpv4(address) & mask) >>> 0, mask };
}

/** Whether the network holds the address. */
export function cidrContains(cidr: Cidr, address: number): boolean {
  return ((address & cidr.mask) >>> 0) === cidr.network;
}
