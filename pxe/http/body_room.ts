/** How much of requests' bodies is in memory at once: clients decide how many they send, and how slowly. */

/** Bodies up to this size are read in any case: an event of cloud-init is far smaller. */
export const SMALL_BODY: number = 16 * 1024;
/** Larger ones that are read at a time. */
const MAX_LARGE = 16;

/** Room for the bodies of all connections of a thread. */
export class BodyRoom {
  #large = 0;

  /**
   * Has a body read.
   * @param announced its length as the client says it; Infinity when it does not
   * @param maxBytes of this body
   * @param read gets the bytes it may keep: all of them, or few while many large ones are read
   */
  async use<T>(announced: number, maxBytes: number, read: (maxBytes: number) => Promise<T>): Promise<T> {
    if (announced <= SMALL_BODY || this.#large >= MAX_LARGE) return await read(Math.min(SMALL_BODY, maxBytes));
    this.#large++;
    try {
      return await read(maxBytes);
    } finally {
      this.#large--;
    }
  }
}
