/**
 * Status and headers for a representation whose size and entity tag are known (RFC 9110 8.8.3, 13, 14).
 * Content-Length is always there: firmware gives up without it.
 */

/** What is to be sent. */
export interface Representation {
  /** Bytes in all. */
  readonly size: number;
  /** A strong entity tag, in its quotes. */
  readonly etag: string;
  readonly contentType: string;
}

/** A request's fields by name in lower case. */
type Fields = ReadonlyMap<string, string>;

/** A response without its body. */
export interface FilePlan {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly fields: Readonly<Record<string, string>>;
  /** The bytes to send; absent for a response without a body. */
  readonly body?: ByteSpan;
}

/** Bytes `start` up to, but not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** The order of checks is that of RFC 9110 13.2.2. */
export function planFile(
  method: "GET" | "HEAD",
  headers: Fields,
  { size, etag, contentType }: Representation,
): FilePlan {
  const common = { ETag: etag, "Accept-Ranges": "bytes" };
  const ifMatch = headers.get("if-match");
  if (ifMatch !== undefined && !matchesTag(ifMatch, etag)) {
    return { status: 412, fields: { ...common, "Content-Length": "0" } };
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== undefined && matchesTag(ifNoneMatch.replaceAll("W/", ""), etag)) {
    return { status: 304, fields: common };
  }
  const whole = { start: 0, end: size };
  const range = method === "GET" && rangeApplies(headers, etag) ? readRange(headers.get("range"), size) : undefined;
  if (range === "unsatisfiable") {
    return { status: 416, fields: { ...common, "Content-Range": `bytes */${size}`, "Content-Length": "0" } };
  }
  const span = range ?? whole;
  return {
    status: range === undefined ? 200 : 206,
    fields: {
      ...common,
      "Content-Type": contentType,
      "Content-Length": String(span.end - span.start),
      ...(range === undefined ? {} : { "Content-Range": `bytes ${span.start}-${span.end - 1}/${size}` }),
    },
    ...(method === "GET" ? { body: span } : {}),
  };
}

/** RFC 9110 13.1.1, 13.1.2: `*` or a list of tags. Entity tags of ours hold no comma. */
function matchesTag(list: string, etag: string): boolean {
  return list.split(",").some((entry) => entry.trim() === etag || entry.trim() === "*");
}

/** RFC 9110 13.1.5: a strong tag that is ours; a date never matches, as we send no Last-Modified. */
function rangeApplies(headers: Fields, etag: string): boolean {
  const ifRange = headers.get("if-range");
  return ifRange === undefined || ifRange.trim() === etag;
}

/**
 * RFC 9110 14.1.2, 14.2. Undefined, so the whole is sent, for no range, another unit, a malformed one, or several:
 * a server may ignore them, and no client here asks for more than one.
 */
function readRange(header: string | undefined, size: number): ByteSpan | "unsatisfiable" | undefined {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? "");
  if (match === null) return;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return;
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? "unsatisfiable" : { start: size - suffix, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

const TEXT = /(^|\/)(user-data|meta-data|vendor-data|network-config)$|\.(txt|cfg|conf|yaml|yml|ipxe|sh|lst|ign)$/i;

/** `text/plain` for what people write by hand, so that a browser shows it; the rest is bytes. */
export function contentType(path: string): string {
  if (TEXT.test(path)) return "text/plain; charset=utf-8";
  return /\.json$/i.test(path) ? "application/json" : "application/octet-stream";
}
