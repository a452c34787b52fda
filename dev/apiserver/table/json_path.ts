/** The JSONPath of printer columns: fields, indices, all elements and those with a field of one value, from the object. */
import { isJsonObject, type Json } from "../object.ts";

/** From a value to those one step below it. */
type Step = (value: Json) => Json[];

const field = (name: string): Step => (value) =>
  isJsonObject(value) && Object.hasOwn(value, name) ? [value[name]!] : [];
const index = (at: number): Step => (value) => {
  const found = Array.isArray(value) ? value.at(at) : undefined;
  return found === undefined ? [] : [found];
};
const every: Step = (value) => Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];

const having = (name: string, text: string): Step => (value) =>
  Array.isArray(value) ? value.filter((one) => isJsonObject(one) && one[name] === text) : [];

/** A field after a dot (a backslash before a dot within it), quoted in brackets, a filter, an index or a star. */
const STEP =
  /\.((?:\\.|[^.\\[\]*'"\s])+)|\.?\[(?:'([^']*)'|"([^"]*)"|\?\(@\.(\w+)==(?:"([^"]*)"|'([^']*)')\)|(-?\d+)|(\*))\]|\.(\*)/y;

function parse(path: string): Step[] | undefined {
  const steps: Step[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path);
    if (match === null) return;
    const [, plain, single, double, of, wanted, quoted, at] = match;
    const name = plain?.replace(/\\(.)/g, "$1") ?? single ?? double;
    if (name !== undefined) steps.push(field(name));
    else if (of !== undefined) steps.push(having(of, wanted ?? quoted ?? ""));
    else steps.push(at !== undefined ? index(Number(at)) : every);
  }
  return steps;
}

/** Gives the first value at a path such as `.spec.list[0].a`; undefined where the text is no path of this kind. */
export function jsonPath(path: string): ((value: Json) => Json | undefined) | undefined {
  const steps = parse(path);
  return steps && ((value) => steps.reduce<Json[]>((found, step) => found.flatMap(step), [value])[0]);
}
