/** Go's textual durations, as flags and messages use them (`1h30m`, `5m0s`). */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A text that is not a duration. */
export class DurationError extends Error {
  /** The class, in logs. */
  override name = "DurationError";
}

/**
 * Milliseconds of a Go duration such as `300ms`, `1.5h` or `2h45m`; `0` needs no unit.
 * @throws {DurationError} with Go's own wording of what a duration is
 */
export function parseDuration(text: string): number {
  const body = text.replace(/^[+-]/, "");
  if (body === "0") return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/y;
  let ms = 0;
  let at = 0;
  while (at < body.length) {
    part.lastIndex = at;
    const match = part.exec(body);
    if (match === null) throw new DurationError(`invalid duration "${text}" (want for example 90s, 5m or 1h30m)`);
    ms += Number(match[1]) * UNIT_MS[match[2]!]!;
    at = part.lastIndex;
  }
  if (body === "") throw new DurationError(`invalid duration "${text}" (want for example 90s, 5m or 1h30m)`);
  return text.startsWith("-") ? -ms : ms;
}

/** A whole number of milliseconds as Go's `Duration.String` prints it: `5m0s`, `1h0m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0) return "-" + formatDuration(-ms);
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
