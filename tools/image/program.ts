/** Programs of this machine that the image is made with. */

/** A program that the image needs is missing or has failed; the message is for whoever builds. */
export class BuildError extends Error {
  /** The class, in logs. */
  override name = "BuildError";
}

/** Where a program runs. */
export interface RunOptions {
  /** Its folder. @default this program's own */
  readonly cwd?: string;
}

/**
 * Runs a program to its end; its standard output.
 * @throws BuildError with the end of what it wrote
 */
export async function run(program: string, args: readonly string[], { cwd }: RunOptions = {}): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null", ...(cwd === undefined ? {} : { cwd }) });
  const { code, stdout, stderr } = await command.output().catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw new BuildError(`${program} is not installed`);
    throw error;
  });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code === 0) return text(stdout);
  throw new BuildError(`${program} failed with code ${code}: ${(text(stdout) + text(stderr)).trim().slice(-2000)}`);
}
