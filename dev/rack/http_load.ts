/** Loads over HTTP: a boot file as firmware does, a small text, a disk image that survives broken connections. */
import { LoadError } from "./load_error.ts";
import { type Power, Stopped } from "./power.ts";
import { Watchdog } from "./watchdog.ts";
import type { HttpHead, HttpRequest } from "./wire.ts";

/** Who asks, as the User-Agent. */
export const AGENT = {
  firmware: "UefiHttpBoot/1.0",
  grub: "GRUB 2.06-13+deb12u2",
  installer: "curl/7.88.1",
  cloudInit: "Cloud-Init/22.4.2",
  agent: "Go-http-client/1.1",
} as const;

/** Takes a file's bytes. */
export interface Receiver {
  /** The next bytes in order; valid during the call only. */
  take(bytes: Uint8Array): void;
  /** What was taken counts for nothing: the file comes from its beginning. */
  restart(): void;
}

/** A connection on which nothing moves for so long is given up. */
const QUIET_MS = 30_000;
const MAX_TEXT = 1 << 20;
/** Of a refusal, so much is shown. */
const MAX_REASON = 300;
const MAX_FILE = 2 ** 40;

/** A request; what ends it is the machine's power and time-outs. */
export type Ask = Omit<HttpRequest, "signal">;

/** Why a request ends that is over, or on which nothing moves. */
const OVER = "the request is over";

/** Asks, and hands over the body piece by piece; resolves at its end. */
async function exchange(
  power: Power,
  ask: Ask,
  onHead: (response: HttpHead) => (piece: Uint8Array) => void,
): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([power.signal, ended.signal]);
  let quiet = false;
  await using watchdog = new Watchdog(power.clock, QUIET_MS, () => {
    quiet = true;
    ended.abort(OVER);
  });
  try {
    await power.wire.http({ ...ask, signal }, (head) => {
      const take = onHead(head);
      return (piece) => {
        watchdog.touch();
        take(piece);
      };
    });
  } catch (error) {
    power.signal.throwIfAborted();
    if (error instanceof LoadError || error instanceof Stopped) throw error;
    const why = quiet
      ? `nothing came for ${QUIET_MS / 1000} s`
      : error instanceof Error
      ? error.message
      : String(error);
    throw failure(ask, why, "silent");
  } finally {
    ended.abort(OVER);
  }
}

function failure({ method, url }: Ask, reason: string, kind: LoadError["kind"]): LoadError {
  return new LoadError(`${method} ${url}: ${reason}`, kind, reason);
}

