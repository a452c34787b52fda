/** What nodes are told about their cluster: read from the API, kept current, and usable in part when part of it is missing. */
import { load } from "js-yaml";
import { z } from "zod";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";

/** A fact, or why it is not known. */
export type Fact<T> = { readonly value: T } | { readonly missing: string };

/** What is known of the cluster. */
export interface ClusterKnowledge {
  /** `server` of cluster-info, or METALMAN_APISERVER_URL. */
  readonly apiserverURL: Fact<string>;
  /** PEM of the cluster's authority, base64. */
  readonly caCertBase64: Fact<string>;
  /** clusterIP of kube-system/kube-dns. */
  readonly clusterDNS: Fact<string>;
  /** `gitVersion` of the API server. */
  readonly kubernetesVersion: Fact<string>;
  /** On AKS the cluster's name (contract 8); undefined elsewhere. */
  readonly aksClusterName: Fact<string | undefined>;
}

/** Reads one object; undefined when there is none. Throws when the API cannot be reached or refuses. */
export type ReadObject = (path: string, signal: AbortSignal) => Promise<unknown | undefined>;

const CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info";
const AKS_METADATA = "/api/v1/namespaces/kube-public/configmaps/aks-cluster-metadata";
const KUBE_DNS = "/api/v1/namespaces/kube-system/services/kube-dns";
const AKS_SYSTEM_NODES = "/api/v1/nodes?limit=1&labelSelector=kubernetes.azure.com%2Fmode%3Dsystem";
const AKS_CLUSTER_LABEL = "kubernetes.azure.com/cluster";

const configMap = z.object({ data: z.record(z.string(), z.string()).optional() });
const clusterInfoKubeconfig = z.object({
  clusters: z.array(z.object({
    cluster: z.object({ server: z.string(), "certificate-authority-data": z.string().default("") }),
  })).min(1),
});
const service = z.object({ spec: z.object({ clusterIP: z.string() }) });
const versionInfo = z.object({ gitVersion: z.string() });
const nodeList = z.object({
  items: z.array(z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) })),
});

/** Server and CA of the ConfigMap kube-public/cluster-info. */
export function readClusterInfo(object: unknown): { server: Fact<string>; ca: Fact<string> } {
  const none = (reason: string) => ({ server: { missing: reason }, ca: { missing: reason } });
  if (object === undefined) return none("there is no ConfigMap kube-public/cluster-info");
  const text = configMap.safeParse(object).data?.data?.kubeconfig;
  if (text === undefined) return none("ConfigMap kube-public/cluster-info has no key kubeconfig");
  try {
    const { cluster } = clusterInfoKubeconfig.parse(load(text, { maxAliases: 0 })).clusters[0]!;
    const ca = cluster["certificate-authority-data"];
    return {
      server: { value: cluster.server },
      ca: ca === "" ? { missing: "the kubeconfig in kube-public/cluster-info names no CA" } : { value: ca },
    };
  } catch {
    return none("the kubeconfig in ConfigMap kube-public/cluster-info cannot be read");
  }
}

/** The address of the Service kube-system/kube-dns. */
export function readClusterDns(object: unknown): Fact<string> {
  const clusterIP = service.safeParse(object).data?.spec.clusterIP;
  if (clusterIP !== undefined && clusterIP !== "None") return { value: clusterIP };
  return {
    missing: object === undefined
      ? "there is no Service kube-system/kube-dns"
      : "Service kube-system/kube-dns has no cluster IP",
  };
}

/** The cluster's name on AKS, from its ConfigMap and a system node's label. */
export function readAksClusterName(metadata: unknown, nodes: unknown): Fact<string | undefined> {
  if (metadata === undefined) return { value: undefined };
  const name = nodeList.safeParse(nodes).data?.items[0]?.metadata.labels[AKS_CLUSTER_LABEL];
  return name === undefined
    ? { missing: `this is AKS, and no node with kubernetes.azure.com/mode=system has the label ${AKS_CLUSTER_LABEL}` }
    : { value: name };
}

const UNREAD: Fact<never> = { missing: "the Kubernetes API has not been reached yet" };

/** Settings of {@link ClusterFactsReader}. */
export interface ClusterFactsOptions {
  readonly read: ReadObject;
  /** METALMAN_APISERVER_URL: replaces the URL told to nodes. */
  readonly apiserverURL?: string;
  readonly log: Logger;
  /** Pause between two readings. @default 30,000 */
  readonly everyMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** Reads the facts again and again; {@link current} answers at once with the last of them. */
export class ClusterFactsReader {
  readonly #options: ClusterFactsOptions;
  #current: ClusterKnowledge;
  #told = "";

  /** Nothing is read before {@link run}. */
  constructor(options: ClusterFactsOptions) {
    this.#options = options;
    this.#current = {
      apiserverURL: options.apiserverURL === undefined ? UNREAD : { value: options.apiserverURL },
      caCertBase64: UNREAD,
      clusterDNS: UNREAD,
      kubernetesVersion: UNREAD,
      aksClusterName: UNREAD,
    };
  }

  /** What was read last. */
  get current(): ClusterKnowledge {
    return this.#current;
  }

  /** Reads until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock = systemClock, everyMs = 30_000 } = this.#options;
    while (!signal.aborted) {
      await this.readOnce(signal);
      await clock.sleep(everyMs, { signal });
    }
  }

  /** Reads everything once; what cannot be read now keeps its last value. */
  async readOnce(signal: AbortSignal): Promise<void> {
    const before = this.#current;
    const attempt = async <T>(last: Fact<T>, read: () => Promise<Fact<T>>): Promise<Fact<T>> => {
      try {
        return await read();
      } catch (error) {
        return "value" in last ? last : { missing: error instanceof Error ? error.message : String(error) };
      }
    };
    const get = (path: string) => this.#options.read(path, signal);
    const info = get(CLUSTER_INFO).then(readClusterInfo);
    const [server, ca, dns, version, aks] = await Promise.all([
      attempt(before.apiserverURL, async () => (await info).server),
      attempt(before.caCertBase64, async () => (await info).ca),
      attempt(before.clusterDNS, async () => readClusterDns(await get(KUBE_DNS))),
      attempt(before.kubernetesVersion, async () => ({ value: versionInfo.parse(await get("/version")).gitVersion })),
      attempt(before.aksClusterName, async () => {
        const metadata = await get(AKS_METADATA);
        return readAksClusterName(metadata, metadata === undefined ? undefined : await get(AKS_SYSTEM_NODES));
      }),
    ]);
    if (signal.aborted) return;
    const override = this.#options.apiserverURL;
    this.#current = {
      apiserverURL: override === undefined ? server : { value: override },
      caCertBase64: ca,
      clusterDNS: dns,
      kubernetesVersion: version,
      aksClusterName: aks,
    };
    this.#tell();
  }

  /** Says what is missing when that has changed: templates that need it will fail (contract 11.11). */
  #tell(): void {
    const missing = Object.fromEntries(
      Object.entries(this.#current).flatMap(([name, fact]) => "missing" in fact ? [[name, fact.missing]] : []),
    );
    const now = JSON.stringify(missing);
    if (now === this.#told) return;
    this.#told = now;
    if (now === "{}") this.#options.log.info("cluster facts known");
    else this.#options.log.warn("cluster facts missing; templates that use them will fail", missing);
  }
}
