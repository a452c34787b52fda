/** The flags of `site deploy-pxe`: declared, checked once, then never changed. */
import { count, type Flag, type FlagValues, oneOf, parseFlag } from "../flags.ts";
import { bool, CLUSTER_FLAGS, type ClusterSettings, given, type Output, OUTPUTS, timer } from "../machine/settings.ts";
import type { DhcpMode } from "../serve/settings.ts";
import { ImageReferenceError } from "../../registry/errors.ts";
import { parseReference } from "../../registry/reference.ts";
import { StartError, UsageError } from "../usage.ts";

/** Where the cache of images is. */
export type CacheVolume =
  /** With the pod, and gone with it. */
  | { readonly kind: "empty" }
  /** A folder of the node. */
  | { readonly kind: "host"; readonly path: string }
  /** A PersistentVolumeClaim of the namespace. */
  | { readonly kind: "claim"; readonly name: string };

/** Checked settings of one `site deploy-pxe`. */
export interface DeploySettings extends ClusterSettings {
  readonly site: string;
  readonly image: string;
  readonly replicas: number;
  readonly dhcp: DhcpMode;
  readonly cache: CacheVolume;
  /** Fields that others have set are taken over. */
  readonly forceConflicts: boolean;
  /** Where it ends before anything is changed; undefined: nowhere. */
  readonly dryRun?: "client" | "server";
  /** Undefined: a line for people. */
  readonly output?: Output;
  /** Until all replicas are new and available; undefined: not waited at all. */
  readonly wait?: { readonly timeoutMs?: number };
}

const DRY_RUN = ["none", "client", "server"] as const;
const DEFAULT_TIMEOUT = "15m";

/**
 * All flags, in the order of the help (contract 3; those after the image are metalman's own).
 * @param image what is deployed where nothing else is said
 */
export function deployFlags(image: string): readonly Flag[] {
  return [
    {
      name: "site",
      takes: "name",
      help: "the site (required): its Machines and nodes have unbounded-cloud.io/site=<name>",
    },
    { name: "image", takes: "ref", fallback: image, help: "container image of metalman" },
    { name: "replicas", takes: "count", fallback: "1", help: "pods, each on a node of its own; one of them leads" },
    {
      name: "dhcp-interface",
      takes: "name",
      help: "answer DHCP broadcasts on this interface of the nodes (default: the one that holds their address)",
    },
    { name: "relay", help: "answer no DHCP broadcasts, only what relay agents forward" },
    {
      name: "cache-volume",
      takes: "volume",
      help: "keep images in a folder of each node, /path (there already, owned by 65532), or in a claim, pvc:<name> " +
        "(default: with the pod)",
    },
    { name: "force-conflicts", help: "take over fields that others have set since (kubectl edit, scale, set image)" },
    {
      name: "dry-run",
      takes: "where",
      bare: "client",
      fallback: "none",
      values: DRY_RUN,
      help: "change nothing: client asks no cluster, server has it check everything",
    },
    { name: "output", short: "o", takes: "format", help: "print the objects as json, yaml or name", values: OUTPUTS },
    {
      name: "wait",
      takes: "bool",
      bare: "true",
      fallback: "false",
      values: ["true", "false"],
      help: "wait until all replicas are new and available",
    },
    {
      name: "timeout",
      takes: "duration",
      help: `with --wait: how long, such as 5m; 0: without end (default: ${DEFAULT_TIMEOUT})`,
    },
    ...CLUSTER_FLAGS,
  ];
}

/** It is a label's value and a part of the names of a Deployment and a Lease. */
function siteName(value: string): string {
  if (value.length > 63 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value)) {
    throw new TypeError(
      'want up to 63 lower-case letters, digits, "-" and ".": it becomes part of a Deployment\'s name',
    );
  }
  return value;
}

/** As container runtimes read it: one that they refuse would be a pod that never starts. */
function imageName(value: string): string {
  try {
    parseReference(value);
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    throw new TypeError("want an image such as ghcr.io/example/metalman:v1, its name in lower case");
  }
  return value;
}

/** What Linux takes as the name of an interface. */
function interfaceName(value: string): string {
  if (!/^[^\s/:]{1,15}$/.test(value) || /^\.\.?$/.test(value)) throw new TypeError("want an interface such as eth0");
  return value;
}

function cacheVolume(value: string): CacheVolume {
  const [, claim] = /^pvc:([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)$/.exec(value) ?? [];
  if (claim !== undefined) return { kind: "claim", name: claim };
  const names = value.split("/").filter((name) => name !== "" && name !== ".");
  // Nor the root of the node, however it is spelled.
  if (!/^\/[^:\s]+$/.test(value) || names.length === 0 || names.includes("..")) {
    throw new TypeError("want a folder of the nodes such as /var/lib/metalman, or a claim such as pvc:metalman-cache");
  }
  return { kind: "host", path: value };
}

function dhcpMode(dhcpInterface: string | undefined, isRelay: boolean): DhcpMode {
  if (dhcpInterface === undefined) return { kind: isRelay ? "relay" : "auto" };
  if (isRelay) throw new UsageError("--dhcp-interface and --relay are mutually exclusive");
  return { kind: "interface", name: parseFlag("dhcp-interface", dhcpInterface, interfaceName) };
}

function waiting(isAsked: boolean, timeout: string | undefined): { readonly timeoutMs?: number } | undefined {
  if (!isAsked) {
    if (timeout !== undefined) throw new UsageError("--timeout says how long to --wait; give both or none");
    return;
  }
  return timeout === "0" ? {} : { timeoutMs: parseFlag("timeout", timeout ?? DEFAULT_TIMEOUT, timer) };
}

/**
 * Checks a command line.
 * @param image what is deployed where nothing else is said
 * @throws {UsageError} that names the flag, what it was given and what it wants
 * @throws {StartError} when there is no site
 */
export function deploySettings(values: FlagValues, image: string): DeploySettings {
  const flags = deployFlags(image);
  const text = (name: string) => given(flags, values, name);
  const site = text("site");
  // As the peer does, exit code 1.
  if (site === undefined) throw new StartError("--site is required: which site is the PXE server for?");
  // Not as if it were absent: an empty value is a script's variable that is not set.
  const own = (name: string) => typeof values[name] === "string" ? values[name] : undefined;
  const [output, kubeconfig, context, volume] = [
    text("output"),
    text("kubeconfig"),
    text("context"),
    own("cache-volume"),
  ];
  const cache = volume === undefined ? { kind: "empty" } as const : parseFlag("cache-volume", volume, cacheVolume);
  const replicas = parseFlag("replicas", text("replicas") ?? "", count(1));
  if (replicas > 1 && cache.kind === "claim") {
    throw new UsageError(
      "a claim is one volume, and each replica keeps a cache of its own: give --cache-volume=/path, or one replica",
    );
  }
  const dryRun = parseFlag("dry-run", text("dry-run") ?? "", oneOf(...DRY_RUN));
  const wait = waiting(parseFlag("wait", text("wait") ?? "", bool), text("timeout"));
  return {
    site: parseFlag("site", site, siteName),
    image: parseFlag("image", text("image") ?? "", imageName),
    replicas,
    dhcp: dhcpMode(own("dhcp-interface"), values.relay === true),
    cache,
    forceConflicts: values["force-conflicts"] === true,
    ...(dryRun === "none" ? {} : { dryRun }),
    ...(output === undefined ? {} : { output: parseFlag("output", output, oneOf(...OUTPUTS)) }),
    ...(wait === undefined || dryRun !== "none" ? {} : { wait }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}
