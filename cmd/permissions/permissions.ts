/** What each command may do once it knows what it was asked for; everything else is given up before it touches input. */
import { StartError } from "../usage.ts";

/** All of a kind, or only these: paths, `host:port`, programs. */
export type Grant = "all" | readonly string[];

/** The kinds that Deno knows. */
export const KINDS = ["net", "read", "write", "env", "sys", "run", "ffi"] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/** What is kept; a kind that is absent is given up. */
export type Permissions = Readonly<Partial<Record<Kind, Grant>>>;

/** What a credential plugin of a kubeconfig is run with. */
export interface Plugin {
  /** A path, or a name of PATH. */
  readonly command: string;
  /** Names of variables that it is given. */
  readonly variables: readonly string[];
}

/** Programs that get at credentials: of the kubeconfig, and of the registries' configuration. */
export interface Programs {
  /** Of the kubeconfig. */
  readonly plugin?: Plugin;
  /** `docker-credential-...` */
  readonly helpers: readonly string[];
}

const READER: Permissions = { read: "all", env: "all", sys: "all" };

/** Deno lets only a process that may run everything say where a program loads its libraries from. */
function run({ plugin, helpers }: Programs): Permissions {
  if (plugin?.variables.some((name) => /^(LD|DYLD)_/.test(name))) return { run: "all" };
  const names = [...plugin === undefined ? [] : [plugin.command], ...helpers];
  return names.length === 0 ? {} : { run: names };
}

/**
 * `serve-pxe`: answers any address, writes below its cache, runs nothing but what gets it credentials.
 * @param folders the cache, by each of its names
 */
export function servePermissions(folders: readonly string[], programs: Programs): Permissions {
  return { ...READER, net: "all", write: folders, ...run(programs) };
}

/**
 * What speaks to one API server: reaches that, so it can listen nowhere, and writes nothing.
 * @param address `host:port` that is connected to
 */
export function clusterPermissions(address: string, plugin: Plugin | undefined): Permissions {
  return { ...READER, net: [address], ...run({ helpers: [], ...(plugin === undefined ? {} : { plugin }) }) };
}

/** Completion: names come from the cluster, and it must not take longer for a start anew. */
export const COMPLETION: Permissions = { ...READER, net: "all", run: "all" };

/** `dev`: the whole little world is in its process; only real virtual machines are programs. */
export function devPermissions(isVirtual: boolean): Permissions {
  return { ...READER, net: "all", write: "all", ...(isVirtual ? { run: "all" } : {}) };
}

/** Kinds that are given up as a whole. */
export function givenUp(permissions: Permissions): Kind[] {
  return KINDS.filter((kind) => permissions[kind] === undefined);
}

/** Kinds of which a part is kept: Deno can take a part of a kind away only at the start of a process. */
export function narrowed(permissions: Permissions): Kind[] {
  return KINDS.filter((kind) => Array.isArray(permissions[kind]));
}

/**
 * Flags of `deno run` that allow this and nothing else.
 * @throws {StartError} where a path has a comma, which Deno 2.9.6 cannot be told in any way
 */
export function grantFlags(permissions: Permissions): string[] {
  return KINDS.flatMap((kind) => {
    const grant = permissions[kind];
    if (grant === undefined) return [];
    if (grant === "all") return [`--allow-${kind}`];
    const split = grant.find((entry) => entry.includes(","));
    if (split !== undefined) throw new StartError(`${split}: a path with a comma cannot be used; rename it`);
    return [`--allow-${kind}=${grant.join(",")}`];
  });
}

/** Names of the credential helpers that a docker config.json names; whatever else it is, is judged where it is used. */
export function credentialHelpers(config: unknown): string[] {
  if (typeof config !== "object" || config === null) return [];
  const { credsStore, credHelpers } = config as { credsStore?: unknown; credHelpers?: unknown };
  const named = [
    credsStore,
    ...Object.values(typeof credHelpers === "object" && credHelpers !== null ? credHelpers : {}),
  ];
  const names = named.filter((name) => typeof name === "string" && /^[\w.-]+$/.test(name));
  return [...new Set(names)].map((name) => `docker-credential-${name}`);
}
