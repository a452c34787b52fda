/** Timestamps as Go reads them, with its words for those that are none. */
import { quoted } from "./field_error.ts";

/** Layouts of metav1.Time and metav1.MicroTime. */
const LAYOUTS = { Time: "2006-01-02T15:04:05Z07:00", MicroTime: "2006-01-02T15:04:05.000000Z07:00" } as const;

/** Parts of a layout with what they match and the range they are in. */
const PARTS: readonly (readonly [layout: string, pattern: RegExp, range?: readonly [string, number, number]])[] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d\d/, ["month", 1, 12]],
  ["-", /^-/],
  ["02", /^\d\d/, ["day", 1, 31]],
  ["T", /^T/],
  ["15", /^\d\d/, ["hour", 0, 23]],
  [":", /^:/],
  ["04", /^\d\d/, ["minute", 0, 59]],
  [":", /^:/],
  ["05", /^\d\d/, ["second", 0, 59]],
];

/** What is wrong with a text as a timestamp; undefined when nothing is. */
export function timeProblem(text: string, type: "Time" | "MicroTime"): string | undefined {
  const layout = LAYOUTS[type];
  const parsing = `parsing time ${quoted(text)}`;
  const cannot = (rest: string, part: string) =>
    `${parsing} as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(part)}`;
  let rest = text;
  for (const [part, pattern, range] of PARTS) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) return cannot(rest, part);
    rest = rest.slice(found.length);
    if (range === undefined) continue;
    const [unit, least, most] = range;
    if (Number(found) < least || Number(found) > most) return `${parsing}: ${unit} out of range`;
  }
  const fraction = type === "MicroTime" ? /^\.\d{6}/ : /^(?:[.,]\d+)?/;
  const found = fraction.exec(rest)?.[0];
  if (found === undefined) return cannot(rest, ".000000");
  rest = rest.slice(found.length);
  const zone = /^(?:Z|[+-]\d\d:\d\d)/.exec(rest)?.[0];
  if (zone === undefined) return cannot(rest, "Z07:00");
  return rest === zone ? undefined : `${parsing}: extra text: ${quoted(rest.slice(zone.length))}`;
}
