/** Which configuration counts, in the order that client-go and its controllers know. */
import { type Access, accessOf, inClusterAccess, SERVICE_ACCOUNT_FOLDER } from "./access.ts";
import { ConfigError } from "./errors.ts";
import type { Host } from "./host.ts";
import { type Kubeconfig, MAX_KUBECONFIG_BYTES, mergeKubeconfigs, parseKubeconfig } from "./kubeconfig.ts";

/** What the command line says. */
export interface LocateOptions {
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig?: string;
  /** `--context`: this one instead of the current. */
  readonly context?: string;
}

/** Kubeconfigs as one, and where they are from. */
interface Found {
  readonly config: Kubeconfig;
  readonly files: string;
}

async function fromFiles(host: Host, paths: readonly string[]): Promise<Found | undefined> {
  const files = [];
  const found: string[] = [];
  for (const path of paths) {
    const content = await host.readText(path, MAX_KUBECONFIG_BYTES);
    if (content === undefined) continue;
    files.push(parseKubeconfig(content, path));
    found.push(path);
  }
  if (found.length > 0) return { config: mergeKubeconfigs(files), files: found.join(":") };
}

/** The files that the user names; undefined where none is named. */
async function named(host: Host, kubeconfig: string | undefined): Promise<Found | undefined> {
  if (kubeconfig) {
    const found = await fromFiles(host, [kubeconfig]);
    if (found === undefined) throw new ConfigError(`--kubeconfig=${kubeconfig}: there is no such file`);
    return found;
  }
  const list = host.env("KUBECONFIG");
  if (list === undefined) return;
  const found = await fromFiles(host, [...new Set(list.split(":").filter((path) => path !== ""))]);
  if (found === undefined) throw new ConfigError(`KUBECONFIG=${list}: no such file; unset it to use ~/.kube/config`);
  return found;
}

async function ofHome(host: Host): Promise<Found | undefined> {
  const home = host.env("HOME");
  return home === undefined ? undefined : await fromFiles(host, [`${home}/.kube/config`]);
}

/**
 * The access to use: `--kubeconfig`, else the files of KUBECONFIG, else the pod's ServiceAccount, else ~/.kube/config.
 * A context that is asked for is one of a file: then a pod does not count.
 * @throws {ConfigError} when there is none, or it is wrong
 */
export async function locateAccess(host: Host, { kubeconfig, context }: LocateOptions = {}): Promise<Access> {
  const told = await named(host, kubeconfig);
  if (told === undefined && context === undefined) {
    const pod = await inPod(host);
    if (pod !== undefined) return pod;
  }
  const found = told ?? await ofHome(host);
  if (found !== undefined) return accessOf(found.config, found.files, context);
  if (context !== undefined) {
    throw new ConfigError(
      `there is no context "${context}": no kubeconfig is found; give --kubeconfig or set KUBECONFIG`,
    );
  }
  throw new ConfigError("no cluster is configured: give --kubeconfig, set KUBECONFIG, or run in a pod");
}

/** The contexts that can be asked for. @throws {ConfigError} when a file is wrong */
export async function contextNames(host: Host, { kubeconfig }: LocateOptions = {}): Promise<string[]> {
  const found = await named(host, kubeconfig) ?? await ofHome(host);
  return [...found?.config.contexts.keys() ?? []];
}

async function inPod(host: Host): Promise<Access | undefined> {
  const [address, port] = [host.env("KUBERNETES_SERVICE_HOST"), host.env("KUBERNETES_SERVICE_PORT")];
  if (address === undefined || port === undefined) return;
  const token = await host.readText(`${SERVICE_ACCOUNT_FOLDER}/token`, 1024 * 1024);
  return token === undefined ? undefined : inClusterAccess(address, port);
}
