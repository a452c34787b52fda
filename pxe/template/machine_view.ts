/** A Machine and its cluster as templates see them: Go's names, zero values and nil pointers. */
import type { MachineObject } from "../../machine/types.ts";
import { goType } from "./go_type.ts";
import { GoValue } from "./value.ts";

/** What a template is rendered with. Each is read only by templates that use it, and may throw why it is not known. */
export interface TemplateInput {
  /** Integers beyond 2^53 may be bigints. */
  readonly machine: MachineObject;
  /** URL of the API server as nodes are told it. */
  readonly apiserverURL: string;
  /** URL of this server as machines are told it. */
  readonly serveURL: string;
  /** Called at most once. */
  readonly agentConfigJSON: () => string;
  /** Version of the API server, `v1.34.1`. */
  readonly kubernetesVersion: string;
  /** Address of the cluster's DNS service. */
  readonly clusterDNS: string;
}

const ROOT = goType("netboot.templateData");

/** The dot of a template: the peer's netboot.templateData, and the two fields its guide promises. */
export function templateData(input: TemplateInput): GoValue {
  let agentConfig: string | undefined;
  return new GoValue(ROOT, {
    Machine: input.machine,
    ServeURL: input.serveURL,
    get ApiserverURL() {
      return input.apiserverURL;
    },
    get AgentConfigJSON() {
      return agentConfig ??= input.agentConfigJSON();
    },
    get KubernetesVersion() {
      return input.kubernetesVersion;
    },
    get ClusterDNS() {
      return input.clusterDNS;
    },
  });
}
