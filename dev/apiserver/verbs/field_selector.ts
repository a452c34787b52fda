/** Field selectors (Kubernetes documentation, Field Selectors), with Kubernetes' texts for those that cannot be read. */
import { type Kind, qualifiedPlural } from "../kind.ts";
import { type ApiObject, isJsonObject, type Json } from "../object.ts";
import { badRequest } from "../status_error.ts";

/** Whether an object is meant. */
export type FieldMatch = (object: ApiObject) => boolean;

const EVENT_FIELDS = [
  "involvedObject.kind",
  "involvedObject.namespace",
  "involvedObject.name",
  "involvedObject.uid",
  "involvedObject.apiVersion",
  "involvedObject.resourceVersion",
  "involvedObject.fieldPath",
  "reason",
  "reportingComponent",
  "source",
  "type",
];
/** Fields of each resource, besides metadata.name and metadata.namespace. */
const MORE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  events: EVENT_FIELDS,
  secrets: ["type"],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
  services: ["spec.clusterIP", "spec.type"],
};

/** `name=value`, `name==value` or `name!=value`; a backslash before `,`, `=` or itself takes its meaning away. */
interface Term {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

function unescapeValue(text: string): string {
  return text.replace(/\\(.?)|=/gs, (found, char: string | undefined) => {
    if (char === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    }
    if (char === "" || !"\\,=".includes(char)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    }
    return char;
  });
}

function termOf(text: string, selector: string): Term {
  const found = /^((?:\\.|[^\\=!]|!(?!=)|\\$)*?)(!=|==|=)(.*)$/s.exec(text);
  if (found === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${text}'`);
  const [, field = "", operator, value = ""] = found;
  return { field, value: unescapeValue(value), equal: operator !== "!=" };
}

function termsOf(selector: string): Term[] {
  const texts = selector.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];
  return texts.map((text) => termOf(text, selector));
}

/** What a field selector sees: a text, empty where the object has none. */
function textOf(object: ApiObject, field: string): string {
  if (field === "source") return textAt(object, ["source", "component"]) || textAt(object, ["reportingComponent"]);
  if (field === "reportingComponent") {
    return textAt(object, ["reportingComponent"]) || textAt(object, ["source", "component"]);
  }
  if (field === "spec.unschedulable") return textAt(object, field.split(".")) || "false";
  return textAt(object, field.split("."));
}

function textAt(object: ApiObject, path: readonly string[]): string {
  let value: Json | undefined = object;
  for (const step of path) value = isJsonObject(value) ? value[step] : undefined;
  return value === undefined || value === null ? "" : String(value);
}

/** How the server words a field that it does not know depends on the kind. */
function unknownField(kind: Kind, field: string): Error {
  const ours = !kind.builtIn || Object.hasOwn(MORE_FIELDS, kind.plural);
  return badRequest(
    ours
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

/**
 * Reads a field selector; the empty one means all.
 * @throws {StatusError} 400
 */
export function parseFieldSelector(kind: Kind, selector: string): FieldMatch {
  const known = [
    "metadata.name",
    ...(kind.namespaced ? ["metadata.namespace"] : []),
    ...(MORE_FIELDS[qualifiedPlural(kind)] ?? []),
  ];
  const terms = termsOf(selector);
  for (const { field } of terms) if (!known.includes(field)) throw unknownField(kind, field);
  return (object) => terms.every(({ field, value, equal }) => (textOf(object, field) === value) === equal);
}
