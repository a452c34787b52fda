/** The recorded cases of Go's text/template, ready to be run. */
import * as yaml from "js-yaml";
import type { MachineObject } from "../../../machine/types.ts";
import type { GoValue } from "../../../pxe/template/template.ts";
import { templateData } from "../../../pxe/template/machine_view.ts";

/** A case of cases.json; README.md beside it says what the keys mean. */
export interface GoldenCase {
  readonly name: string;
  readonly machine: string;
  readonly template?: string;
  readonly template_base64?: string;
  readonly output?: string;
  readonly output_base64?: string;
  readonly error?: string;
  readonly phase?: "parse" | "exec";
}

const read = (name: string) => Deno.readTextFileSync(new URL(name, import.meta.url));
const encoder = new TextEncoder();

/** Text, or what base64 holds where the text is not UTF-8. */
export function bytesOf(text: string | undefined, base64: string | undefined): Uint8Array {
  return base64 === undefined ? encoder.encode(text) : Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** Every case. */
export const goldenCases: readonly GoldenCase[] = JSON.parse(read("cases.json"));
/** The Go types as reflection shows them. */
export const goldenTypes = JSON.parse(read("types.json"));
const inputs = JSON.parse(read("inputs.json"));

function bigints(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("int64:") ? BigInt(value.slice(6)) : value;
  if (Array.isArray(value)) return value.map(bigints);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bigints(inner)]));
}

/** A Machine of machines/; integers that a double cannot hold are bigints. */
export function goldenMachine(name: string): MachineObject {
  const text = read(`machines/${name}.yaml`).replace(/: (-?\d{16,})$/gm, ': "int64:$1"');
  return bigints(yaml.load(text)) as MachineObject;
}

/** The dot that the cases of a machine were rendered with. */
export function goldenData(machine: string): GoValue {
  return templateData({
    machine: goldenMachine(machine),
    apiserverURL: inputs.ApiserverURL,
    serveURL: inputs.ServeURL,
    agentConfigJSON: () => inputs.AgentConfigJSON[machine],
    kubernetesVersion: "v1.34.1",
    clusterDNS: "10.96.0.10",
  });
}
