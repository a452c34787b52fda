/** Exec plugins: programs that print credentials (client.authentication.k8s.io/v1 and v1beta1). */
import { z } from "zod";
import type { ExecPlugin } from "./access.ts";
import { ConfigError } from "./errors.ts";
import type { Host } from "./host.ts";

/** What a plugin gave. */
export interface ExecCredential {
  /** Bearer token. */
  readonly token?: string;
  /** Client certificate as PEM. */
  readonly cert?: string;
  /** Its key as PEM. */
  readonly key?: string;
  /** When to ask again; until a 401 where absent. */
  readonly expiresMs?: number;
}

const outputSchema = z.object({
  kind: z.literal("ExecCredential"),
  apiVersion: z.string(),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

/** A plugin may ask a person to log in somewhere; nobody takes longer. */
const TIMEOUT_MS = 120_000;

/**
 * Reads what a plugin printed.
 * @throws {ConfigError} naming the plugin and what is wrong, never what it printed
 */
export function parseExecOutput(output: string, { command, entry, where }: ExecPlugin): ExecCredential {
  const wrong = (what: string) => new ConfigError(`${where}: "${command}" printed ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    throw wrong("something that is not JSON");
  }
  const { success, data, error } = outputSchema.safeParse(json);
  if (!success) {
    const { path, message } = error.issues[0]!;
    throw wrong(`no usable ExecCredential: ${path.join(".")}: ${message}`);
  }
  if (data.apiVersion !== entry.apiVersion) {
    throw wrong(`apiVersion ${data.apiVersion}, the kubeconfig says ${entry.apiVersion}`);
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = data.status;
  if (!cert !== !key) throw wrong("a certificate without its key, or a key without its certificate");
  if (!token && !cert) throw wrong("neither a token nor a certificate");
  const expiresMs = expirationTimestamp === undefined ? undefined : Date.parse(expirationTimestamp);
  if (Number.isNaN(expiresMs)) throw wrong("an expirationTimestamp that is not a time");
  return {
    ...(token ? { token } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  };
}

/** The variable KUBERNETES_EXEC_INFO. */
function execInfo({ entry, cluster }: ExecPlugin, interactive: boolean): string {
  const spec = entry.provideClusterInfo ? { cluster, interactive } : { interactive };
  return JSON.stringify({ kind: "ExecCredential", apiVersion: entry.apiVersion, spec });
}

/**
 * Runs a plugin.
 * @throws {ConfigError} when it is missing, fails, or prints something else than credentials
 */
export async function runExecPlugin(plugin: ExecPlugin, host: Host): Promise<ExecCredential> {
  const { entry, command, where } = plugin;
  const mode = entry.interactiveMode ?? "IfAvailable";
  const interactive = mode !== "Never" && host.isTerminal();
  if (mode === "Always" && !interactive) {
    throw new ConfigError(`${where}: "${command}" must ask a person, and standard input is not a terminal`);
  }
  const env = Object.fromEntries(entry.env.map(({ name, value }) => [name, value]));
  const result = await host.run(command, {
    args: entry.args,
    env: { ...env, KUBERNETES_EXEC_INFO: execInfo(plugin, interactive) },
    interactive,
    timeoutMs: TIMEOUT_MS,
  });
  if (result === undefined) {
    const hint = entry.installHint ? `\n${entry.installHint}` : "; install it or correct the path";
    throw new ConfigError(`${where}: there is no program "${command}"${hint}`);
  }
  if (result.code !== 0) throw new ConfigError(`${where}: "${command}" exited with code ${result.code}`);
  return parseExecOutput(result.stdout, plugin);
}
