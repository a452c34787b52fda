/** Which sessions of a BMC end because nobody uses them, as its SessionService announces (SessionTimeout): pure. */

/** Tokens by the ids of their sessions. */
export type Sessions = Readonly<Record<string, string>>;

/** When each session was used last. */
export class SessionTimes {
  readonly #timeoutMs: number;
  /** By token. */
  #usedMs: ReadonlyMap<string, number> = new Map();

  /** Of no sessions yet. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Those that have been used lately. */
  live(sessions: Sessions, nowMs: number): Sessions {
    const isLive = (token: string) => nowMs - (this.#usedMs.get(token) ?? nowMs) < this.#timeoutMs;
    return Object.fromEntries(Object.entries(sessions).filter(([, token]) => isLive(token)));
  }

  /** Takes note of those that are new, of the one whose token came with a request, and of those that have ended. */
  note(sessions: Sessions, used: string | undefined, nowMs: number): void {
    const before = this.#usedMs;
    this.#usedMs = new Map(
      Object.values(sessions).map((token) => [token, token === used ? nowMs : before.get(token) ?? nowMs]),
    );
  }
}
