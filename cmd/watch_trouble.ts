/** Trouble with a watch, for whoever waits at a prompt. */
import type { LogFields, Logger } from "../base/log.ts";

/** What the watch logs, said to an operator: trouble with the cluster is waited out, refusals are not. */
export class WatchTrouble implements Logger {
  readonly #say: (line: string) => void;
  readonly #refused: (line: string) => void;

  /** Says trouble that is waited out to the one, refusals to the other. */
  constructor(say: (line: string) => void, refused: (line: string) => void) {
    this.#say = say;
    this.#refused = refused;
  }

  /** All levels. */
  enabled(): boolean {
    return true;
  }

  /** Not for operators. */
  debug(): void {}

  /** It is over. */
  info(message: string): void {
    this.#say(`! ${message}`);
  }

  /** It is waited out. */
  warn(message: string, { error }: LogFields = {}): void {
    this.#say(`! ${message}${error instanceof Error ? `: ${error.message}` : ""}`);
  }

  /** Nothing will come of it. */
  error(message: string, { error }: LogFields = {}): void {
    this.#refused(`${message}${error instanceof Error ? `: ${error.message}` : ""}`);
  }

  /** Fields are not shown. */
  with(): Logger {
    return this;
  }
}
