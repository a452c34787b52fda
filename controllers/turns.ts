/** Turns at something that costs time which is everybody's. */

/** Gives out turns, in the order they are asked for, with a pause between two of them. */
export class Turns {
  readonly #pause: () => Promise<void>;
  #last = Promise.resolve();

  /**
   * Nobody has had a turn yet.
   * @param pause a timer's: messages of a port are handed out in one go, before any socket is looked at
   */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** Resolves when it is one's turn, which lasts until the event loop is given back. */
  next(): Promise<void> {
    const turn = this.#last;
    this.#last = turn.then(this.#pause);
    return turn;
  }
}
