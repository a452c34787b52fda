/** What one rendering may cost: templates come from a registry, and nothing may hang or fill the memory. */

/** What one rendering may use. */
export interface Limits {
  /** How much may be written. @default 8 MiB */
  readonly maxOutputBytes?: number;
  /**
   * Nodes executed, rounds of a range, and 16 bytes of text made or compared each count one.
   * @default 250,000, some tenths of a second at worst
   */
  readonly maxSteps?: number;
  /** How deep templates may call each other. @default 500 */
  readonly maxDepth?: number;
}

/** A limit that was passed; the message says which. */
export class LimitError extends Error {
  override name = "LimitError";
}

const BYTES_A_STEP = 16;

/** Counts what a rendering costs. */
export class Budget {
  readonly maxOutputBytes: number;
  readonly maxSteps: number;
  readonly maxDepth: number;
  #left: number;

  /** Starts with nothing spent. */
  constructor({ maxOutputBytes = 8 << 20, maxSteps = 250_000, maxDepth = 500 }: Limits = {}) {
    this.maxOutputBytes = maxOutputBytes;
    this.maxSteps = this.#left = maxSteps;
    this.maxDepth = maxDepth;
  }

  /**
   * Counts steps.
   * @throws {LimitError} when there were too many
   */
  step(count = 1): void {
    this.#left -= count;
    if (this.#left < 0) throw new LimitError(`needs more than ${this.maxSteps} steps`);
  }

  /**
   * Counts bytes handled by a function.
   * @throws {LimitError} when there were too many
   */
  bytes(count: number): void {
    if (count >= BYTES_A_STEP) this.step(Math.trunc(count / BYTES_A_STEP));
  }
}
