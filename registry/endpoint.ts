/** Where a registry is reached, and what its answers to an unauthorised request ask for. */
import { cidrContains, parseCidr, parseIpv4 } from "../base/address.ts";
import type { Reference } from "./reference.ts";

/** Loopback, RFC 1918 and link-local: registries there rarely have certificates (contract 9). */
const PRIVATE_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"].map(
  parseCidr,
);

/** A place to pull from. */
export interface Endpoint {
  /** `https://registry-1.docker.io`, without a slash at its end. */
  readonly base: string;
  /** The name credentials are looked up by: `docker.io`, `10.0.0.1:5000`. */
  readonly registry: string;
}

/** Whether the host (with or without a port) is localhost, loopback or in a private network. */
export function isPrivateHost(host: string): boolean {
  const bare = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d+$/, "");
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  if (bare.includes(":")) return bare === "::1" || /^(f[cd]|fe[89ab])/i.test(bare);
  if (!/^[\d.]+$/.test(bare)) return false;
  try {
    const address = parseIpv4(bare);
    return PRIVATE_NETWORKS.some((network) => cidrContains(network, address));
  } catch {
    return false;
  }
}

/**
 * The places to try for a reference, in order: the mirrors of its registry, then the registry itself.
 * @param mirrors registry to URLs or hosts
 */
export function endpointsOf(
  { registry }: Reference,
  mirrors: Readonly<Record<string, readonly string[]>> = {},
): readonly Endpoint[] {
  const places = [...(mirrors[registry] ?? []), registry === "docker.io" ? "registry-1.docker.io" : registry];
  return places.map((place, i) => {
    const own = i === places.length - 1;
    const url = /^https?:\/\//.test(place) ? place.replace(/\/+$/, "") : undefined;
    const plain = isPrivateHost(place) && !place.endsWith(":443");
    return {
      base: url ?? `${plain ? "http" : "https"}://${place}`,
      registry: own ? registry : (url ?? place).replace(/^https?:\/\//, "").replace(/\/.*$/, ""),
    };
  });
}

/** What `WWW-Authenticate` asks for. */
export type Challenge =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** The first challenge that can be met; RFC 9110 11.6.1. Undefined: there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > 8192) return;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/is.exec(header);
  if (bearer !== null) {
    const parameters = new Map<string, string>();
    for (const [, name, quoted, plain] of bearer[1]!.matchAll(/([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
      const key = name!.toLowerCase();
      if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain!);
    }
    const [realm, service, scope] = ["realm", "service", "scope"].map((name) => parameters.get(name));
    if (realm !== undefined && URL.canParse(realm) && /^https?:/.test(realm)) {
      return { kind: "bearer", realm, ...(service ? { service } : {}), ...(scope ? { scope } : {}) };
    }
  }
  return /(?:^|,\s*)basic(?:\s|$)/i.test(header) ? { kind: "basic" } : undefined;
}
