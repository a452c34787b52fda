/** Runs `docker-credential-NAME get` (docker/docker-credential-helpers). */
import { type Credentials, parseHelperOutput } from "./credentials.ts";
import { CredentialsError } from "./errors.ts";

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 64 * 1024;

/**
 * Asks a helper for a registry's credentials; undefined when it has none.
 * @throws {CredentialsError} when it cannot be run or fails
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  signal?: AbortSignal,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw new CredentialsError(`"${helper}" is no name of a credential helper`);
  const limit = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
  let output: Deno.CommandOutput;
  try {
    const child = new Deno.Command(program, {
      args: ["get"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: limit,
    }).spawn();
    const [out] = await Promise.all([child.output(), tell(child.stdin, server)]);
    output = out;
  } catch (error) {
    throw new CredentialsError(`${program} cannot be run: ${error instanceof Error ? error.message : error}`);
  }
  const text = new TextDecoder().decode(output.stdout.subarray(0, MAX_OUTPUT));
  if (output.success) return parseHelperOutput(text, helper);
  // The helpers' own sentinel; they print it on standard output.
  if (/credentials not found/i.test(text)) return;
  if (limit.aborted) throw new CredentialsError(`${program} has not answered for ${TIMEOUT_MS / 1000} s`);
  const words = new TextDecoder().decode(output.stderr).trim().split("\n")[0]!.slice(0, 200);
  throw new CredentialsError(`${program} failed for ${server} with code ${output.code}: ${words}`);
}

/** A helper may end without reading its input. */
async function tell(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text + "\n"));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}
