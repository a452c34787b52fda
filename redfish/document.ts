/** Readers of JSON that a BMC sent: whatever it holds, they give a value of the type asked for, or undefined. */

/** A JSON object. */
export type Document = Readonly<Record<string, unknown>>;

/** Longest path that is followed; real ones have a third of it. */
const MAX_PATH = 1024;
/** Longest list that is looked at. */
const MAX_LIST = 1000;

/** The object that this is, if it is one. */
export function asDocument(value: unknown): Document | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Document : undefined;
}

/** The object in a text; undefined where it is no JSON, or not an object. */
export function parseDocument(text: string): Document | undefined {
  try {
    return asDocument(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value below these names; only what the BMC said itself, never what every JavaScript object has. */
export function valueAt(value: unknown, ...names: readonly string[]): unknown {
  for (const name of names) {
    const document = asDocument(value);
    if (document === undefined || !Object.hasOwn(document, name)) return undefined;
    value = document[name];
  }
  return value;
}

/** The text below these names; `""` and null, by which some BMCs say that nothing is set, are undefined. */
export function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const text = valueAt(value, ...names);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** The list below these names, cut where it is endless. */
export function listAt(value: unknown, ...names: readonly string[]): readonly unknown[] {
  const list = valueAt(value, ...names);
  return Array.isArray(list) ? list.slice(0, MAX_LIST) : [];
}

/** The texts of the list below these names. */
export function textsAt(value: unknown, ...names: readonly string[]): readonly string[] {
  return listAt(value, ...names).filter((item): item is string => typeof item === "string" && item !== "");
}

/**
 * The path that a link or a Location means: its host is left out, since a BMC may know itself by another name, or by
 * none (`https:///redfish/...`, iLO 5). What is no path is undefined.
 */
export function pathOf(link: unknown): string | undefined {
  if (typeof link !== "string") return undefined;
  const path = link.replace(/^https?:\/\/[^/]*/i, "").replace(/#.*$/, "");
  return path.length <= MAX_PATH && /^\/[\x21-\x7e]*$/.test(path) ? path : undefined;
}

/** The path of the link below these names: `{"@odata.id": PATH}`, or the PATH itself. */
export function linkAt(value: unknown, ...names: readonly string[]): string | undefined {
  const link = valueAt(value, ...names);
  return pathOf(asDocument(link) === undefined ? link : valueAt(link, "@odata.id"));
}

/** One path without the slash that some BMCs put at its end. */
export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
