/** How often each of many may ask for something that costs time which is everybody's. */

/** Limits of a {@link RequestRate}. */
export interface RequestRateOptions {
  /** Requests at once after a quiet time. */
  readonly burst: number;
  /** Requests a second after that. */
  readonly perSecond: number;
}

/** A rate for each key; what is kept of a key is forgotten when it may have its whole burst again. */
export class RequestRate {
  readonly #everyMs: number;
  readonly #burstMs: number;
  /** When a key may have its whole burst again; the key that asked last is the last. */
  readonly #wholeAtMs = new Map<string, number>();

  /** Nobody has asked yet. */
  constructor({ burst, perSecond }: RequestRateOptions) {
    this.#everyMs = 1000 / perSecond;
    this.#burstMs = burst * this.#everyMs;
  }

  /** Whether a key may have a request now; one that may not counts for nothing. */
  take(key: string, nowMs: number): boolean {
    // A clock that was set back must not keep anybody away for longer than a burst takes.
    const before = Math.min(this.#wholeAtMs.get(key) ?? 0, nowMs + this.#burstMs);
    const wholeAtMs = Math.max(nowMs, before) + this.#everyMs;
    if (wholeAtMs > nowMs + this.#burstMs) {
      this.#wholeAtMs.set(key, before);
      return false;
    }
    this.#wholeAtMs.delete(key);
    this.#wholeAtMs.set(key, wholeAtMs);
    for (const [oldest, atMs] of this.#wholeAtMs) {
      if (atMs > nowMs) break;
      this.#wholeAtMs.delete(oldest);
    }
    return true;
  }

  /** Keys of which something is kept. */
  get size(): number {
    return this.#wholeAtMs.size;
  }
}
