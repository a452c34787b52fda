/**
 * kubeconfig files: text to values, and several files to one, as kubectl reads them.
 * What cannot be read names the file and the field, never the value: it may be a secret.
 */
import { loadAll } from "js-yaml";
import { z } from "zod";
import { ConfigError } from "./errors.ts";

const text = z.string().optional();
const texts = z.array(z.string()).nullish().transform((list) => list ?? []);
const flag = z.boolean().optional();

const clusterSchema = z.object({
  "server": text,
  "tls-server-name": text,
  "insecure-skip-tls-verify": flag,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "proxy-url": text,
  "extensions": z.array(z.object({ name: z.string(), extension: z.unknown() })).nullish(),
});

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: texts,
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish().transform((list) => list ?? []),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: z.enum(["Never", "IfAvailable", "Always"]).optional(),
});

const userSchema = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  "token": text,
  "tokenFile": text,
  "username": text,
  "password": text,
  "as": text,
  "as-uid": text,
  "as-groups": texts,
  "as-user-extra": z.record(z.string(), z.array(z.string())).nullish(),
  "exec": execSchema.nullish(),
  "auth-provider": z.object({ name: z.string() }).nullish(),
});

const contextSchema = z.object({ cluster: z.string().default(""), user: z.string().default("") });

/** Lists of `{name, VALUE}`; the value may be missing, as kubectl accepts it. */
function named<S extends z.ZodType>(key: string, schema: S) {
  const entry = z.object({ name: z.string(), [key]: schema.nullish() });
  return z.array(entry).nullish().transform((list) => list ?? []) as unknown as z.ZodType<
    { name: string; [key: string]: unknown }[]
  >;
}

const fileSchema = z.object({
  "clusters": named("cluster", clusterSchema),
  "users": named("user", userSchema),
  "contexts": named("context", contextSchema),
  "current-context": z.string().nullish(),
});

/** A cluster entry. */
export type ClusterEntry = z.infer<typeof clusterSchema>;
/** A user entry. */
export type UserEntry = z.infer<typeof userSchema>;
/** A user's exec plugin (client.authentication.k8s.io). */
export interface ExecEntry {
  /** The version of the protocol that it speaks. */
  readonly apiVersion: string;
  /** The program. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Added to its environment. */
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Said when the program is missing. */
  readonly installHint?: string | undefined;
  /** Whether it is told which cluster is meant. */
  readonly provideClusterInfo?: boolean | undefined;
  /** Whether it may ask on the terminal. */
  readonly interactiveMode?: "Never" | "IfAvailable" | "Always" | undefined;
}
/** A context entry. */
export type ContextEntry = z.infer<typeof contextSchema>;

/** An entry and the file it is from: paths in it are relative to that file. */
export interface FromFile<T> {
  /** Path of the kubeconfig. */
  readonly file: string;
  /** The entry. */
  readonly value: T;
}

/** One kubeconfig, or several merged. */
export interface Kubeconfig {
  /** By name. */
  readonly clusters: ReadonlyMap<string, FromFile<ClusterEntry>>;
  /** By name. */
  readonly users: ReadonlyMap<string, FromFile<UserEntry>>;
  /** By name. */
  readonly contexts: ReadonlyMap<string, FromFile<ContextEntry>>;
  /** Name of the context to use; empty when no file says. */
  readonly currentContext: string;
}

/** No kubeconfig is longer. */
export const MAX_KUBECONFIG_BYTES = 4 * 1024 * 1024;

function parseYaml(content: string, file: string): unknown {
  try {
    return loadAll(content, { maxAliases: 1000, maxDepth: 64 })[0] ?? {};
  } catch (error) {
    // The library's own message quotes the text, which may hold a secret.
    const { reason, mark } = error as { reason?: string; mark?: { line?: number } };
    const line = mark?.line === undefined ? "" : `, line ${mark.line + 1}`;
    throw new ConfigError(`${file}${line}: not YAML: ${reason ?? "cannot be read"}`);
  }
}

/** `users[name=admin].user.token`: the field of an issue, lists by name where they have one. */
function fieldName(path: readonly PropertyKey[], root: unknown): string {
  let name = "";
  let at: unknown = root;
  for (const part of path) {
    at = (at as Record<PropertyKey, unknown> | undefined)?.[part];
    const label = (at as { name?: unknown } | undefined)?.name;
    if (typeof part === "number") name += typeof label === "string" ? `[name=${label}]` : `[${part}]`;
    else name += (name === "" ? "" : ".") + String(part);
  }
  return name;
}

function byName<T>(
  entries: { name: string; [key: string]: unknown }[],
  key: string,
  empty: T,
  list: string,
  file: string,
) {
  const map = new Map<string, FromFile<T>>();
  for (const entry of entries) {
    if (map.has(entry.name)) {
      throw new ConfigError(`${file}: ${list} has two entries named "${entry.name}"; remove one`);
    }
    map.set(entry.name, { file, value: (entry[key] ?? empty) as T });
  }
  return map;
}

/**
 * Reads one file.
 * @throws {ConfigError} naming the file and the field
 */
export function parseKubeconfig(content: string, file: string): Kubeconfig {
  if (content.length > MAX_KUBECONFIG_BYTES) {
    throw new ConfigError(`${file}: longer than ${MAX_KUBECONFIG_BYTES} bytes; is it a kubeconfig?`);
  }
  const raw = parseYaml(content, file);
  const { success, data, error } = fileSchema.safeParse(raw);
  if (!success) {
    const issue = error.issues[0]!;
    const field = fieldName(issue.path, raw);
    throw new ConfigError(`${file}: ${field === "" ? "not a kubeconfig" : field}: ${issue.message}`);
  }
  const noUser = userSchema.parse({});
  return {
    clusters: byName<ClusterEntry>(data.clusters, "cluster", {}, "clusters", file),
    users: byName<UserEntry>(data.users, "user", noUser, "users", file),
    contexts: byName<ContextEntry>(data.contexts, "context", { cluster: "", user: "" }, "contexts", file),
    currentContext: data["current-context"] ?? "",
  };
}

function firstWins<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  const merged = new Map<string, T>();
  for (const map of maps) {
    for (const [name, entry] of map) if (!merged.has(name)) merged.set(name, entry);
  }
  return merged;
}

/** Several files as one: of two entries with one name the first counts whole, and so does the first current-context. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  return {
    clusters: firstWins(files.map((file) => file.clusters)),
    users: firstWins(files.map((file) => file.users)),
    contexts: firstWins(files.map((file) => file.contexts)),
    currentContext: files.find((file) => file.currentContext !== "")?.currentContext ?? "",
  };
}
