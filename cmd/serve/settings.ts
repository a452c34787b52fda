/** The flags of serve-pxe: declared, checked once, then never changed. */
import { type Cidr, formatIpv4, parseCidr, parseIpv4 } from "../../base/address.ts";
import { formatDuration } from "../../base/duration.ts";
import type { LogLevel } from "../../base/log.ts";
import { count, duration, type Flag, type FlagValues, oneOf, parseFlag, port } from "../flags.ts";
import { UsageError } from "../usage.ts";

/** Checked settings of one `serve-pxe`. */
export interface ServeSettings {
  /** Serve Machines whose site label is this; "" serves those without the label. */
  readonly site: string;
  readonly cacheDir: string;
  /** Address of TFTP, HTTP and relay DHCP sockets, as a number; 0 is every address. */
  readonly bindAddress: number;
  readonly httpPort: number;
  readonly healthPort: number;
  readonly tftpPort: number;
  readonly dhcpPort: number;
  readonly dhcp: DhcpMode;
  /** Without a trailing slash; undefined: http://IP:HTTP-PORT of the server's own address. */
  readonly serveUrl?: string;
  readonly trustedProxies: readonly Cidr[];
  /** docker config.json with registry credentials. */
  readonly registryConfig?: string;
  /** PEM file of certificate authorities that registries may be signed by, besides the system's. */
  readonly registryCa?: string;
  /** BMCs that are spoken to at once. */
  readonly bmcConcurrency: number;
  /** From power on to the end of an installation. */
  readonly repaveTimeoutMs: number;
  /** Boots of one installation; 0 for no limit. */
  readonly repaveMaxAttempts: number;
  /** PEM bundle, or folder of certificates, of TPM makers that are trusted. */
  readonly ekCa?: string;
  /** No token without an endorsement key certificate. */
  readonly requireEkCert: boolean;
  /** No token for a Machine that runs. */
  readonly attestOnlyInstalling: boolean;
  readonly kubeconfig?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: "text" | "json";
  readonly leaderElect: { readonly leaseMs: number; readonly renewMs: number; readonly retryMs: number };
}

/** Where DHCP listens. */
export type DhcpMode =
  | { readonly kind: "relay" }
  | { readonly kind: "auto" }
  | { readonly kind: "interface"; readonly name: string };

/** All flags of serve-pxe, in the order of its help (contract 3; the last eleven are metalman's own). */
export const SERVE_FLAGS: readonly Flag[] = [
  {
    name: "site",
    takes: "name",
    fallback: "",
    help: "serve the Machines labelled unbounded-cloud.io/site=<name>; empty: those without the label",
  },
  { name: "cache-dir", takes: "path", help: "where unpacked images are kept (default: ~/.unbounded/metalman/cache)" },
  { name: "bind-address", takes: "ip", fallback: "0.0.0.0", help: "address of the TFTP, HTTP and relay DHCP sockets" },
  { name: "http-port", takes: "port", fallback: "8880", help: "TCP port of boot files and reports" },
  { name: "health-port", takes: "port", fallback: "8081", help: "TCP port of /healthz and /readyz" },
  { name: "dhcp-interface", takes: "name", help: "answer DHCP broadcasts on this interface" },
  { name: "dhcp-auto-interface", help: "answer DHCP broadcasts on the interface that holds the server's address" },
  { name: "dhcp-port", takes: "port", fallback: "67", help: "UDP port of DHCP" },
  {
    name: "serve-url",
    takes: "url",
    help: "URL under which machines reach the HTTP port (default: http://IP:HTTP-PORT)",
  },
  { name: "leader-elect-lease-duration", takes: "duration", fallback: "15s", help: "how long a leader's lease lasts" },
  {
    name: "leader-elect-renew-deadline",
    takes: "duration",
    fallback: "10s",
    help: "how long a leader tries to renew before it gives up",
  },
  {
    name: "leader-elect-retry-period",
    takes: "duration",
    fallback: "2s",
    help: "pause between two tries to get or renew the lease",
  },
  { name: "tftp-port", takes: "port", fallback: "69", help: "UDP port of TFTP" },
  {
    name: "trusted-proxy",
    takes: "cidr",
    repeatable: true,
    help: "network whose X-Forwarded-For is believed (repeatable; default: none)",
  },
  {
    name: "registry-config",
    takes: "path",
    help: "docker config.json with registry credentials and credential helpers",
  },
  { name: "registry-ca", takes: "path", help: "PEM file of further certificate authorities for registries" },
  { name: "bmc-concurrency", takes: "count", fallback: "64", help: "BMCs that are spoken to at once" },
  {
    name: "repave-timeout",
    takes: "duration",
    fallback: "30m",
    help: "how long an installation may take before the machine is booted again",
  },
  {
    name: "repave-max-attempts",
    takes: "count",
    fallback: "5",
    help: "how often a machine is booted for one installation; 0: endlessly",
  },
  {
    name: "ek-ca",
    takes: "path",
    help: "folder or PEM bundle of TPM makers' certificates, against which a machine's is checked if it sends one",
  },
  { name: "require-ek-cert", help: "give a token only for a TPM with a certificate of --ek-ca" },
  {
    name: "attest-only-installing",
    help: "give a token only to a Machine that is being installed or has never come up",
  },
  { name: "kubeconfig", takes: "path", help: "kubeconfig file (default: KUBECONFIG, in-cluster, ~/.kube/config)" },
  { name: "log-level", takes: "level", fallback: "info", help: "debug, info, warn or error" },
  { name: "log-format", takes: "format", fallback: "text", help: "text or json" },
];

