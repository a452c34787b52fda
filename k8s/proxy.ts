/** Which proxy a URL is reached through, by the rules that Go programs follow. */
import { BlockList, isIP } from "node:net";
import { ConfigError } from "./errors.ts";

/** The variables that say it; upper case wins over lower case. */
export interface ProxyEnvironment {
  /** An environment variable; undefined or empty when not set. */
  env(name: string): string | undefined;
}

const family = (address: string) => isIP(address) === 6 ? "ipv6" : "ipv4";

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** `host:port` of a NO_PROXY entry; the port is empty when it names none. */
function splitPort(entry: string): [host: string, port: string] {
  const match = /^\[([^\]]*)\](?::(\d+))?$|^([^:]*):(\d+)$/.exec(entry);
  return match === null ? [entry, ""] : [match[1] ?? match[3] ?? "", match[2] ?? match[4] ?? ""];
}

function inNetwork(entry: string, address: string): boolean {
  const [network = "", bits = "", ...rest] = entry.split("/");
  const size = family(network) === "ipv6" ? 128 : 32;
  if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > size || rest.length > 0) return false;
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family(network));
  return list.check(address, family(address));
}

/** Whether one entry of NO_PROXY covers the host. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inNetwork(entry, host);
  const [name, onlyPort] = splitPort(entry);
  if (name === "" || (onlyPort !== "" && onlyPort !== port)) return false;
  if (isIP(name) !== 0) return name === host;
  const suffix = name.startsWith("*.") ? name.slice(1) : name;
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function parseProxy(value: string, from: string): URL {
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(spelled)) throw new ConfigError(`${from}: not a URL; want for example http://proxy:3128`);
  const url = new URL(spelled);
  if (url.protocol !== "http:") {
    throw new ConfigError(`${from}: ${url.protocol}// proxies are not supported; use an HTTP proxy (http://HOST:PORT)`);
  }
  return url;
}

/**
 * The proxy for `target`; undefined when it is reached directly.
 * @param configured the kubeconfig's proxy-url, which wins over everything
 * @throws {ConfigError} when the proxy named is not an HTTP proxy
 */
export function proxyFor(target: URL, configured: string | undefined, { env }: ProxyEnvironment): URL | undefined {
  if (configured !== undefined) return parseProxy(configured, "proxy-url");
  const any = (name: string) => env(name) || env(name.toLowerCase());
  const name = target.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = any(name);
  if (value === undefined) return;
  const host = target.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  if (isLoopback(host)) return;
  const exceptions = (any("NO_PROXY") ?? "").split(",").map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => covers(entry, host, port))) return;
  return parseProxy(value, name);
}
