/** Bounds log lines that anybody on the network can cause, so that a flood does not fill the disk. */

/** So many lines a second; the next one that is written says how many were not. */
export class LineLimit {
  readonly #perSecond: number;
  #second = -1;
  #written = 0;
  #suppressed = 0;

  /** Allows `perSecond` lines in each second of the caller's clock. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Undefined when the line is not to be written; else the fields to add to it. */
  take(nowMs: number): { suppressed?: number } | undefined {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#written = 0;
    this.#second = second;
    if (this.#written === this.#perSecond) {
      this.#suppressed++;
      return undefined;
    }
    this.#written++;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed === 0 ? {} : { suppressed };
  }
}
