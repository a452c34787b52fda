/** What templates see of the cluster: a fact that is missing fails the templates that use it, and no other (contract 11.11). */
import type { ClusterKnowledge, Fact } from "../../controllers/cluster_facts.ts";
import { agentConfigJSON, type ClusterFacts, providerLabels } from "../../machine/agent_config.ts";
import type { Machine } from "../../machine/types.ts";
import { TemplateError } from "../../pxe/template/template.ts";
import type { TemplateInput } from "../../pxe/template/machine_view.ts";

function known<T>(fact: Fact<T>, name: string): T {
  if ("value" in fact) return fact.value;
  throw new TemplateError("exec", `${name} is not known: ${fact.missing}`);
}

/** Joins a Machine, its cluster and this server. */
export function templateInput({ object }: Machine, cluster: ClusterKnowledge, serveURL: string): TemplateInput {
  const facts: ClusterFacts = {
    get apiserverURL() {
      return known(cluster.apiserverURL, "the API server's URL");
    },
    get caCertBase64() {
      return known(cluster.caCertBase64, "the cluster's CA");
    },
    get clusterDNS() {
      return known(cluster.clusterDNS, "the cluster's DNS address");
    },
    get kubernetesVersion() {
      return known(cluster.kubernetesVersion, "the cluster's version");
    },
    get providerLabels() {
      return providerLabels(known(cluster.aksClusterName, "the AKS cluster's name"));
    },
  };
  return {
    machine: object,
    serveURL,
    agentConfigJSON: () => agentConfigJSON(object, facts, serveURL),
    get apiserverURL() {
      return facts.apiserverURL;
    },
    get kubernetesVersion() {
      return facts.kubernetesVersion;
    },
    get clusterDNS() {
      return facts.clusterDNS;
    },
  };
}
