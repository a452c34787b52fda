/**
 * Heads of HTTP/1.x messages as text (RFC 9112), strict where two readers could disagree about where a message ends.
 *
 * Our own, because GRUB 2.06 looks for `Content-Length: ` in that very spelling and Deno.serve writes it in lower case:
 * see docs/decisions/http.md.
 */

/** Where a request's body ends (RFC 9112 section 6.3). */
export type BodyLength =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" };

/** A request's head. */
export interface RequestHead {
  readonly method: string;
  /** As sent: origin-form, or absolute-form. */
  readonly target: string;
  /** Names in lower case; values of one name joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: BodyLength;
  /** Whether the client wants the connection to stay (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
  /** HTTP/1.0: a connection that stays has to be announced. */
  readonly old: boolean;
  /** RFC 9110 section 10.1.1: the client waits for 100 before it sends its body. */
  readonly expectsContinue: boolean;
}

/** A request that cannot be answered on; the connection ends with this status. */
export class BadRequest extends Error {
  override name = "BadRequest";
  /** What the client is told. */
  readonly status: number;

  /** @param message one plain sentence, sent to the client */
  constructor(status: 400 | 417 | 431 | 501 | 505, message: string) {
    super(message);
    this.status = status;
  }
}

/** Longest head in bytes. */
export const MAX_HEAD = 16 * 1024;
const MAX_FIELDS = 100;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9112 section 3: one space each. */
const REQUEST_LINE = /^([^\s]+) ([^\s]+) HTTP\/(\d)\.(\d)$/;
/** RFC 9110 section 5.5: no control characters in a value. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a head.
 * @param text one character a byte, without the empty line that ends it
 * @throws {BadRequest} when it is malformed
 */
export function parseHead(text: string): RequestHead {
  const [requestLine = "", ...lines] = text.split(/\r?\n/);
  const match = REQUEST_LINE.exec(requestLine);
  const [, method = "", target = "", major, minor] = match ?? [];
  if (!TOKEN.test(method) || CONTROL.test(target)) throw new BadRequest(400, "not an HTTP request");
  if (major !== "1") throw new BadRequest(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  const headers = readFields(lines);
  const old = minor === "0";
  // RFC 9112 section 3.2; two hosts in one field would be joined by a comma, which no host has.
  const host = headers.get("host");
  if ((host === undefined && !old) || host?.includes(",")) throw new BadRequest(400, "exactly one Host is needed");
  const connection = (headers.get("connection") ?? "").toLowerCase().split(",").map((word) => word.trim());
  return {
    method,
    target,
    headers,
    body: bodyLength(headers, old),
    keepAlive: old ? connection.includes("keep-alive") : !connection.includes("close"),
    old,
    expectsContinue: expectsContinue(headers, old),
  };
}

function readFields(lines: readonly string[]): Map<string, string> {
  if (lines.length > MAX_FIELDS) throw new BadRequest(431, `more than ${MAX_FIELDS} header fields`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    // RFC 9112 sections 5.1 and 5.2: no space before the colon, no folded lines.
    if (!TOKEN.test(name) || CONTROL.test(value)) throw new BadRequest(400, "a header field is malformed");
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** RFC 9112 section 6.3: whatever could be read in two ways is refused. */
function bodyLength(headers: ReadonlyMap<string, string>, old: boolean): BodyLength {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined || old) throw new BadRequest(400, "the length of the body is ambiguous");
    if (coding.toLowerCase() !== "chunked") throw new BadRequest(501, "the only transfer coding known is chunked");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!/^\d{1,15}$/.test(length)) throw new BadRequest(400, "Content-Length is not a number");
  return Number(length) === 0 ? { kind: "none" } : { kind: "length", length: Number(length) };
}

function expectsContinue(headers: ReadonlyMap<string, string>, old: boolean): boolean {
  const expect = headers.get("expect");
  if (expect === undefined || old) return false;
  if (expect.toLowerCase() !== "100-continue") throw new BadRequest(417, "nothing but 100-continue can be expected");
  return true;
}

/** Sizes of a chunked body's chunks are at most this long a line, extensions included. */
export const MAX_CHUNK_LINE = 256;

/**
 * The size that a chunk's first line announces (RFC 9112 section 7.1); extensions are passed over.
 * @throws {BadRequest} when it is malformed
 */
export function parseChunkSize(line: string): number {
  const match = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(line);
  if (match === null || CONTROL.test(line)) throw new BadRequest(400, "the size of a chunk is malformed");
  return parseInt(match[1]!, 16);
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  206: "Partial Content",
  304: "Not Modified",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** Header fields of a response; names are written as they stand here. */
export type ResponseFields = Readonly<Record<string, string>>;

/** A response's head, with the empty line that ends it. */
export function formatHead(status: number, fields: ResponseFields): string {
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`;
  for (const name in fields) text += `${name}: ${fields[name]}\r\n`;
  return text + "\r\n";
}
