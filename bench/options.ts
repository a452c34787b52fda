/** The command line of `deno task bench`. */

/** What can be measured alone. */
export const AREAS = ["dhcp", "tftp", "http", "image", "memory", "redfish", "dev", "attest", "plugin", "pack"] as const;

/** One of {@link AREAS}. */
export type Area = typeof AREAS[number];

/** A checked command line. */
export interface BenchOptions {
  /** In the order of {@link AREAS}, none twice. */
  readonly areas: readonly Area[];
  /** Short runs over small data, to see that everything works; the numbers say little. */
  readonly quick: boolean;
  /** A table, or everything as one JSON object. */
  readonly output: "text" | "json";
}

/** How to call it. */
const USAGE = `usage: deno task bench [--quick] [-o text|json] [${AREAS.join("|")} ...]`;

/** The command line is wrong; the message says what was wanted. */
export class BenchUsageError extends Error {
  /** The class's name. */
  override readonly name = "BenchUsageError";
}

function isArea(word: string): word is Area {
  return (AREAS as readonly string[]).includes(word);
}

/**
 * Reads the arguments; no area means all of them.
 * @throws {BenchUsageError}
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const wanted = new Set<Area>();
  let quick = false;
  let output: BenchOptions["output"] = "text";
  const rest = args.flatMap((arg) => /^(-o|--output)=/.test(arg) ? ["-o", arg.slice(arg.indexOf("=") + 1)] : [arg]);
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === "--quick") quick = true;
    else if (word === "-o" || word === "--output") {
      const value = rest.shift();
      if (value !== "text" && value !== "json") throw new BenchUsageError(`-o wants text or json\n${USAGE}`);
      output = value;
    } else if (isArea(word)) wanted.add(word);
    else throw new BenchUsageError(`unknown argument "${word}"\n${USAGE}`);
  }
  return { areas: AREAS.filter((area) => wanted.size === 0 || wanted.has(area)), quick, output };
}
