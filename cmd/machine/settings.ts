/** The flags of the machine commands: declared, checked once, then never changed. */
import { duration, type Flag, type FlagValues, oneOf, parseFlag } from "../flags.ts";
import { UsageError } from "../usage.ts";

/** Which cluster is meant. */
export interface ClusterSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Which Machines are meant. */
export type Which =
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "selector"; readonly selector: string }
  | { readonly kind: "all" };

/** How objects are printed. */
export type Output = "json" | "yaml" | "name";

/** What is waited for. */
export type Until = "power" | "installed" | "ready";

/** Checked settings of `machine repave` and `machine reboot`. */
export interface PowerSettings extends ClusterSettings {
  readonly kind: "repave" | "reboot";
  readonly which: Which;
  /** Not asked whether all are meant. */
  readonly yes: boolean;
  /** Undefined: not waited at all. */
  readonly until?: Until;
  /** Undefined: without end. */
  readonly timeoutMs?: number;
  /** Where it ends before anything is changed; undefined: nowhere. */
  readonly dryRun?: "client" | "server";
  /** Undefined: steps for people. */
  readonly output?: Output;
}

/** Checked settings of `machine list`. */
export interface ListSettings extends ClusterSettings {
  readonly kind: "list";
  readonly selector?: string;
  readonly output?: Output;
}

/** Checked settings of `machine status`. */
export interface StatusSettings extends ClusterSettings {
  readonly kind: "status";
  readonly name: string;
  readonly output?: Output;
}

/** Checked settings of one machine command. */
export type MachineSettings = PowerSettings | ListSettings | StatusSettings;

/** The formats. */
export const OUTPUTS = ["json", "yaml", "name"] as const;
const UNTIL = ["power", "installed", "ready"] as const;
const DRY_RUN = ["none", "client", "server"] as const;

const SELECTOR: Flag = {
  name: "selector",
  short: "l",
  takes: "labels",
  help: "the Machines with these labels, such as rack=a,!broken",
};
const OUTPUT: Flag = {
  name: "output",
  short: "o",
  takes: "format",
  help: "print the Machines as json, yaml or name",
  values: OUTPUTS,
};
/** The flags of every command that works on a cluster. */
export const CLUSTER_FLAGS: readonly Flag[] = [
  {
    name: "kubeconfig",
    takes: "path",
    help: "kubeconfig file (default: KUBECONFIG, in-cluster, ~/.kube/config)",
  },
  { name: "context", takes: "name", help: "context of the kubeconfig (default: its current one)", values: "context" },
];

/** All flags of repave and reboot, in the order of their help. */
export const POWER_FLAGS: readonly Flag[] = [
  SELECTOR,
  { name: "all", help: "all Machines; asks first" },
  { name: "yes", help: "do not ask" },
  {
    name: "wait",
    takes: "bool",
    bare: "true",
    fallback: "true",
    values: ["true", "false"],
    help: "wait and print the steps; Ctrl-C or --timeout end the waiting, not the work",
  },
  {
    name: "until",
    takes: "state",
    fallback: "power",
    values: UNTIL,
    help: "what to wait for: power (it has been off and is on again), " +
      "installed (repave: the new system is on its disk too), ready (cloud-init has reported its end too)",
  },
  { name: "timeout", takes: "duration", fallback: "1h", help: "how long to wait, such as 20m; 0: without end" },
  {
    name: "dry-run",
    takes: "where",
    bare: "client",
    fallback: "none",
    values: DRY_RUN,
    help: "change nothing: client asks the cluster only to read, server has it check the change too",
  },
  OUTPUT,
  ...CLUSTER_FLAGS,
];

/** All flags of list, in the order of its help. */
export const LIST_FLAGS: readonly Flag[] = [SELECTOR, OUTPUT, ...CLUSTER_FLAGS];

/** All flags of status, in the order of its help. */
export const STATUS_FLAGS: readonly Flag[] = [OUTPUT, ...CLUSTER_FLAGS];

/** Timers count no further. */
const LONGEST_MS = 2 ** 31 - 1;

/** How long something is waited for, in milliseconds. @throws {TypeError | DurationError} */
export function timer(value: string): number {
  const ms = duration(value);
  if (ms > LONGEST_MS) throw new TypeError("want at most 596h, or 0 for no end");
  return ms;
}

/** A switch that is given a value. @throws {TypeError} */
export function bool(value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new TypeError("want true or false");
}

/** The text of a flag, or its default; undefined where it has neither. */
export function given(flags: readonly Flag[], values: FlagValues, name: string): string | undefined {
  const value = values[name] ?? flags.find((flag) => flag.name === name)?.fallback;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function common(flags: readonly Flag[], values: FlagValues): ClusterSettings & { readonly output?: Output } {
  const text = (name: string) => given(flags, values, name);
  const [output, kubeconfig, context] = [text("output"), text("kubeconfig"), text("context")];
  return {
    ...(output === undefined ? {} : { output: parseFlag("output", output, oneOf(...OUTPUTS)) }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

function which(kind: string, names: readonly string[], selector: string | undefined, all: boolean): Which {
  const ways = Number(names.length > 0) + Number(selector !== undefined) + Number(all);
  if (ways === 0) throw new UsageError(`${kind} which Machines? Give their names, -l labels or --all`);
  if (ways > 1) throw new UsageError("names, -l and --all exclude each other; give one of them");
  if (all) return { kind: "all" };
  return selector === undefined ? { kind: "names", names: [...new Set(names)] } : { kind: "selector", selector };
}

/**
 * Checks a command line of repave or reboot.
 * @throws {UsageError} that names the flag, what it was given and what it wants
 */
export function powerSettings(
  kind: PowerSettings["kind"],
  names: readonly string[],
  values: FlagValues,
): PowerSettings {
  const text = (name: string) => given(POWER_FLAGS, values, name);
  const until = parseFlag("until", text("until") ?? "", oneOf(...UNTIL));
  if (kind === "reboot" && until === "installed") {
    throw new UsageError("--until=installed is for repave: a reboot installs nothing");
  }
  const dryRun = parseFlag("dry-run", text("dry-run") ?? "", oneOf(...DRY_RUN));
  const timeout = text("timeout") ?? "";
  const timeoutMs = timeout === "0" ? undefined : parseFlag("timeout", timeout, timer);
  const isWaiting = parseFlag("wait", text("wait") ?? "", bool) && dryRun === "none";
  return {
    kind,
    which: which(kind, names, text("selector"), values.all === true),
    yes: values.yes === true,
    ...(isWaiting ? { until } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(dryRun === "none" ? {} : { dryRun }),
    ...common(POWER_FLAGS, values),
  };
}

/** Checks a command line of list. @throws {UsageError} */
export function listSettings(values: FlagValues): ListSettings {
  const selector = given(LIST_FLAGS, values, "selector");
  return { kind: "list", ...(selector === undefined ? {} : { selector }), ...common(LIST_FLAGS, values) };
}

/** Checks a command line of status. @throws {UsageError} */
export function statusSettings(name: string, values: FlagValues): StatusSettings {
  return { kind: "status", name, ...common(STATUS_FLAGS, values) };
}
