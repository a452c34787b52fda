/** Lists in parts: OCI distribution-spec 1.1, Listing Tags. */
import type { PageRequest } from "./routes.ts";

/** A part of a list. */
export interface Page {
  /** In order. */
  readonly entries: readonly string[];
  /** The Link header that leads to what follows; absent at the end. */
  readonly link?: string;
}

/** The specification's order: case does not count, but decides between what is equal without it. */
function compare(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/**
 * The page of a list that a client asks for.
 * @param path of the list's own URL
 */
export function pageOf(all: readonly string[], { n, last }: PageRequest, path: string): Page {
  const rest = [...all].sort(compare).filter((entry) => last === undefined || compare(entry, last) > 0);
  const entries = rest.slice(0, n);
  const end = entries.at(-1);
  if (end === undefined || entries.length === rest.length) return { entries };
  return { entries, link: `<${path}?n=${n}&last=${encodeURIComponent(end)}>; rel="next"` };
}
