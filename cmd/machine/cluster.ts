/** The cluster that a command works on, and what it says when it cannot. */
import { KubeClient } from "../../k8s/client.ts";
import { ApiError, ConfigError, ConnectionError, GarbageError, TooLargeError } from "../../k8s/errors.ts";
import { systemHost } from "../../k8s/host.ts";
import { contextNames as contextsOf, locateAccess } from "../../k8s/locate.ts";
import type { MachineObject } from "../../machine/types.ts";
import { UsageError } from "../usage.ts";
import type { ClusterSettings } from "./settings.ts";

/** Where Machines are. */
export const MACHINES = { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" };

/** So many names are enough to choose from. */
const MOST_NAMES = 2000;
/** Somebody waits at a prompt. */
const COMPLETION_TIMEOUT_MS = 3000;

/** A client for the cluster that the flags, KUBECONFIG or the surroundings name. @throws {ConfigError} */
export async function connect(settings: ClusterSettings, timeoutMs?: number): Promise<KubeClient> {
  const access = await locateAccess(systemHost, settings);
  return new KubeClient(access, {
    userAgent: "kubectl-unbounded",
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/**
 * All Machines, or those of a label selector.
 * @throws {UsageError} when the server does not understand the selector
 */
export async function listMachines(
  client: KubeClient,
  { selector, signal }: { readonly selector?: string; readonly signal: AbortSignal },
): Promise<MachineObject[]> {
  const machines: MachineObject[] = [];
  const selection = selector === undefined ? {} : { labelSelector: selector };
  try {
    for await (const { items } of client.list<MachineObject>(MACHINES, selection, { signal })) machines.push(...items);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400 || selector === undefined) throw error;
    throw new UsageError(`invalid argument "${selector}" for "-l, --selector": ${error.detail}`);
  }
  return machines;
}

/** Names of Machines for completion; none where the cluster cannot be asked: a prompt is no place for errors. */
export async function machineNames(settings: ClusterSettings): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    using client = await connect(settings, COMPLETION_TIMEOUT_MS);
    for await (const { items } of client.list<MachineObject>(MACHINES)) {
      names.push(...items.map(({ metadata }) => metadata.name));
      if (names.length >= MOST_NAMES) break;
    }
  } catch (error) {
    if (errorLine(error) === undefined) throw error;
  }
  return names;
}

/** Names of contexts for completion; none where there is no kubeconfig, or a wrong one. */
export async function contextNames(settings: ClusterSettings): Promise<readonly string[]> {
  try {
    return await contextsOf(systemHost, settings);
  } catch (error) {
    if (errorLine(error) === undefined) throw error;
    return [];
  }
}

/**
 * What an operator is told, as kubectl does where the server refuses; undefined: it is a fault of ours.
 * @param name the Machine that it is about, where there may be several
 */
export function errorLine(error: unknown, name?: string): string | undefined {
  if (error instanceof ApiError) {
    const { reason, detail, status, message, missingRight } = error;
    if (status === 404 && reason === "") {
      return "Error: this cluster knows no Machines; install their definition: metalman manifests crd | kubectl apply -f -";
    }
    return `Error from server${reason === "" ? "" : ` (${reason})`}: ${missingRight ?? (detail || message)}`;
  }
  const isKnown = [ConfigError, ConnectionError, GarbageError, TooLargeError].some((kind) => error instanceof kind);
  const about = name === undefined ? "" : `machine "${name}": `;
  return isKnown ? `Error: ${about}${(error as Error).message}` : undefined;
}
