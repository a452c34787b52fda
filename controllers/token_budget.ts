/** How many tokens a Machine may get: whoever has its TPM must not be able to flood the API server with them. */

const WINDOW_MS = 3_600_000;

/** Room for a number of things per key in any hour. */
export class HourlyBudget {
  readonly #limit: number;
  /** Times of the last hour, oldest first. */
  readonly #taken = new Map<string, number[]>();

  /** Nothing is taken yet. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes one; false when there is none left.
   * @param known how many were taken in the last hour by anybody, as far as it is known elsewhere
   */
  take(key: string, nowMs: number, known = 0): boolean {
    const taken = (this.#taken.get(key) ?? []).filter((ms) => ms > nowMs - WINDOW_MS);
    // At the end: the keys in front are the ones that were not heard of for longest.
    this.#taken.delete(key);
    const isLeft = Math.max(taken.length, known) < this.#limit;
    if (isLeft) taken.push(nowMs);
    if (taken.length > 0) this.#taken.set(key, taken);
    for (const [oldest, times] of this.#taken) {
      if (times.at(-1)! > nowMs - WINDOW_MS) break;
      this.#taken.delete(oldest);
    }
    return isLeft;
  }

  /** Gives one back that came to nothing. */
  giveBack(key: string): void {
    const taken = this.#taken.get(key);
    taken?.pop();
    if (taken?.length === 0) this.#taken.delete(key);
  }
}
