/** How many log lines a source of lines may write: strangers decide how many packets there are, not how many lines. */

/** Limits of a {@link LineBudget}. */
export interface LineBudgetOptions {
  /** Lines at once after a quiet time. */
  readonly burst: number;
  /** Lines a second after that. */
  readonly perSecond: number;
}

/** A token bucket that counts what it held back. */
export class LineBudget {
  readonly #options: LineBudgetOptions;
  #tokens: number;
  #lastMs = 0;
  #heldBack = 0;

  /** @param options the limits */
  constructor(options: LineBudgetOptions) {
    this.#options = options;
    this.#tokens = options.burst;
  }

  /** Whether a line may be written now; one that may not is counted. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#options;
    const elapsed = Math.max(0, nowMs - this.#lastMs);
    this.#tokens = Math.min(burst, this.#tokens + elapsed / 1000 * perSecond);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) {
      this.#heldBack++;
      return false;
    }
    this.#tokens--;
    return true;
  }

  /** Lines held back since the last call, for the next line to tell; undefined when none were. */
  heldBack(): number | undefined {
    const count = this.#heldBack;
    this.#heldBack = 0;
    return count === 0 ? undefined : count;
  }
}
