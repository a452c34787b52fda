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

  /** Takes one; false when there is none left. */
  take(key: string, nowMs: number): boolean {
    const taken = (this.#taken.get(key) ?? []).filter((ms) => ms > nowMs - WINDOW_MS);
    // At the end: the keys in front are the ones that were not heard of for longest.
    this.#taken.delete(key);
    this.#taken.set(key, taken);
    for (const [oldest, times] of this.#taken) {
      if ((times.at(-1) ?? nowMs) > nowMs - WINDOW_MS) break;
      this.#taken.delete(oldest);
    }
    if (taken.length >= this.#limit) return false;
    taken.push(nowMs);
    return true;
  }

  /** Gives one back that came to nothing. */
  giveBack(key: string): void {
    this.#taken.get(key)?.pop();
  }
}
