/** cloud-init as the installed system runs it: what it reads and what it reports, as values. */
import { load } from "js-yaml";
import { z } from "zod";

/** Stages in the order in which a boot goes through them. */
export const STAGES: readonly { readonly name: string; readonly description: string }[] = [
  { name: "init-local", description: "searching for local datasources" },
  { name: "init-network", description: "searching for network datasources" },
  { name: "modules-config", description: "running modules for config" },
  { name: "modules-final", description: "running modules for final" },
];

const MAX_CONFIG = 1 << 20;
const MAX_WEBHOOKS = 8;
const hook = z.object({ type: z.string(), endpoint: z.string().nullish() });
const shape = z.object({ reporting: z.record(z.string(), z.unknown()).nullish() });

/**
 * The webhooks that a cloud-config reports to: `reporting: {NAME: {type: webhook, endpoint: URL}}`.
 * @returns what is wrong with it, where it is not to be read
 */
export function webhooksOf(config: string): readonly string[] | { readonly problem: string } {
  if (config.length > MAX_CONFIG) return { problem: `longer than ${MAX_CONFIG} characters` };
  if (config.split("\n").every((line) => /^\s*(#|$)/.test(line))) return [];
  let value: unknown;
  try {
    value = load(config, { maxAliases: 16, maxDepth: 32 });
  } catch (error) {
    return { problem: `not YAML: ${error instanceof Error ? error.message.split("\n")[0] : ""}` };
  }
  const read = shape.safeParse(value);
  if (!read.success) return { problem: "not a cloud-config" };
  const hooks = Object.values(read.data.reporting ?? {}).map((entry) => hook.safeParse(entry))
    .flatMap(({ data }) => data?.type === "webhook" && data.endpoint ? [data.endpoint] : []);
  return hooks.slice(0, MAX_WEBHOOKS);
}

/** An event in the form in which cloud-init's webhook reporter posts it. */
export function eventBody(stage: (typeof STAGES)[number], type: "start" | "finish", nowMs: number): string {
  return JSON.stringify({
    name: stage.name,
    description: stage.description,
    event_type: type,
    origin: "cloudinit",
    timestamp: nowMs / 1000,
    ...(type === "finish" ? { result: "SUCCESS" } : {}),
  });
}