/** Anything else would be another selector than meant, or none. */
function labelValue(value: string): string {
  if (!/^([a-z0-9]([-\w.]{0,61}[a-z0-9])?)?$/i.test(value)) {
    throw new TypeError('want a label value: up to 63 letters, digits, "-", "_" and "."');
  }
  return value;
}

function httpUrl(value: string): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new TypeError("want a URL such as http://10.0.0.2:8880");
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("want http:// or https://");
  // Machines get it as it was written; URL forgives a missing slash and line ends, they may not.
  if (!/^[a-z]+:\/\/\S+$/i.test(value)) throw new TypeError("want a URL such as http://10.0.0.2:8880");
  if (url.username || url.password) throw new TypeError("want a URL without a user, which every machine would see");
  if (url.search || url.hash) throw new TypeError("want a URL without ? or #");
  return value.replace(/\/+$/, "");
}

/**
 * Checks the values of all flags.
 * @param home the user's home folder, for the default cache
 * @throws {UsageError} that names the flag, what it was given and what it wants
 */
export function serveSettings(values: FlagValues, home: string): ServeSettings {
  const given = (name: string): string | undefined => {
    const value = values[name] ?? SERVE_FLAGS.find((f) => f.name === name)?.fallback;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const read = <T>(name: string, reader: (value: string) => T): T => parseFlag(name, given(name) ?? "", reader);
  const optional = <K extends string, T>(key: K, name: string, reader: (value: string) => T): { [k in K]?: T } => {
    const value = given(name);
    return (value === undefined ? {} : { [key]: parseFlag(name, value, reader) }) as { [k in K]?: T };
  };
  const asIs = (value: string) => value;
  const dhcpInterface = given("dhcp-interface");
  if (dhcpInterface !== undefined && values["dhcp-auto-interface"] === true) {
    throw new UsageError("--dhcp-interface and --dhcp-auto-interface are mutually exclusive");
  }
  if (values["require-ek-cert"] === true && given("ek-ca") === undefined) {
    throw new UsageError("--require-ek-cert needs --ek-ca, which says whose certificates count");
  }
  const proxies = values["trusted-proxy"];
  return {
    site: read("site", labelValue),
    cacheDir: given("cache-dir") ?? `${home.replace(/\/$/, "")}/.unbounded/metalman/cache`,
    bindAddress: read("bind-address", parseIpv4),
    httpPort: read("http-port", port),
    healthPort: read("health-port", port),
    tftpPort: read("tftp-port", port),
    dhcpPort: read("dhcp-port", port),
    dhcp: dhcpInterface !== undefined
      ? { kind: "interface", name: dhcpInterface }
      : { kind: values["dhcp-auto-interface"] === true ? "auto" : "relay" },
    ...optional("serveUrl", "serve-url", httpUrl),
    trustedProxies: (Array.isArray(proxies) ? proxies as string[] : []).map((p) =>
      parseFlag("trusted-proxy", p, parseCidr)
    ),
    ...optional("registryConfig", "registry-config", asIs),
    ...optional("registryCa", "registry-ca", asIs),
    bmcConcurrency: read("bmc-concurrency", count(1)),
    repaveTimeoutMs: read("repave-timeout", duration),
    repaveMaxAttempts: read("repave-max-attempts", count(0)),
    ...optional("ekCa", "ek-ca", asIs),
    requireEkCert: values["require-ek-cert"] === true,
    attestOnlyInstalling: values["attest-only-installing"] === true,
    ...optional("kubeconfig", "kubeconfig", asIs),
    logLevel: read("log-level", oneOf("debug", "info", "warn", "error")),
    logFormat: read("log-format", oneOf("text", "json")),
    leaderElect: checkLease({
      leaseMs: read("leader-elect-lease-duration", duration),
      renewMs: read("leader-elect-renew-deadline", duration),
      retryMs: read("leader-elect-retry-period", duration),
    }),
  };
}

/** Timers cannot wait for much more than this. */
const MAX_LEASE_MS = 24 * 60 * 60_000;

/** client-go's rules: lease > renew deadline > retry period, or a leader loses its lease while it renews it. */
function checkLease(lease: ServeSettings["leaderElect"]): ServeSettings["leaderElect"] {
  if (lease.leaseMs > MAX_LEASE_MS) {
    throw new UsageError("--leader-elect-lease-duration must be at most 24h: nobody acts for so long after a crash");
  }
  if (lease.leaseMs <= lease.renewMs) {
    throw new UsageError("--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline");
  }
  if (lease.renewMs <= lease.retryMs * 1.2) {
    throw new UsageError("--leader-elect-renew-deadline must be longer than 1.2 times --leader-elect-retry-period");
  }
  return lease;
}

/** The settings as fields of the line that is logged at the start; nothing in them is secret. */
export function settingsFields(settings: ServeSettings): Record<string, unknown> {
  const { leaderElect, trustedProxies, dhcp, repaveTimeoutMs, ...plain } = settings;
  return {
    ...plain,
    bindAddress: formatIpv4(settings.bindAddress),
    dhcpMode: dhcp.kind,
    ...(dhcp.kind === "interface" ? { dhcpInterface: dhcp.name } : {}),
    trustedProxies: trustedProxies.map((c) => `${formatIpv4(c.network)}/${32 - Math.log2((~c.mask >>> 0) + 1)}`).join(
      ",",
    ),
    repaveTimeout: formatDuration(repaveTimeoutMs),
    leaseDuration: formatDuration(leaderElect.leaseMs),
    renewDeadline: formatDuration(leaderElect.renewMs),
    retryPeriod: formatDuration(leaderElect.retryMs),
  };
}