function lengthOf(response: HttpHead): number | undefined {
  const text = response.headers.get("content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A response with its text. */
export interface TextAnswer {
  /** As on the wire. */
  readonly status: number;
  /** Of at most 1 MiB. */
  readonly text: string;
}

/**
 * Asks for something small.
 * @throws {LoadError} when no complete answer comes, or too much
 */
export async function askText(power: Power, ask: Ask): Promise<TextAnswer> {
  let status = 0;
  let size = 0;
  let length: number | undefined;
  const pieces: Uint8Array[] = [];
  await exchange(power, ask, (response) => {
    status = response.status;
    length = ask.method === "HEAD" ? 0 : lengthOf(response);
    return (piece) => {
      size += piece.length;
      if (size > MAX_TEXT) throw failure(ask, `more than ${MAX_TEXT} bytes came`, "refused");
      pieces.push(piece.slice());
    };
  });
  if (length !== undefined && size !== length) throw failure(ask, `${size} of ${length} bytes came`, "silent");
  return { status, text: new TextDecoder().decode(join(pieces, size)) };
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The error for a status that is not a success; the body's first line says why. */
export function statusError(ask: Ask, status: number, text: string): LoadError {
  const line = text.trim().split("\n", 1)[0]!.slice(0, MAX_REASON);
  const reason = `HTTP ${status}${line === "" ? "" : `, ${line}`}`;
  return failure(ask, reason, status === 404 ? "missing" : "refused");
}

/**
 * Loads a file in one go; resolves to its size.
 * @throws {LoadError} when it cannot be had whole
 */
export async function loadOverHttp(
  power: Power,
  url: string,
  { agent, sink }: { readonly agent: string; readonly sink: (piece: Uint8Array) => void },
): Promise<number> {
  const ask: Ask = { method: "GET", url, headers: headersFor(url, agent) };
  const body = new Body(power, ask, { take: sink, restart: () => {} });
  await exchange(power, ask, (response) => body.begin(response));
  body.end();
  if (body.total === undefined) throw failure(ask, "the answer has no Content-Length", "refused");
  return body.received;
}

/** Host comes first, as firmware and GRUB send it. */
function headersFor(url: string, agent: string): Record<string, string> {
  if (!URL.canParse(url)) throw new LoadError(`${url} is not a URL`, "refused", "it is not a URL");
  return { Host: new URL(url).host, Accept: "*/*", "User-Agent": agent };
}

/** Size of a file, as UEFI HTTP boot asks for it before it loads. @throws {LoadError} */
export async function sizeOverHttp(power: Power, url: string, agent: string): Promise<number> {
  const ask: Ask = { method: "HEAD", url, headers: headersFor(url, agent) };
  let size: number | undefined;
  let status = 0;
  await exchange(power, ask, (response) => {
    status = response.status;
    size = lengthOf(response);
    return () => {};
  });
  if (status !== 200) throw statusError(ask, status, "");
  if (size === undefined) throw failure(ask, "could not retrieve the file's size (no Content-Length)", "refused");
  return size;
}

/** A file that comes in one or several answers. */
class Body {
  readonly #power: Power;
  readonly #ask: Ask;
  readonly #receiver: Receiver;
  #etag: string | undefined;
  #status = 0;
  #accepted = false;
  #refusal = "";
  /** Bytes taken. */
  received = 0;
  /** Bytes in all, as far as anybody said. */
  total: number | undefined;
  /** What a 503 asks for. */
  retryAfterMs = 0;

  constructor(power: Power, ask: Ask, receiver: Receiver) {
    this.#power = power;
    this.#ask = ask;
    this.#receiver = receiver;
  }

  /** The request for what is missing (RFC 9110 sections 13.1.5 and 14.2). */
  get next(): Ask {
    if (this.received === 0) return this.#ask;
    const headers: Record<string, string> = { ...this.#ask.headers, Range: `bytes=${this.received}-` };
    if (this.#etag !== undefined) headers["If-Range"] = this.#etag;
    return { ...this.#ask, headers };
  }

  begin(response: HttpHead): (piece: Uint8Array) => void {
    this.#status = response.status;
    this.#refusal = "";
    this.retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1000 || 0;
    this.#accepted = response.status === 200 || response.status === 206 && this.#continues(response);
    if (!this.#accepted) return this.#refused;
    if (response.status === 206) return this.#take;
    if (this.received > 0) this.#receiver.restart();
    this.received = 0;
    this.total = lengthOf(response);
    this.#etag = response.headers.get("etag");
    return this.#take;
  }

  #continues(response: HttpHead): boolean {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
    return Number(range?.[1]) === this.received && Number(range?.[2]) === this.total;
  }

  readonly #take = (piece: Uint8Array): void => {
    this.received += piece.length;
    if (this.received > MAX_FILE) throw failure(this.#ask, "it is larger than the disk (1 TiB)", "refused");
    this.#receiver.take(piece);
    this.#power.progress(this.received, this.total);
  };

  readonly #refused = (piece: Uint8Array): void => {
    if (this.#refusal.length < MAX_REASON) this.#refusal += new TextDecoder().decode(piece);
  };

  /** @throws {LoadError} when the answer was none, or is not whole */
  end(): void {
    if (this.#status === 206 && !this.#accepted) {
      throw failure(this.#ask, "the server sent another part than was asked for", "refused");
    }
    if (!this.#accepted) throw statusError(this.#ask, this.#status, this.#refusal);
    if (this.total !== undefined && this.received < this.total) {
      throw failure(this.#ask, `the connection ended at ${this.received} of ${this.total} bytes`, "silent");
    }
  }

  /** The server says that it will have the file later. */
  get later(): boolean {
    return this.#status === 503;
  }
}

/** So often in a row without a new byte, then it gives up. */
const TRIES = 5;
/** So often it lets itself be put off by a 503. */
const TRIES_LATER = 60;

/**
 * Loads a large file; a broken connection is taken up again where it broke.
 * @throws {LoadError} when it cannot be had
 */
export async function download(power: Power, url: string, receiver: Receiver): Promise<number> {
  const body = new Body(power, { method: "GET", url, headers: headersFor(url, AGENT.installer) }, receiver);
  let failures = 0;
  let later = 0;
  for (;;) {
    const before = body.received;
    try {
      await exchange(power, body.next, (response) => body.begin(response));
      body.end();
      return body.received;
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      if (body.later && ++later < TRIES_LATER) {
        await power.wait(Math.min(30_000, Math.max(1000, body.retryAfterMs)));
        continue;
      }
      if (error.kind !== "silent") throw error;
      failures = body.received > before ? 0 : failures + 1;
      if (failures === TRIES) throw error;
      await power.wait(1000 * 2 ** failures);
    }
  }
}
