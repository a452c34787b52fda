import { equal, rejects } from "node:assert/strict";
import { unlessAborted } from "./unless_aborted.ts";

Deno.test("unlessAborted() gives what the promise does, also to those that ask when it has settled", async () => {
  const { signal } = new AbortController();
  const { promise, resolve } = Promise.withResolvers<number>();
  const waits = [unlessAborted(promise, signal), unlessAborted(promise, signal)];
  resolve(7);
  for (const wait of [...waits, unlessAborted(promise, signal)]) equal(await wait, 7);
  const broken = Promise.reject(new Error("broken"));
  await rejects(unlessAborted(broken, signal), /broken/);
  await rejects(unlessAborted(broken, signal), /broken/);
});

Deno.test("unlessAborted() ends with the signal, and leaves nothing on a promise that may never settle", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let hung = 0;
  const then = promise.then.bind(promise);
  promise.then = (...reactions: Parameters<typeof then>) => (hung++, then(...reactions)) as never;
  for (let i = 0; i < 100; i++) {
    const end = new AbortController();
    const wait = unlessAborted(promise, end.signal);
    end.abort(new Error("its time is over"));
    await rejects(wait, /its time is over/);
  }
  await rejects(unlessAborted(promise, AbortSignal.abort(new Error("before"))), /before/);
  equal(hung, 1);
  const wait = unlessAborted(promise, new AbortController().signal);
  resolve(7);
  equal(await wait, 7);
});
