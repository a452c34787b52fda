/** Media types: what a body is, and what a client takes (RFC 9110 section 12.5.1; Kubernetes API concepts, "Receiving resources as Tables"). */

/** A media type with its parameters, all in lower case but the parameters' values. */
export interface MediaType {
  /** `application/json`. */
  readonly type: string;
  /** `as`, `g`, `v`, `charset` ... */
  readonly parameters: ReadonlyMap<string, string>;
}

/** How objects are sent. */
export interface Representation {
  /** Of the text. */
  readonly format: "json" | "yaml";
  /** Instead of the object itself. */
  readonly as?: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList" | "APIGroupDiscoveryList";
}

const MAX_CLAUSES = 32;

/** One media type; what cannot be read is left out. */
export function parseMediaType(text: string): MediaType {
  const [type = "", ...rest] = text.split(";");
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [name = "", value = ""] = parameter.split("=", 2);
    parameters.set(name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1"));
  }
  return { type: type.trim().toLowerCase(), parameters };
}

function quality({ parameters }: MediaType): number {
  const text = parameters.get("q");
  return text === undefined ? 1 : Number(text) || 0;
}

/** The types that an Accept header names, those the client likes best first. */
function clauses(accept: string): MediaType[] {
  const types = accept.split(",", MAX_CLAUSES).map(parseMediaType).filter(({ type }) => type !== "");
  return types.filter((type) => quality(type) > 0).sort((a, b) => quality(b) - quality(a));
}

const TRANSFORMED: ReadonlySet<string> = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

/** What a clause asks for; undefined when that is not offered. `discovery` is for /api and /apis, which have a form of their own. */
function representation({ type, parameters }: MediaType, discovery: boolean): Representation | undefined {
  const isJson = ["application/json", "application/*", "*/*"].includes(type);
  const format = isJson ? "json" : type === "application/yaml" ? "yaml" : undefined;
  if (format === undefined) return undefined;
  const as = parameters.get("as");
  if (as === undefined) return { format };
  const of = `${parameters.get("g") ?? ""}/${parameters.get("v") ?? ""}`;
  if (discovery) {
    const isKnown = as === "APIGroupDiscoveryList" && of === "apidiscovery.k8s.io/v2" && format === "json";
    return isKnown ? { format, as } : undefined;
  }
  if (of !== "meta.k8s.io/v1" || !TRANSFORMED.has(as)) return undefined;
  return { format, as: as as NonNullable<Representation["as"]> };
}

/**
 * The best of what the client takes; undefined when it takes nothing that is offered.
 * @param accept the Accept header; without one everything is welcome
 */
export function negotiate(accept: string | null, { discovery = false } = {}): Representation | undefined {
  if (accept === null || accept.trim() === "") return { format: "json" };
  for (const clause of clauses(accept)) {
    const found = representation(clause, discovery);
    if (found !== undefined) return found;
  }
  return undefined;
}
