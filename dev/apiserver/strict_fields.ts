/** What strict field validation says: fields that are there twice, which only the text shows, and unknown ones. */
import type { Kind } from "./kind.ts";

/** A field as it is written, at its place in the text. */
interface WrittenField {
  readonly path: string;
  readonly again: boolean;
}

/** An object or list that is not closed yet. */
interface Frame {
  readonly path: string;
  readonly fields?: Set<string>;
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** Every field of a JSON text, in its order; the text must be JSON. */
function* writtenFields(json: string): Iterable<WrittenField> {
  const open: Frame[] = [];
  let path = "";
  let last = "";
  for (const [token] of json.matchAll(TOKEN)) {
    const frame = open.at(-1);
    if (token === "{" || token === "[") {
      open.push({ path, index: 0, ...(token === "{" ? { fields: new Set<string>() } : {}) });
      if (token === "[") path = `${path}[0]`;
    } else if (token === "}" || token === "]") open.pop();
    else if (token === "," && frame?.fields === undefined && frame !== undefined) {
      frame.index++;
      path = `${frame.path}[${frame.index}]`;
    } else if (token === ":" && frame?.fields !== undefined) {
      const name = JSON.parse(last) as string;
      path = frame.path === "" ? name : `${frame.path}.${name}`;
      yield { path, again: frame.fields.has(name) };
      frame.fields.add(name);
    }
    last = token;
  }
}

/** Paths of fields that an object has more than once, in the order of the text, each once. */
export function duplicateFields(json: string): string[] {
  const found = new Set<string>();
  for (const { path, again } of writtenFields(json)) if (again) found.add(path);
  return [...found];
}

/**
 * Complaints in the order of the real server, each as `unknown field "spec.foo"`.
 * @param unknown what {@link prune} removed
 */
export function strictComplaints(kind: Pick<Kind, "builtIn">, json: string, unknown: readonly string[]): string[] {
  if (!kind.builtIn) {
    return [
      ...duplicateFields(json).map((path) => `duplicate field "${path}"`),
      ...unknown.map((path) => `unknown field "${path}"`),
    ];
  }
  const isUnknown = new Set(unknown);
  const complaints = new Set<string>();
  for (const { path, again } of writtenFields(json)) {
    if (isUnknown.has(path)) complaints.add(`unknown field "${path}"`);
    else if (again) complaints.add(`duplicate field "${path}"`);
  }
  return [...complaints];
}
