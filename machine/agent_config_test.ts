import assert from "node:assert/strict";
import fc from "fast-check";
import { goldenMachine } from "../tests/golden/gotemplate/cases.ts";
import { agentConfigJSON, type ClusterFacts, providerLabels } from "./agent_config.ts";

const folder = new URL("../tests/golden/agentconfig/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, folder));

function cluster(name: string): { facts: ClusterFacts; serveURL: string } {
  const golden = JSON.parse(read(`clusters/${name}.json`));
  assert.deepEqual(providerLabels(golden.AKSClusterName), golden.ProviderLabels ?? {});
  const facts = {
    apiserverURL: golden.ApiserverURL,
    caCertBase64: golden.CACertBase64,
    clusterDNS: golden.ClusterDNS,
    kubernetesVersion: golden.KubernetesVersion,
    providerLabels: providerLabels(golden.AKSClusterName),
  };
  return { facts, serveURL: golden.ServeURL };
}

const goldens = [...Deno.readDirSync(folder)].map(({ name }) => /^(.+)\.(plain|aks)\.json$/.exec(name))
  .filter((match) => match !== null);

Deno.test("contract 8: every recorded agent configuration is met byte for byte", () => {
  assert.equal(goldens.length, 32);
  for (const [file, machine, clusterName] of goldens) {
    const { facts, serveURL } = cluster(clusterName!);
    assert.equal(agentConfigJSON(goldenMachine(machine!), facts, serveURL), read(file), file);
  }
});

const facts: ClusterFacts = {
  apiserverURL: "https://k8s:6443",
  caCertBase64: "Q0E=",
  clusterDNS: "10.96.0.10",
  kubernetesVersion: "v1.34.1",
  providerLabels: {},
};

Deno.test("contract 11.11: a cluster of which nothing is known yet still gives a configuration", () => {
  const unknown = { ...facts, apiserverURL: "", caCertBase64: "", clusterDNS: "", kubernetesVersion: "" };
  const config = JSON.parse(agentConfigJSON({ metadata: { name: "m" } }, unknown, "http://10.0.0.1:8880"));
  assert.deepEqual(config.Cluster, { CaCertBase64: "", ClusterDNS: "", Version: "" });
});

Deno.test("agentConfigJSON() leaves out what is no string where one belongs", () => {
  const spec = {
    kubernetes: { version: 1.34, nodeLabels: { a: 1, b: "x" }, registerWithTaints: ["t", 5] },
    agent: { image: ["x"], downloads: { runc: "x", cni: { url: 7 } } },
  };
  const config = JSON.parse(agentConfigJSON({ metadata: { name: "m" }, spec }, facts, "u"));
  assert.equal(config.Cluster.Version, "v1.34.1");
  assert.deepEqual(config.Kubelet.Labels, { b: "x" });
  assert.deepEqual(config.Kubelet.RegisterWithTaints, ["t"]);
  assert.equal("OCIImage" in config || "Downloads" in config, false);
});

Deno.test("agentConfigJSON() reads back, with labels in the order of their bytes", () => {
  const label = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(
    fc.property(fc.dictionary(label, fc.string({ unit: "binary" })), (nodeLabels) => {
      const json = agentConfigJSON({ metadata: { name: "m" }, spec: { kubernetes: { nodeLabels } } }, facts, "u");
      assert.doesNotMatch(json, /[<>&\u2028\u2029]/);
      const read = JSON.parse(json).Kubelet.Labels;
      assert.deepEqual({ ...read }, { ...nodeLabels });
      const written = [...json.matchAll(/^ {10}("(?:[^"\\]|\\.)*"): "/gm)].map((match) => JSON.parse(match[1]!));
      const encoder = new TextEncoder();
      const bytes = written.map((key) => [...encoder.encode(key)].map((b) => b.toString(16).padStart(2, "0")).join(""));
      assert.deepEqual(bytes, bytes.toSorted());
    }),
  );
});
