/** How long to wait before the next try. */

/** Shape of the waits. */
export interface BackoffOptions {
  /** Wait after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
  /** Share of the wait that is random, 0 to 1, so that many clients do not return together. @default 0.5 */
  readonly jitter?: number;
}

/**
 * The wait after the `failures`-th failure in a row (from 1): doubled each time up to the limit.
 * @param random a number in [0, 1), passed in
 */
export function backoffMs(failures: number, { baseMs, maxMs, jitter = 0.5 }: BackoffOptions, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - jitter * random));
}
