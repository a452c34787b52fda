/** What the layers of the client hand each other: a request, its answer, and whatever carries them. */

/** One HTTP request to a BMC. */
export interface Ask {
  /** What to do. */
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path on the BMC, from its first slash. */
  readonly path: string;
  /** Besides those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** One HTTP answer, read to its end. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; as far as it came, where an answer that is an error broke off. */
  readonly text: string;
}

/** Carries requests to one BMC, one at a time. */
export interface Wire {
  /** `https://HOST[:PORT]`. */
  readonly origin: string;
  /** Of the certificate that the BMC showed; undefined before it was first spoken to. */
  readonly fingerprint: string | undefined;
  /**
   * Sends one request, once.
   * @throws {BmcError} when there is no answer; with the signal's reason when it aborts
   */
  ask(ask: Ask, signal: AbortSignal): Promise<Answer>;
  /** Closes the connection. */
  close(): void;
}

/**
 * The same wire for whoever may change something only at times. A call is several requests, so it is asked right before each
 * that logs in or changes the system; reading and logging out harm nobody.
 * @param check throws where it may not be sent
 */
export function checked(check: () => void, wire: Wire): Wire {
  return {
    get origin() {
      return wire.origin;
    },
    get fingerprint() {
      return wire.fingerprint;
    },
    // deno-lint-ignore require-await -- what check() throws is the answer
    async ask(ask, signal) {
      if (ask.method === "POST" || ask.method === "PATCH") check();
      return wire.ask(ask, signal);
    },
    close: () => wire.close(),
  };
}
