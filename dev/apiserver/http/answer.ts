/** Answers as they go out: status, headers and text. */
import { dump } from "js-yaml";
import { fromText } from "../../../base/byte_text.ts";
import type { JsonObject } from "../object.ts";

/** An answer. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Names are lower case; a name may be there twice. */
  readonly headers: readonly (readonly [string, string])[];
  /** All of it, or the lines of a watch as they come. */
  readonly body: string | Uint8Array<ArrayBuffer> | AsyncIterable<string>;
}

/** An answer that is one text. */
export interface WholeAnswer extends Answer {
  /** All of it. */
  readonly body: string;
}

/** How an answer is written. */
export interface Style {
  /** @default "json" */
  readonly format?: "json" | "yaml";
  /** Indented, for people. @default false */
  readonly pretty?: boolean;
}

const NO_CACHE: readonly [string, string] = ["cache-control", "no-cache, private"];
/** Kubernetes shortens warnings too, so that no proxy refuses the answer. */
const MAX_WARNINGS = 32;
const MAX_WARNING_LENGTH = 256;

/** A header `Warning` (RFC 7234 section 5.5): the text in quotes, without what no header may hold. */
function warning(text: string): readonly [string, string] {
  // deno-lint-ignore no-control-regex
  const short = text.replace(/[\x00-\x1f\x7f]/g, " ").slice(0, MAX_WARNING_LENGTH).replace(/[\\"]/g, "\\$&");
  return ["warning", `299 - "${fromText(short.toWellFormed())}"`];
}

/** Whether to indent: when asked to, or when the client is one that people read. */
export function isPretty(query: URLSearchParams, userAgent: string): boolean {
  const asked = query.get("pretty");
  if (asked !== null) return asked !== "false" && asked !== "0";
  return /^(curl|Wget|Mozilla\/)/.test(userAgent);
}

/** A value as text. */
export function jsonAnswer(
  status: number,
  body: JsonObject,
  { format = "json", pretty = false }: Style = {},
  warnings: readonly string[] = [],
): WholeAnswer {
  const text = format === "yaml"
    ? dump(body, { noRefs: true, sortKeys: true, lineWidth: -1, seqNoIndent: true })
    : `${JSON.stringify(body, undefined, pretty ? 2 : undefined)}\n`;
  const headers = [NO_CACHE, ["content-type", `application/${format}`]] as const;
  return { status, headers: [...headers, ...warnings.slice(0, MAX_WARNINGS).map(warning)], body: text };
}

/** Plain text. */
export function textAnswer(status: number, body: string): Answer {
  return { status, headers: [NO_CACHE, ["content-type", "text/plain; charset=utf-8"]], body };
}

/** A watch: lines of JSON. */
export function streamAnswer(lines: AsyncIterable<string>): Answer {
  return { status: 200, headers: [NO_CACHE, ["content-type", "application/json"]], body: lines };
}
