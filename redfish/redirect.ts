/** Redirects and slashes: followed with the same method, and only to where the request went. */
import { pathOf } from "./document.ts";
import { BmcError } from "./types.ts";
import type { Answer, Ask, Wire } from "./wire.ts";

/** A chain that is longer leads nowhere. */
const MAX_REDIRECTS = 4;
const REDIRECTS = new Set([301, 302, 307, 308]);

/**
 * The request to send instead; undefined where the answer is no redirect. 301 keeps the method too: a BMC means "with
 * a slash" by it (bb-Ricardo/check_redfish PR #187).
 * @throws {BmcError} where it leads to another host
 */
export function redirected(origin: string, ask: Ask, { status, headers }: Answer): Ask | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  const location = headers["location"] ?? "";
  const host = /^https?:\/\/([^/]*)/i.exec(location)?.[1];
  const own = new URL(origin).host;
  if (host !== undefined && host !== "" && host !== own && host !== `${own}:443`) {
    throw new BmcError(
      "refused",
      `it sends ${ask.path} on to ${location.slice(0, 200)}; spec.pxe.redfish.url has to name that host`,
    );
  }
  const path = pathOf(location);
  if (path === undefined) throw new BmcError("protocol", `it sends ${ask.path} on without saying where to (${status})`);
  return { ...ask, path };
}

/** Asks, and follows where it is sent on to. */
export async function follow(wire: Wire, ask: Ask, signal: AbortSignal): Promise<Answer> {
  for (let hops = 0;; hops++) {
    const answer = await wire.ask(ask, signal);
    const next = redirected(wire.origin, ask, answer);
    if (next === undefined) return answer;
    if (hops === MAX_REDIRECTS) throw new BmcError("protocol", `it sends ${ask.path} on without end`);
    ask = next;
  }
}

/** Asks, and once again with (or without) a slash at the end where there is no such path (canonical/maas). */
export async function followEitherSlash(wire: Wire, ask: Ask, signal: AbortSignal): Promise<Answer> {
  const answer = await follow(wire, ask, signal);
  if (answer.status !== 404) return answer;
  const path = ask.path.endsWith("/") ? ask.path.slice(0, -1) : `${ask.path}/`;
  const other = await follow(wire, { ...ask, path }, signal);
  return other.status === 404 ? answer : other;
}
