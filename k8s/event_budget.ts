/** How many events one object may cause: a burst, then one every few minutes, as `kubectl` users know it from other controllers. */

/** Events at once about an object that was quiet. */
const BURST = 25;
/** Of them so many are kept for warnings: what goes on as usual must not use up what tells of trouble. */
const FOR_WARNINGS = 5;
/** One more comes back after this time. */
export const REFILL_MS = 5 * 60_000;
/** Objects that are remembered; one that is forgotten has its burst again. */
const MAX_OBJECTS = 4096;

/** A token bucket for each object. */
export class EventBudget {
  /** The one that was asked for longest ago comes first. */
  readonly #objects = new Map<string, { readonly tokens: number; readonly atMs: number }>();

  /** Whether an event about an object may be written now; one that may is counted. */
  take(object: string, isWarning: boolean, nowMs: number): boolean {
    const known = this.#objects.get(object);
    const refilled = known === undefined ? BURST : known.tokens + Math.max(0, nowMs - known.atMs) / REFILL_MS;
    const tokens = Math.min(BURST, refilled);
    const isFree = tokens >= (isWarning ? 1 : FOR_WARNINGS + 1);
    this.#objects.delete(object);
    this.#objects.set(object, { tokens: isFree ? tokens - 1 : tokens, atMs: nowMs });
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= MAX_OBJECTS) break;
      this.#objects.delete(oldest);
    }
    return isFree;
  }
}
