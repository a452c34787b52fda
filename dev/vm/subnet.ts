/** A network for virtual machines that no network of this system overlaps. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";

/** A network of 254 addresses. */
export interface Subnet {
  /** The first address, which is this system's. */
  readonly server: string;
  /** `255.255.255.0`. */
  readonly mask: string;
  /** Bits of the mask. */
  readonly prefixLength: number;
  /** Address of the machine with a number from 0 to 199. */
  host(index: number): string;
}

const PREFIX = 24;
const FIRST = parseIpv4("10.77.0.0");
const COUNT = 256;
const FIRST_HOST = 10;
const MOST_HOSTS = 200;

interface Range {
  readonly first: number;
  readonly last: number;
}

/** `10.0.0.0/8` or one address; undefined for what is neither, such as `default`. */
function rangeOf(destination: string): Range | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(destination);
  if (match === null) return undefined;
  const size = 2 ** (32 - Number(match[2] ?? 32));
  const first = Math.floor(parseIpv4(match[1]!) / size) * size;
  return { first, last: first + size - 1 };
}

function subnetAt(index: number): Subnet {
  const first = FIRST + index * 256;
  return {
    server: formatIpv4(first + 1),
    mask: "255.255.255.0",
    prefixLength: PREFIX,
    host(number) {
      if (number < 0 || number >= MOST_HOSTS) throw new RangeError(`There is no address for machine ${number}`);
      return formatIpv4(first + FIRST_HOST + number);
    },
  };
}

/** The network of an earlier rack, by its `server`; undefined where no rack has that. */
export function subnetOf(server: unknown): Subnet | undefined {
  for (let index = 0; index < COUNT; index++) {
    const subnet = subnetAt(index);
    if (subnet.server === server) return subnet;
  }
}

/**
 * 10.77.0.0/24, or the next one that is free.
 * @param routes destinations of this system's routes (`ip -4 route`)
 * @returns undefined when all of 10.77.0.0/16 is taken
 */
export function freeSubnet(routes: readonly string[]): Subnet | undefined {
  const used = routes.map(rangeOf).filter((range) => range !== undefined);
  for (let index = 0; index < COUNT; index++) {
    const first = FIRST + index * 256;
    if (!used.some((range) => range.first <= first + 255 && first <= range.last)) return subnetAt(index);
  }
}
