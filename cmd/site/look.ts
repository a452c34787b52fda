/** Looks at a cluster for what a deployment needs. */
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { SITE_LABEL } from "../../machine/types.ts";
import { MACHINES } from "../machine/cluster.ts";
import { ACCOUNT, BUDGETS, labelsOf, nameOf, NAMESPACE } from "./deployment.ts";
import type { Presence, Seen, SiteNode } from "./requirements.ts";
import type { DeploySettings } from "./settings.ts";

/** What looking needs. */
export interface LookOptions {
  readonly client: KubeClient;
  readonly settings: DeploySettings;
  readonly signal: AbortSignal;
}

const CORE = { group: "", version: "v1" };
const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };

async function presenceOf(answer: Promise<unknown>): Promise<Presence> {
  try {
    await answer;
    return "there";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return "missing";
    if (error.status === 403) return "hidden";
    throw error;
  }
}

interface DefinitionObject extends KubeObject {
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly served: boolean }[] };
}

/** Discovery needs no rights; a definition that was made a moment ago is not in it yet. */
async function definition({ client, signal }: LookOptions): Promise<Seen["definition"]> {
  const { group, version, plural } = MACHINES;
  const served = presenceOf(
    client.request<{ resources?: readonly { name: string }[] }>("GET", `/apis/${group}/${version}`, { signal }).then(
      ({ resources = [] }) => {
        if (!resources.some(({ name }) => name === plural)) throw new ApiError("discovery", 404);
      },
    ),
  );
  if (await served === "there") return "there";
  const defined = client.get<DefinitionObject>(DEFINITIONS, { name: `${plural}.${group}` }, { signal });
  if (await presenceOf(defined) !== "there") return "missing";
  const { versions = [] } = (await defined).spec ?? {};
  return versions.some((each) => each.name === version && each.served) ? "there" : "other version";
}

async function nodesOf({ client, settings: { site }, signal }: LookOptions): Promise<readonly SiteNode[] | undefined> {
  const nodes: SiteNode[] = [];
  const selection = { labelSelector: `${SITE_LABEL}=${site}` };
  try {
    for await (const { items } of client.list<KubeObject>({ ...CORE, plural: "nodes" }, selection, { signal })) {
      nodes.push(...items as SiteNode[]);
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return;
    throw error;
  }
  return nodes;
}

/** Whether there is a budget of ours from when the site had several replicas. */
async function budgetOf({ client, settings, signal }: LookOptions): Promise<Presence> {
  const budget = client.get(BUDGETS, { name: nameOf(settings) }, { signal });
  const presence = await presenceOf(budget);
  if (presence !== "there") return presence;
  const { metadata: { labels } } = await budget;
  return Object.entries(labelsOf(settings)).every(([key, value]) => Object(labels)[key] === value)
    ? "there"
    : "missing";
}

/** What is there of what a deployment needs, and of what it leaves behind. */
export async function look(options: LookOptions): Promise<Seen> {
  const { client, settings: { cache, replicas }, signal } = options;
  const inNamespace = (plural: string, name: string) =>
    presenceOf(client.get({ ...CORE, plural, namespace: NAMESPACE }, { name }, { signal }));
  const [namespace, account, ofMachines, claim, budget, nodes] = await Promise.all([
    presenceOf(client.get({ ...CORE, plural: "namespaces" }, { name: NAMESPACE }, { signal })),
    inNamespace("serviceaccounts", ACCOUNT),
    definition(options),
    cache.kind === "claim" ? inNamespace("persistentvolumeclaims", cache.name) : undefined,
    replicas === 1 ? budgetOf(options) : undefined,
    nodesOf(options),
  ]);
  return {
    ...{ namespace, account, definition: ofMachines },
    ...(claim === undefined ? {} : { claim }),
    ...(budget === undefined ? {} : { budget }),
    ...(nodes === undefined ? {} : { nodes }),
  };
}
