/**
 * What a cluster does for Deployments and namespaces that an API server alone does not: takes up each new template as a
 * ReplicaSet with a revision, says that its pods run, and lets namespaces go.
 */
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { DEPLOYMENTS } from "../../cmd/site/deployment.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject, Resource } from "../../k8s/object.ts";
import { watchCollection } from "../../k8s/watch.ts";

const REVISION = "deployment.kubernetes.io/revision";
const REPLICA_SETS: Resource = { ...DEPLOYMENTS, plural: "replicasets" };
const NAMESPACES: Resource = { group: "", version: "v1", plural: "namespaces" };

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number; readonly template: Template };
  readonly status?: { readonly observedGeneration?: number };
}

/** Does it until it is disposed. */
export class ClusterHands implements AsyncDisposable {
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #ends: Promise<void>[];
  /** Of each Deployment. */
  readonly #newest = new Map<string, { readonly hash: string; readonly revision: string }>();

  /** Begins at once. */
  constructor(client: KubeClient) {
    this.#client = client;
    this.#ends = [
      this.#follow(DEPLOYMENTS, (object) => this.#roll(object as Deployment)),
      this.#follow(NAMESPACES, (object) => this.#finalize(object)),
    ];
  }

  async #follow(resource: Resource, act: (object: KubeObject) => Promise<void>): Promise<void> {
    const common = { log: new MemoryLogger(), clock: systemClock, random: Math.random, signal: this.#stop.signal };
    for await (const event of watchCollection<KubeObject>({ client: this.#client, resource, ...common })) {
      if (event.kind !== "put") continue;
      try {
        await act(event.object);
      } catch (error) {
        // It has changed or gone since: that comes next.
        if (!(error instanceof ApiError) || error.status !== 409 && error.status !== 404) throw error;
      }
    }
  }

  async #roll(deployment: Deployment): Promise<void> {
    const { metadata, spec: { replicas, template }, status } = deployment;
    if (status?.observedGeneration === metadata.generation || metadata.deletionTimestamp !== undefined) return;
    const revision = await this.#replicaSet(metadata, template);
    // New annotations are a new generation.
    const annotations = { ...Object(metadata.annotations), [REVISION]: revision };
    const after = await this.#client.replace<KubeObject>(DEPLOYMENTS, {
      ...deployment,
      metadata: { ...metadata, annotations },
    });
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    await this.#client.replaceStatus(DEPLOYMENTS, {
      ...after,
      ...{ status: { observedGeneration: after.metadata.generation, ...counts } },
    });
  }

  /** Makes that of a template, or makes it the newest. @returns its revision */
  async #replicaSet({ name, namespace, uid }: KubeObject["metadata"], template: Template): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(template)));
    const hash = new Uint8Array(digest).toHex().slice(0, 10);
    const newest = this.#newest.get(String(uid));
    if (newest?.hash === hash) return newest.revision;
    const revision = String(Number(newest?.revision ?? 0) + 1);
    this.#newest.set(String(uid), { hash, revision });
    const labels = { ...template.metadata.labels, "pod-template-hash": hash };
    const owner = { apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true };
    const object = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        ...{ name: `${name}-${hash}`, namespace: namespace!, labels, ownerReferences: [owner] },
        annotations: { [REVISION]: revision },
      },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
    };
    await this.#client.apply(REPLICA_SETS, object, { manager: "deployment-controller", force: true });
    return revision;
  }

  async #finalize(object: KubeObject): Promise<void> {
    if (object.metadata.deletionTimestamp === undefined) return;
    const path = `/api/v1/namespaces/${object.metadata.name}/finalize`;
    await this.#client.request("PUT", path, { body: { ...object, spec: { finalizers: [] } } });
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ends);
  }
}
