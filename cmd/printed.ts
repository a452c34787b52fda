/** Objects as kubectl prints them. */
import type { KubeObject } from "../k8s/object.ts";
import type { Output } from "./machine/settings.ts";

/** What is printed. */
type Printable = Pick<KubeObject, "metadata">;

function withoutManagedFields<T extends Printable>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** How they are printed. */
export interface PrintOptions<T> {
  readonly output: Output;
  /** Whether it is a list even where there is one only. */
  readonly isList: boolean;
  /** What `-o name` calls one. */
  readonly nameOf: (object: T) => string;
}

/** Objects in the format asked for; one alone is printed as it is, others as a List. */
export async function printed<T extends Printable>(
  objects: readonly T[],
  { output, isList, nameOf }: PrintOptions<T>,
): Promise<string> {
  if (output === "name") return objects.map((object) => `${nameOf(object)}\n`).join("");
  const items = objects.map(withoutManagedFields);
  const value = isList ? { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } } : items[0];
  if (output === "json") return `${JSON.stringify(value, undefined, 4)}\n`;
  const { dump } = await import("js-yaml");
  return dump(value, { lineWidth: -1, noRefs: true });
}
