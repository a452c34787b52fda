/** Waits that end. */

type Waiter = PromiseWithResolvers<unknown>;

/** Who waits for a promise: what hangs on the promise itself stays there until it settles, and that may be never. */
const waiting = new WeakMap<Promise<unknown>, Set<Waiter>>();

/** The promise, or the signal's reason if that comes first: a write may wait for the API for ever. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const waiters = waiting.get(promise) ?? begin(promise);
  const waiter: Waiter = Promise.withResolvers();
  waiters.add(waiter);
  const onAbort = () => waiter.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await waiter.promise as T;
  } finally {
    signal.removeEventListener("abort", onAbort);
    waiters.delete(waiter);
  }
}

function begin(promise: Promise<unknown>): Set<Waiter> {
  const waiters = new Set<Waiter>();
  waiting.set(promise, waiters);
  const settle = (tell: (waiter: Waiter) => void) => {
    waiting.delete(promise);
    waiters.forEach(tell);
  };
  promise.then(
    (value) => settle(({ resolve }) => resolve(value)),
    (error) => settle(({ reject }) => reject(error)),
  );
  return waiters;
}
