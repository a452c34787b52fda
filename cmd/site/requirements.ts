/** What a site needs of a cluster before it is deployed: pure, from what was seen to what is said. */
import { MACHINE_API_VERSION, SITE_LABEL } from "../../machine/types.ts";
import { ACCOUNT, NAMESPACE, USER } from "./deployment.ts";
import type { DeploySettings } from "./settings.ts";

/** Whether something is there; `hidden`: nobody may tell us. */
export type Presence = "there" | "missing" | "hidden";

/** A node, as far as it matters to the scheduler here. */
export interface SiteNode {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
}

/** What was seen of a cluster. */
export interface Seen {
  readonly namespace: Presence;
  readonly account: Presence;
  /** That of Machines; everybody may see whether they are served. */
  readonly definition: Exclude<Presence, "hidden"> | "other version";
  /** Undefined: none is asked for. */
  readonly claim?: Presence;
  /** Of an earlier deployment with several replicas; undefined: it stays. */
  readonly budget?: Presence;
  /** Those with the label of the site; undefined: they may not be listed. */
  readonly nodes?: readonly SiteNode[];
}

/** What follows. */
export interface Findings {
  /** Each stops it. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const DEFINITION = "CustomResourceDefinition machines.unbounded-cloud.io";
const list = new Intl.ListFormat("en");

/** Why a pod cannot be put there; undefined: it can. The taint that is tolerated is the one of contract 4. */
function obstacle({ spec: { unschedulable, taints = [] } = {} }: SiteNode): string | undefined {
  if (unschedulable === true) return "cordoned";
  const taint = taints.find(({ key, value, effect }) => {
    const isTolerated = key === "CriticalAddonsOnly" && value === "true" && effect === "NoSchedule";
    return (effect === "NoSchedule" || effect === "NoExecute") && !isTolerated;
  });
  return taint && `tainted ${taint.key}:${taint.effect}`;
}

function installErrors({ namespace, account, definition }: Seen, program: string): string[] {
  const missing = [
    ...(namespace === "missing" ? [`namespace ${NAMESPACE}`] : []),
    ...(account === "missing" ? [`ServiceAccount ${ACCOUNT}`] : []),
    ...(definition === "missing" ? [`the ${DEFINITION}`] : []),
    ...(definition === "other version" ? [`${MACHINE_API_VERSION} in the ${DEFINITION}`] : []),
  ];
  if (missing.length === 0) return [];
  return [`missing in this cluster: ${list.format(missing)}; install with: ${program} manifests | kubectl apply -f -`];
}

function nodeFindings(nodes: readonly SiteNode[], { site, replicas }: DeploySettings): Findings {
  const command = `kubectl label node NODE ${SITE_LABEL}=${site}`;
  if (nodes.length === 0) {
    return { errors: [`no node is of site ${site}; choose where it shall run: ${command}`], warnings: [] };
  }
  const obstacles = nodes.flatMap((node) => {
    const why = obstacle(node);
    return why === undefined ? [] : [`${node.metadata.name} is ${why}`];
  });
  const free = nodes.length - obstacles.length;
  if (free >= replicas) return { errors: [], warnings: [] };
  const shown = obstacles.length > 3 ? [...obstacles.slice(0, 3), `${obstacles.length - 3} more`] : obstacles;
  const why = shown.length === 0 ? "" : ` (${shown.join(", ")})`;
  const warning = `${replicas} ${replicas === 1 ? "pod" : "pods, each on a node of its own"}, and site ${site} has ` +
    `${free} ${free === 1 ? "node" : "nodes"} for ${replicas === 1 ? "it" : "them"}${why}; ` +
    `${free > 0 ? "the others wait" : replicas === 1 ? "it waits" : "all wait"} until there are more: ${command}`;
  return { errors: [], warnings: [warning] };
}

function hidden(seen: Seen): string[] {
  return [
    ...(seen.namespace === "hidden" ? ["get namespaces"] : []),
    ...(seen.account === "hidden" ? [`get serviceaccounts in ${NAMESPACE}`] : []),
    ...(seen.claim === "hidden" ? [`get persistentvolumeclaims in ${NAMESPACE}`] : []),
    ...(seen.budget === "hidden" ? [`get poddisruptionbudgets in ${NAMESPACE}`] : []),
    ...(seen.nodes === undefined ? ["list nodes"] : []),
  ];
}

/**
 * What is missing, and what to know.
 * @param program how it is called, for the commands that are told
 */
export function findingsOf(seen: Seen, settings: DeploySettings, program: string): Findings {
  const { cache } = settings;
  const nodes = seen.nodes === undefined ? { errors: [], warnings: [] } : nodeFindings(seen.nodes, settings);
  const claim = cache.kind === "claim" && seen.claim === "missing"
    ? [
      `missing in namespace ${NAMESPACE}: PersistentVolumeClaim ${cache.name}; see those there: kubectl -n ${NAMESPACE} get pvc`,
    ]
    : [];
  const rights = hidden(seen);
  return {
    errors: [...installErrors(seen, program), ...claim, ...nodes.errors],
    warnings: [
      ...(rights.length === 0 ? [] : [`not checked, as your rights do not allow it: ${list.format(rights)}`]),
      ...nodes.warnings,
      ...(cache.kind === "host" ? [hostNote(cache.path)] : []),
    ],
  };
}

function hostNote(path: string): string {
  return `${path} has to be on each node of the site, and belong to user ${USER}: install -d -o ${USER} -g ${USER} ${path}`;
}
