/** Questions on the terminal. */

/** Longest answer that is read. */
const MAX_ANSWER = 1024;

/**
 * Asks, and reads a line; undefined where standard input is no terminal.
 * @throws the signal's reason when it aborts first
 */
export async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (!Deno.stdin.isTerminal()) return;
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  write(`${question} `);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => {
    write("\n");
    reject(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const bytes = new Uint8Array(MAX_ANSWER);
    const length = await Promise.race([Deno.stdin.read(bytes), stopped]);
    return new TextDecoder().decode(bytes.subarray(0, length ?? 0)).trim();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
