/** What strict field validation says: fields that are there twice, which only the text shows, and unknown ones. */
import type { Kind } from "../kind.ts";

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

/** Where the text that starts at `from` ends: after its closing quote. */
function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1);; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

const ELSE = /[^\s{}[\]:,"]+|\s+/y;

/** Every field of a JSON text, in its order; the text must be JSON. */
function* writtenFields(json: string): Iterable<WrittenField> {
  const open: Frame[] = [];
  let path = "";
  let start = 0;
  for (let at = 0; at < json.length;) {
    const char = json[at];
    const frame = open.at(-1);
    if (char === '"') {
      start = at;
      at = endOfText(json, at);
      continue;
    }
    if (char === "{") open.push({ path, index: 0, fields: new Set() });
    else if (char === "[") {
      open.push({ path, index: 0 });
      path = `${path}[0]`;
    } else if (char === "}" || char === "]") open.pop();
    else if (char === ",") {
      if (frame !== undefined && frame.fields === undefined) path = `${frame.path}[${++frame.index}]`;
    } else if (char === ":") {
      const name = JSON.parse(json.slice(start, endOfText(json, start))) as string;
      path = frame!.path === "" ? name : `${frame!.path}.${name}`;
      yield { path, again: frame!.fields!.has(name) };
      frame!.fields!.add(name);
    } else {
      ELSE.lastIndex = at;
      ELSE.test(json);
      at = Math.max(at + 1, ELSE.lastIndex);
      continue;
    }
    at++;
  }
}

/** What the real server says of one text, and no more. */
const MAX_COMPLAINTS = 100;

/** Paths of fields that an object has more than once, in the order of the text, each once and 100 at the most. */
export function duplicateFields(json: string): string[] {
  const found = new Set<string>();
  for (const { path, again } of writtenFields(json)) {
    if (again) found.add(path);
    if (found.size === MAX_COMPLAINTS) break;
  }
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
      ...unknown.slice(0, MAX_COMPLAINTS).map((path) => `unknown field "${path}"`),
    ];
  }
  const isUnknown = new Set(unknown);
  const complaints = new Set<string>();
  for (const { path, again } of writtenFields(json)) {
    if (isUnknown.has(path)) complaints.add(`unknown field "${path}"`);
    else if (again) complaints.add(`duplicate field "${path}"`);
    if (complaints.size === MAX_COMPLAINTS) break;
  }
  return [...complaints];
}
