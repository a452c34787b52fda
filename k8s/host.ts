/** What the machine holds that a connection is made from: environment, files, programs. */
import { ConfigError } from "./errors.ts";

/** How a program is run. */
export interface RunOptions {
  /** Its arguments. */
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets it ask on our terminal. */
  readonly interactive: boolean;
  /** It is ended after this time. */
  readonly timeoutMs: number;
}

/** How a program ended. */
export interface RunResult {
  /** Exit code. */
  readonly code: number;
  /** What it printed, at most 1 MiB. */
  readonly stdout: string;
}

/** The machine, as a parameter. */
export interface Host {
  /** An environment variable; empty counts as absent. */
  env(name: string): string | undefined;
  /**
   * A file's text; undefined when there is no such file.
   * @throws {ConfigError} when it cannot be read or is longer than `maxBytes`
   */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** Whether standard input is a terminal. */
  isTerminal(): boolean;
  /**
   * Runs a program to its end; undefined when there is none of that name.
   * @throws {ConfigError} when it may not be run or takes too long
   */
  run(command: string, options: RunOptions): Promise<RunResult | undefined>;
}

const MAX_OUTPUT = 1024 * 1024;

/** At most `limit` bytes of a stream as text; undefined when it holds more. */
async function readAtMost(stream: ReadableStream<Uint8Array>, limit: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > limit) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** This machine. */
export const systemHost: Host = {
  env: (name) => Deno.env.get(name) || undefined,
  isTerminal: () => Deno.stdin.isTerminal(),
  async readText(path, maxBytes) {
    try {
      const file = await Deno.open(path);
      const text = await readAtMost(file.readable, maxBytes);
      if (text === undefined) throw new ConfigError(`${path}: longer than the ${maxBytes} bytes that are accepted`);
      return text;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
    }
  },
  async run(command, { args, env, interactive, timeoutMs }) {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const child = new Deno.Command(command, {
        args: [...args],
        env: { ...env },
        stdin: interactive ? "inherit" : "null",
        stdout: "piped",
        stderr: "inherit",
        signal: limit,
      }).spawn();
      const [{ code }, stdout] = await Promise.all([child.status, readAtMost(child.stdout, MAX_OUTPUT)]);
      if (stdout === undefined) throw new ConfigError(`${command}: printed more than ${MAX_OUTPUT} bytes`);
      if (limit.aborted) throw new ConfigError(`${command}: not done after ${timeoutMs / 1000} s, ended`);
      return { code, stdout };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`${command}: cannot be run: ${(error as Error).message}`);
    }
  },
};
