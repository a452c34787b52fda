import { deepEqual, equal } from "node:assert/strict";
import { MemoryLogger } from "../base/log.ts";
import { ClusterFactsReader, readAksClusterName, readClusterDns, readClusterInfo } from "./cluster_facts.ts";

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters:
- name: ""
  cluster: {server: "https://k8s.example.com:6443", certificate-authority-data: Q0E=}
`;

Deno.test("readClusterInfo() gives server and CA as written there (contract 8)", () => {
  const wanted = { server: { value: "https://k8s.example.com:6443" }, ca: { value: "Q0E=" } };
  deepEqual(readClusterInfo({ data: { kubeconfig: KUBECONFIG } }), wanted);
});

Deno.test("readClusterInfo() says what is missing (contract 11.11)", () => {
  const cases: [unknown, string][] = [
    [undefined, "there is no ConfigMap kube-public/cluster-info"],
    [{ data: {} }, "ConfigMap kube-public/cluster-info has no key kubeconfig"],
    [{ data: { kubeconfig: "clusters: []" } }, "the kubeconfig in ConfigMap kube-public/cluster-info cannot be read"],
    [{ data: { kubeconfig: "{" } }, "the kubeconfig in ConfigMap kube-public/cluster-info cannot be read"],
  ];
  for (const [object, missing] of cases) deepEqual(readClusterInfo(object).server, { missing });
});

Deno.test("readClusterDns() takes the cluster IP of kube-dns", () => {
  deepEqual(readClusterDns({ spec: { clusterIP: "10.96.0.10" } }), { value: "10.96.0.10" });
  deepEqual(readClusterDns(undefined), { missing: "there is no Service kube-system/kube-dns" });
  deepEqual(readClusterDns({ spec: { clusterIP: "None" } }), {
    missing: "Service kube-system/kube-dns has no cluster IP",
  });
});

Deno.test("readAksClusterName() takes the label of a system node, and only on AKS (contract 8)", () => {
  const nodes = { items: [{ metadata: { labels: { "kubernetes.azure.com/cluster": "mc_rg_x" } } }] };
  deepEqual(readAksClusterName(undefined, nodes), { value: undefined });
  deepEqual(readAksClusterName({ data: {} }, nodes), { value: "mc_rg_x" });
  equal("missing" in readAksClusterName({ data: {} }, { items: [] }), true);
});

function api(objects: Record<string, unknown>) {
  return { objects, down: false };
}

Deno.test("ClusterFactsReader degrades what is missing, follows changes and outlives an outage (contract 11.11, 11.15)", async () => {
  const signal = new AbortController().signal;
  const log = new MemoryLogger();
  const fake = api({ "/version": { gitVersion: "v1.35.4" } });
  const facts = new ClusterFactsReader({
    log,
    read: (path) => fake.down ? Promise.reject(new Error("connection refused")) : Promise.resolve(fake.objects[path]),
  });
  await facts.readOnce(signal);
  deepEqual(facts.current.kubernetesVersion, { value: "v1.35.4" });
  deepEqual(facts.current.apiserverURL, { missing: "there is no ConfigMap kube-public/cluster-info" });
  equal(log.lines.length, 1);
  fake.objects["/api/v1/namespaces/kube-public/configmaps/cluster-info"] = { data: { kubeconfig: KUBECONFIG } };
  fake.objects["/api/v1/namespaces/kube-system/services/kube-dns"] = { spec: { clusterIP: "10.96.0.10" } };
  await facts.readOnce(signal);
  deepEqual(facts.current.apiserverURL, { value: "https://k8s.example.com:6443" });
  equal(log.lines.at(-1)?.message, "cluster facts known");
  fake.down = true;
  await facts.readOnce(signal);
  deepEqual(facts.current.apiserverURL, { value: "https://k8s.example.com:6443" });
  equal(log.lines.length, 2, "nothing new to tell");
});

Deno.test("METALMAN_APISERVER_URL replaces the URL, not the CA (contract 3)", async () => {
  const facts = new ClusterFactsReader({
    log: new MemoryLogger(),
    apiserverURL: "https://lb:6443",
    read: (path) => Promise.resolve(path.endsWith("cluster-info") ? { data: { kubeconfig: KUBECONFIG } } : undefined),
  });
  await facts.readOnce(new AbortController().signal);
  deepEqual([facts.current.apiserverURL, facts.current.caCertBase64], [{ value: "https://lb:6443" }, {
    value: "Q0E=",
  }]);
});
