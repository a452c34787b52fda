/** Reads a request's body within limits of size and time. */
import type { Clock } from "../../base/clock.ts";

/** What came of reading a body. */
export type BodyReading =
  | { readonly kind: "text"; readonly text: string }
  /** Larger than allowed; the rest was not read. */
  | { readonly kind: "tooLarge" }
  /** It did not come to its end in time. */
  | { readonly kind: "tooSlow" }
  /** The connection broke. */
  | { readonly kind: "broken" };

/** Limits of {@link readBody}. */
export interface BodyLimits {
  /** Bytes. */
  readonly maxBytes: number;
  /** For all of it, so that a trickle does not hold a connection for ever. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** The body as text; what is not UTF-8 is replaced. */
export async function readBody(request: Request, { maxBytes, timeoutMs, clock }: BodyLimits): Promise<BodyReading> {
  if (Number(request.headers.get("content-length")) > maxBytes) return { kind: "tooLarge" };
  if (request.body === null) return { kind: "text", text: "" };
  const reader = request.body.getReader();
  const end = new AbortController();
  const late = clock.sleep(timeoutMs, { signal: end.signal }).then(() => "late" as const, () => "late" as const);
  try {
    return await collect(reader, late, maxBytes);
  } catch {
    return { kind: "broken" };
  } finally {
    end.abort();
    reader.cancel().catch(() => {});
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: Promise<"late">,
  maxBytes: number,
): Promise<BodyReading> {
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0;;) {
    const next = await Promise.race([reader.read(), late]);
    if (next === "late") return { kind: "tooSlow" };
    if (next.done) return { kind: "text", text: text + decoder.decode() };
    size += next.value.length;
    if (size > maxBytes) return { kind: "tooLarge" };
    text += decoder.decode(next.value, { stream: true });
  }
}
