/** Questions from a worker to the main thread and their answers, over a MessagePort. */
import type { FileAnswer, FileResolver } from "./answer.ts";

/** What the main thread answers: functions of values that can be cloned. */
export type Answerers = Readonly<Record<string, (...args: never[]) => unknown>>;

type Question = readonly [id: number, name: string, args: unknown[]];
type Answer = readonly [id: number, ok: boolean, value: unknown];

/** More questions than this in flight, and the next is refused: main is too busy or gone. */
const MAX_OPEN = 4096;

/** Answers the questions that come in on `port`; an answerer that throws fails only its own question. */
export function answerQuestions(port: MessagePort, answerers: Answerers): void {
  const reply = (answer: Answer) => port.postMessage(answer);
  port.onmessage = ({ data }: MessageEvent<Question>) => {
    const [id, name, args] = data;
    const failed = (error: unknown) => reply([id, false, error instanceof Error ? error.message : String(error)]);
    try {
      const value = answerers[name]!(...args as never[]);
      if (value instanceof Promise) value.then((later) => reply([id, true, later]), failed);
      else reply([id, true, value]);
    } catch (error) {
      failed(error);
    }
  };
}

/** The asking side. */
export class Asker {
  readonly #port: MessagePort;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  /** @param port its other end is given to {@link answerQuestions} */
  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Answer>) => {
      const [id, ok, value] = data;
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (ok) waiting?.resolve(value);
      else waiting?.reject(new Error(String(value)));
    };
  }

  /** Asks; rejects with the answerer's message, or at once when too many questions are open. */
  ask(name: string, ...args: unknown[]): Promise<unknown> {
    if (this.#open.size >= MAX_OPEN) return Promise.reject(new Error("too many questions are open"));
    const id = this.#last = (this.#last + 1) % Number.MAX_SAFE_INTEGER;
    const waiting = Promise.withResolvers<unknown>();
    this.#open.set(id, waiting);
    this.#port.postMessage([id, name, args] satisfies Question);
    return waiting.promise;
  }
}

/** The name under which {@link portResolver} asks. */
export const RESOLVE = "resolve";

/** A resolver that asks the main thread, where {@link RESOLVE} is answered by the real one. */
export function portResolver(asker: Asker): FileResolver {
  return (client, path) => asker.ask(RESOLVE, client, path) as Promise<FileAnswer>;
}
