/** Bodies in pieces: those of requests with limits of time, those of responses from files. */
import type { ByteSpan } from "../../pxe/http/file_response.ts";
import { Refusal } from "./refusal.ts";

/** How long a request's body may take. */
export interface BodyTimes {
  /** For its next piece. @default 30 s */
  readonly idleMs?: number;
  /** For all of it. @default an hour */
  readonly totalMs?: number;
  /** Ends it: the server is ending. */
  readonly signal?: AbortSignal;
}

const IDLE_MS = 30_000;
const TOTAL_MS = 3_600_000;
const READ_BYTES = 256 * 1024;

/** The pieces of a request's body. @throws {Refusal} when it takes too long or ends early */
export async function* bodyPieces(
  body: ReadableStream<Uint8Array> | null,
  { idleMs = IDLE_MS, totalMs = TOTAL_MS, signal }: BodyTimes = {},
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let why = "the body ended early";
  const stop = (reason: string) => {
    why = reason;
    reader.cancel(reason).catch(() => {});
  };
  const onAbort = () => stop("the registry is ending");
  signal?.addEventListener("abort", onAbort);
  const total = setTimeout(stop, totalMs, `the body took more than ${totalMs / 1000} s`);
  let idle: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  try {
    while (!ended) {
      idle = setTimeout(stop, idleMs, `nothing of the body came for ${idleMs / 1000} s`);
      const piece = await reader.read();
      clearTimeout(idle);
      // A body that was given up ends like a whole one.
      if (why !== "the body ended early") throw new Error(why);
      ended = piece.done;
      if (!piece.done) yield piece.value;
    }
  } catch {
    throw new Refusal(408, "BLOB_UPLOAD_INVALID", `${why}; send the rest again`);
  } finally {
    clearTimeout(idle);
    clearTimeout(total);
    signal?.removeEventListener("abort", onAbort);
    if (!ended) await reader.cancel().catch(() => {});
  }
}

/** A small body whole. @throws {Refusal} when it is longer than `maxBytes` */
export async function wholeBody(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  times: BodyTimes = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bodyPieces(body, times)) {
    size += piece.length;
    if (size > maxBytes) throw new Refusal(413, "SIZE_INVALID", `manifests have at most ${maxBytes} bytes here`);
    pieces.push(piece);
  }
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Part of a file as a response's body. The file is open until the stream ends or is given up. */
export async function fileStream(path: string, { start, end }: ByteSpan): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  let left = end - start;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const buffer = new Uint8Array(Math.min(left, READ_BYTES));
      const count = left === 0 ? null : await file.read(buffer);
      if (count !== null) {
        left -= count;
        controller.enqueue(buffer.subarray(0, count));
      }
      if (left > 0 && count !== null) return;
      file.close();
      if (left > 0) controller.error(new Error("the file has become shorter"));
      else controller.close();
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
