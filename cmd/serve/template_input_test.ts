import { equal, match, throws } from "node:assert/strict";
import type { ClusterKnowledge } from "../../controllers/cluster_facts.ts";
import { readMachine } from "../../machine/types.ts";
import { templateData } from "../../pxe/template/machine_view.ts";
import { parseTemplate } from "../../pxe/template/template.ts";
import { templateInput } from "./template_input.ts";

const { machine } = readMachine({ metadata: { name: "a" }, spec: {} });
const missing = { missing: "there is no ConfigMap kube-public/cluster-info" };
const cluster: ClusterKnowledge = {
  apiserverURL: missing,
  caCertBase64: missing,
  clusterDNS: { value: "10.96.0.10" },
  kubernetesVersion: { value: "v1.35.4" },
  aksClusterName: { value: undefined },
};

function render(template: string): string {
  const data = templateData(templateInput(machine, cluster, "http://10.0.0.2:8880"));
  return new TextDecoder().decode(parseTemplate(template).execute(data));
}

Deno.test("a missing fact fails only the templates that use it (contract 11.11)", () => {
  equal(
    render("{{ .Machine.Name }} {{ .ServeURL }} {{ .ClusterDNS }} {{ .KubernetesVersion }}"),
    "a http://10.0.0.2:8880 10.96.0.10 v1.35.4",
  );
  for (const template of ["{{ .ApiserverURL }}", "{{ .AgentConfigJSON }}"]) {
    throws(() => render(template), (error: Error) => {
      match(error.message, /is not known: there is no ConfigMap kube-public\/cluster-info/);
      return true;
    });
  }
});
