/** A cluster that a site is deployed to: the development API or a real one, with what metalman needs in it. */
import { DEPLOYMENTS } from "../../cmd/site/deployment.ts";
import type { DeploymentObject } from "../../cmd/site/rollout.ts";
import type { KubeClient } from "../../k8s/client.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { clientFor } from "./machines.ts";
import { Call, type CallOptions, PluginSite } from "./plugin_site.ts";

/** Where nodes are. */
export const NODES = { group: "", version: "v1", plural: "nodes" };
const CORE = { group: "", version: "v1" };

/** What a command did. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the peer's command has applied, with its field manager: ours without what is metalman's own. */
export async function asThePeer(site: string): Promise<KubeObject> {
  const call = new Call(["site", "deploy-pxe", `--site=${site}`, "--dry-run=client", "-o", "json"]);
  if (await call.code !== 0) throw new Error(call.err);
  const object = JSON.parse(call.out);
  const { spec } = object.spec.template;
  delete spec.securityContext;
  const [container] = spec.containers;
  delete container.securityContext;
  container.args.pop();
  container.image = "ghcr.io/example/peer:v1";
  return object;
}

/** A cluster with metalman's manifests and a node of site rack-a. */
export class DeploySite implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  /** Of the administrator. */
  readonly kubeconfig: string;
  /** The same. */
  readonly client: KubeClient;

  private constructor(stack: AsyncDisposableStack, kubeconfig: string, client: KubeClient) {
    this.#stack = stack;
    this.kubeconfig = kubeconfig;
    this.client = stack.use(client);
  }

  /** On the development API. */
  static async dev(): Promise<DeploySite> {
    await using stack = new AsyncDisposableStack();
    const { kubeconfig } = stack.use(await PluginSite.with());
    const site = new DeploySite(stack.move(), kubeconfig, await clientFor(kubeconfig));
    await site.client.create({ ...CORE, plural: "namespaces" }, {
      ...{ apiVersion: "v1", kind: "Namespace", metadata: { name: "unbounded-kube" } },
    });
    await site.client.create({ ...CORE, plural: "serviceaccounts", namespace: "unbounded-kube" }, {
      ...{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "metalman-controller" } },
    });
    await site.addNode("rack-a", "node-a");
    return site;
  }

  /** On a real one. */
  static async real(): Promise<{ readonly site: DeploySite; readonly api: TestApiServer }> {
    await using stack = new AsyncDisposableStack();
    const api = stack.use(await startApiServer());
    await api.createFixtures();
    const site = new DeploySite(stack.move(), api.kubeconfig, await clientFor(api.kubeconfig));
    await site.addNode("rack-a", "node-a");
    return { site, api };
  }

  /** Adds a node to a site. */
  async addNode(site: string, name: string): Promise<void> {
    const metadata = { name, labels: { "unbounded-cloud.io/site": site } };
    await this.client.create(NODES, { apiVersion: "v1", kind: "Node", metadata });
    await this.setNode(name, {});
  }

  /** Sets the spec of a node; without taints it is ready, which no controller says here. */
  async setNode(name: string, spec: { readonly unschedulable?: boolean }): Promise<void> {
    const { metadata } = await this.client.get<KubeObject>(NODES, { name });
    await this.client.replace(NODES, { apiVersion: "v1", kind: "Node", metadata, ...{ spec } });
  }

  /** Starts a command on it. */
  call(line: string, options: CallOptions = {}): Call {
    return new Call([...line.split(" "), `--kubeconfig=${this.kubeconfig}`], options);
  }

  /** Runs one to its end. */
  async ends(line: string, options: CallOptions = {}): Promise<Ended> {
    const call = this.call(line, options);
    return { code: await call.code, out: call.out, err: call.err };
  }

  /** The Deployment of site rack-a. */
  deployment(): Promise<DeploymentObject> {
    return this.client.get(DEPLOYMENTS, { name: "metalman-controller-rack-a" });
  }

  /** What is there, by name. */
  async deployments(): Promise<string[]> {
    const pages = await Array.fromAsync(this.client.list(DEPLOYMENTS));
    return pages.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
  }

  /** Writes a status, as the cluster's controller does; the generation that it has seen is the newest. */
  async setStatus(status: DeploymentObject["status"]): Promise<void> {
    const object = await this.deployment();
    const observedGeneration = Number(object.metadata.generation);
    const readyReplicas = status?.availableReplicas ?? 0;
    await this.client.replaceStatus(DEPLOYMENTS, {
      ...object,
      status: { observedGeneration, readyReplicas, ...status },
    });
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
