/**
 * Writes what a real kube-apiserver answers into the case files, for a new release of Kubernetes or new cases:
 * `deno run -A tests/cluster/kube_contract/record.ts crud.ts ...`. Read the diff: it is what the contract will be.
 */
import { startRealApi } from "./real_api.ts";
import type { Case, Step } from "./conversation.ts";
import { type Answer, Contract } from "./run.ts";

const WIDTH = 120;

function scalar(value: unknown): string {
  const text = JSON.stringify(value);
  const plain = typeof value === "string" && /^[$A-Za-z/][-\w$./ ()]*(?<! )$/.test(value) &&
    !/^(true|false|null|\.inf|\.nan)$/i.test(value);
  if (plain) return value;
  return text.includes("\\") && !/[\n\t]/.test(String(value)) ? `'${String(value).replaceAll("'", "''")}'` : text;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return scalar(value);
  return `{${Object.entries(value).map(([name, field]) => `${scalar(name)}: ${flow(field)}`).join(", ")}}`;
}

function yaml(value: unknown, indent = ""): string {
  const line = flow(value);
  if (indent.length + line.length <= WIDTH || typeof value !== "object" || value === null) return line;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((element) => `- ${yaml(element, deeper)}`)
    : Object.entries(value).map(([name, field]) => {
      const text = yaml(field, deeper);
      return text !== flow(field) ? `${scalar(name)}:\n${deeper}${text}` : `${scalar(name)}: ${text}`;
    });
  return parts.join(`\n${indent}`);
}

function render(answer: Answer): string {
  const headers = Object.entries(answer.headers).map(([name, value]) => `! ${name}: ${value}`);
  const body = answer.body === undefined ? [] : [yaml(answer.body)];
  return ["< " + (answer.code ?? "events"), ...headers, ...body].join("\n");
}

function rewritten(talk: string, said: readonly { step: Step; answer: Answer }[]): string {
  const parts = talk.split(/^(?=> )/m).filter((part) => part.trim() !== "");
  const steps = parts.map((part, i) => {
    const at = part.search(/^< /m);
    return `${(at === -1 ? part : part.slice(0, at)).trimEnd()}\n${render(said[i]!.answer)}\n`;
  });
  return `\n${steps.join("")}`;
}

const quoted = (text: string) => text.replace(/[\\`]|\$\{/g, "\\$&");

await using server = await startRealApi();
using contract = new Contract(server);
for (const file of Deno.args) {
  const url = new URL(file, import.meta.url);
  const { cases } = await import(url.href) as { cases: readonly Case[] };
  let source = await Deno.readTextFile(url);
  for (const one of cases) {
    const began = Date.now();
    try {
      const talk = rewritten(one.talk, await contract.talk(one));
      const at = source.indexOf(`\`${quoted(one.talk)}\``, source.indexOf(`name: ${JSON.stringify(one.name)}`));
      source = source.slice(0, at) + source.slice(at).replace(quoted(one.talk), () => quoted(talk));
      if (Date.now() - began > 2000) console.error(`${one.name}: ${Date.now() - began} ms`);
    } catch (error) {
      console.error(`${one.name}: ${error}`);
    }
  }
  await Deno.writeTextFile(url, source);
}
