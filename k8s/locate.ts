/** Which configuration counts, in the order that client-go and its controllers know. */
import { type Access, accessOf, inClusterAccess, SERVICE_ACCOUNT_FOLDER } from "./access.ts";
import { ConfigError } from "./errors.ts";
import type { Host } from "./host.ts";
import { MAX_KUBECONFIG_BYTES, mergeKubeconfigs, parseKubeconfig } from "./kubeconfig.ts";

/** What the command line says. */
export interface LocateOptions {
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig?: string;
}

async function fromFiles(host: Host, paths: readonly string[]): Promise<Access | undefined> {
  const files = [];
  const found: string[] = [];
  for (const path of paths) {
    const content = await host.readText(path, MAX_KUBECONFIG_BYTES);
    if (content === undefined) continue;
    files.push(parseKubeconfig(content, path));
    found.push(path);
  }
  if (found.length > 0) return accessOf(mergeKubeconfigs(files), found.join(":"));
}

/**
 * The access to use: `--kubeconfig`, else the files of KUBECONFIG, else the pod's ServiceAccount, else ~/.kube/config.
 * @throws {ConfigError} when there is none, or it is wrong
 */
export async function locateAccess(host: Host, { kubeconfig }: LocateOptions = {}): Promise<Access> {
  if (kubeconfig) {
    const access = await fromFiles(host, [kubeconfig]);
    if (access === undefined) throw new ConfigError(`--kubeconfig=${kubeconfig}: there is no such file`);
    return access;
  }
  const list = host.env("KUBECONFIG");
  if (list !== undefined) {
    const access = await fromFiles(host, [...new Set(list.split(":").filter((path) => path !== ""))]);
    if (access === undefined) throw new ConfigError(`KUBECONFIG=${list}: no such file; unset it to use ~/.kube/config`);
    return access;
  }
  const pod = await inPod(host);
  if (pod !== undefined) return pod;
  const home = host.env("HOME");
  const access = home === undefined ? undefined : await fromFiles(host, [`${home}/.kube/config`]);
  if (access !== undefined) return access;
  throw new ConfigError("no cluster is configured: give --kubeconfig, set KUBECONFIG, or run in a pod");
}

async function inPod(host: Host): Promise<Access | undefined> {
  const [address, port] = [host.env("KUBERNETES_SERVICE_HOST"), host.env("KUBERNETES_SERVICE_PORT")];
  if (address === undefined || port === undefined) return;
  const token = await host.readText(`${SERVICE_ACCOUNT_FOLDER}/token`, 1024 * 1024);
  return token === undefined ? undefined : inClusterAccess(address, port);
}
