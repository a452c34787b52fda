/** The node agent's configuration for a Machine: what templates print as `.AgentConfigJSON`. */
import type { MachineObject } from "./types.ts";

/** What is known of the cluster that machines join. A fact not found yet is empty. */
export interface ClusterFacts {
  /** As kube-public/cluster-info writes it, or METALMAN_APISERVER_URL. */
  readonly apiserverURL: string;
  /** The cluster's CA (PEM) in base64, as the same kubeconfig holds it. */
  readonly caCertBase64: string;
  /** clusterIP of kube-system/kube-dns. */
  readonly clusterDNS: string;
  /** gitVersion of the API server. */
  readonly kubernetesVersion: string;
  /** Labels that the cluster's provider wants on every node; they win over a Machine's own. */
  readonly providerLabels: Readonly<Record<string, string>>;
}

/** Labels of AKS nodes, from kubernetes.azure.com/cluster of a system node; none where the cluster is not AKS. */
export function providerLabels(aksClusterName: string | undefined): Readonly<Record<string, string>> {
  if (aksClusterName === undefined) return {};
  return { "kubernetes.azure.com/managed": "false", "kubernetes.azure.com/cluster": aksClusterName };
}

type Json = Readonly<Record<string, unknown>>;
const record = (value: unknown): Json => typeof value === "object" && value !== null ? value as Json : {};
const text = (value: unknown): string => typeof value === "string" ? value : "";

/** Members in the order in which they are written: a JavaScript object would put `10` before `a`. */
type Members = readonly (readonly [string, unknown])[];
class Ordered {
  readonly members: Members;
  constructor(members: Members) {
    this.members = members;
  }
}

/** Members whose value is not empty, as Go's omitempty keeps them. */
function nonEmpty(members: Readonly<Record<string, unknown>>): Members {
  return Object.entries(members).filter(([, value]) => value !== "" && value !== undefined);
}

/** Go sorts by the bytes of UTF-8, which is the order of code points: surrogates come after all else. */
function byCodePoint(a: string, b: string): number {
  const least = Math.min(a.length, b.length);
  let at = 0;
  while (at < least && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === least) return a.length - b.length;
  const left = a.charCodeAt(at), right = b.charCodeAt(at);
  const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
}

function labels(own: unknown, provider: ClusterFacts["providerLabels"]): Ordered {
  const strings = Object.entries(record(own)).filter(([, value]) => typeof value === "string");
  const all = new Map([...strings, ...Object.entries(provider)]);
  return new Ordered([...all].sort(([a], [b]) => byCodePoint(a, b)));
}

const SOURCES = { Kubernetes: "kubernetes", Containerd: "containerd", Runc: "runc", CNI: "cni", Crictl: "crictl" };

function downloads(spec: Json): Ordered | undefined {
  const sources = Object.entries(SOURCES).map(([name, key]) => {
    const source = record(spec[key]);
    const members = nonEmpty({ BaseURL: text(source.baseURL), URL: text(source.url), Version: text(source.version) });
    return [name, members] as const;
  }).filter(([, members]) => members.length > 0);
  return sources.length === 0 ? undefined : new Ordered(sources.map(([name, members]) => [name, new Ordered(members)]));
}

function version(own: unknown, { kubernetesVersion }: ClusterFacts): string {
  const wanted = text(own) || kubernetesVersion;
  return wanted === "" || wanted.startsWith("v") ? wanted : `v${wanted}`;
}

/** Go's escaping: JSON that is safe inside of HTML. */
function quote(value: string): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** json.MarshalIndent: each line after the first begins with `indent`. */
function marshal(value: unknown, indent: string): string {
  const isList = Array.isArray(value);
  if (!isList && !(value instanceof Ordered)) return typeof value === "string" ? quote(value) : "null";
  const inner = `${indent}  `;
  const items = isList
    ? value.map((item) => marshal(item, inner))
    : value.members.map(([name, member]) => `${quote(name)}: ${marshal(member, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}

/**
 * The configuration as text: Go's json.MarshalIndent with prefix 4 and indent 2, so that it can stand
 * at that depth of a YAML block.
 */
export function agentConfigJSON(machine: MachineObject, cluster: ClusterFacts, serveURL: string): string {
  const spec = record(machine.spec);
  const kubernetes = record(spec.kubernetes);
  const agent = record(spec.agent);
  const taints = kubernetes.registerWithTaints;
  const empty = new Ordered([]);
  const config = new Ordered(nonEmpty({
    MachineName: machine.metadata.name,
    Cluster: new Ordered(Object.entries({
      CaCertBase64: cluster.caCertBase64,
      ClusterDNS: cluster.clusterDNS,
      Version: version(kubernetes.version, cluster),
    })),
    Kubelet: new Ordered(Object.entries({
      ApiServer: cluster.apiserverURL,
      Auth: empty,
      Labels: labels(kubernetes.nodeLabels, cluster.providerLabels),
      RegisterWithTaints: Array.isArray(taints) ? taints.filter((taint) => typeof taint === "string") : null,
    })),
    CRI: new Ordered([["Containerd", empty], ["Runc", empty]]),
    CNI: empty,
    OCIImage: text(agent.image),
    Attest: new Ordered([["URL", serveURL]]),
    Downloads: downloads(record(agent.downloads)),
  }));
  return marshal(config, "    ");
}
