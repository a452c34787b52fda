/** What a command is going to need of the system, from its settings and from what they name. */
import type { Access } from "../../k8s/access.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import { proxyFor } from "../../k8s/proxy.ts";
import type { ClusterSettings } from "../machine/settings.ts";
import { clusterPermissions, credentialHelpers, type Plugin, servePermissions } from "./permissions.ts";
import type { Io } from "../io.ts";
import type { ServeSettings } from "../serve/settings.ts";

/** The access that the command is going to use; what is wrong with it, that says when it does. */
async function accessOf(settings: ClusterSettings): Promise<Access | undefined> {
  try {
    return await locateAccess(systemHost, settings);
  } catch {
    return undefined;
  }
}

function pluginOf({ credentials: { exec } }: Access): Plugin | undefined {
  return exec === undefined ? undefined : { command: exec.command, variables: exec.entry.env.map(({ name }) => name) };
}

/** `host:port` that is connected to. */
function addressOf({ server, proxy }: Access): string {
  const { hostname, port, protocol } = proxyFor(server, proxy, systemHost) ?? server;
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** Before a command that speaks to the cluster. */
export async function keepForCluster(settings: ClusterSettings, io: Io): Promise<void> {
  const access = await accessOf(settings);
  if (access === undefined) return;
  let address: string;
  try {
    address = addressOf(access);
  } catch {
    return;
  }
  await io.keep(clusterPermissions(address, pluginOf(access)));
}

async function helpersOf(registryConfig: string | undefined): Promise<string[]> {
  if (registryConfig === undefined) return [];
  try {
    return credentialHelpers(JSON.parse(await Deno.readTextFile(registryConfig)));
  } catch {
    return [];
  }
}

/** Before `serve-pxe`: its cache is made, as it may write nothing beside it afterwards. */
export async function keepForServe({ cacheDir, kubeconfig, registryConfig }: ServeSettings, io: Io): Promise<void> {
  let folder: string;
  try {
    await Deno.mkdir(cacheDir, { recursive: true });
    folder = await Deno.realPath(cacheDir);
  } catch {
    return;
  }
  const access = await accessOf(kubeconfig === undefined ? {} : { kubeconfig });
  const plugin = access === undefined ? undefined : pluginOf(access);
  const helpers = await helpersOf(registryConfig);
  const programs = { helpers, ...(plugin === undefined ? {} : { plugin }) };
  await io.keep(servePermissions([...new Set([folder, cacheDir])], programs));
}
