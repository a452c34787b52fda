/** A watch on its way out: line by line as the client takes them, until it leaves or the server ends. */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../../base/log.ts";

/** For a client to take a line. */
const STALLED_MS = 60_000;

/** A watch that has been begun. */
export interface BegunWatch {
  /** As they come. */
  readonly lines: AsyncIterable<string>;
  /** Ends {@link lines}. */
  readonly ended: AbortController;
}

/** Resolves when the client has taken what was written, has left, or has had its time. */
function taken(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(() => {
      done();
      response.destroy();
    }, STALLED_MS);
    response.on("drain", done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Sends the lines; the head is out already. Resolves when the watch has given back what it held. */
export async function sendWatch(response: ServerResponse, watch: BegunWatch, log: Logger): Promise<void> {
  const { lines, ended: { signal } } = watch;
  response.on("close", () => watch.ended.abort());
  try {
    for await (const line of lines) {
      if (signal.aborted) break;
      if (!response.write(line)) await taken(response, signal);
    }
  } catch (error) {
    log.error("watch failed in the development API server", { error });
  }
  watch.ended.abort();
  if (response.writable) response.end();
}
