/** Paths as clients send them, and the one form in which an image is asked for them. */

/** Longest path, in UTF-16 units; TFTP's requests are shorter still. */
const MAX_PATH = 1024;
/** Longest name of one segment in bytes, as file systems have it. */
const MAX_SEGMENT = 255;
const encoder = new TextEncoder();

/**
 * The path below an image's /disk that a client means: segments joined by one `/`, none of them empty,
 * `.` or `..`. Undefined for what cannot name a file there: `..`, control characters, a backslash (a separator to
 * some clients, a letter to Linux), a trailing slash, nothing at all, or too much.
 * Nothing is decoded here: HTTP does that once, with {@link decodePercent}.
 */
export function cleanPath(path: string): string | undefined {
  // deno-lint-ignore no-control-regex
  if (path.length > MAX_PATH || /[\x00-\x1f\x7f\\]/.test(path) || !path.isWellFormed()) return;
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || /\/\.?$/.test(path)) return;
  if (segments.some((segment) => segment === ".." || tooLong(segment))) return;
  return segments.join("/");
}

function tooLong(segment: string): boolean {
  return segment.length > MAX_SEGMENT || (segment.length * 3 > MAX_SEGMENT && encoder.encode(segment).length > 255);
}

/**
 * Percent-decoding of a URL's path, once (RFC 3986 2.4: `%2525` is `%25`).
 * Undefined when it is malformed or not UTF-8.
 */
export function decodePercent(path: string): string | undefined {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * The path of a request's URL as the client wrote it, undecoded, without the query, leading slashes folded
 * into one. `URL` is of no use here: it resolves `..` and rejects hosts that firmware may send.
 */
export function rawPath(url: string): string {
  // RFC 9112 3.2.1: a target that begins with a slash is a path and a query, whatever URLs are in them.
  const afterScheme = url.startsWith("/") ? -1 : url.indexOf("://");
  const start = url.indexOf("/", afterScheme < 0 ? 0 : afterScheme + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return url.slice(start, end < 0 ? undefined : start + end).replace(/^\/+/, "/");
}
