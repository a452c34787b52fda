/**
 * What a thread of the HTTP server has done, in numbers that another thread reads whenever it likes: they lie in shared
 * memory, so that counting sends no messages and reading disturbs nobody. One thread writes, so a plain number does.
 */

/** What a request can be about; `malformed`: it could not be read. */
export const HTTP_ROUTES = ["file", "cloudinit_log", "pxe_disable", "attest", "healthz", "malformed"] as const;
/** One of them. */
export type HttpRoute = typeof HTTP_ROUTES[number];

/** Statuses that are counted by themselves; any other is `other`. */
export const HTTP_STATUSES = [
  ...["200", "206", "304", "400", "403", "404", "405", "412", "413", "416", "417", "429", "431"],
  ...["500", "501", "503", "505", "other"],
] as const;

/** Upper bounds of the times, in seconds. */
export const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120] as const;

/** An answer, as far as it was sent. */
export interface HttpAnswerFacts {
  /** What it was about. */
  readonly route: HttpRoute;
  readonly status: number;
  /** Sent, head included. */
  readonly bytes: number;
  /** False where the client had enough, or was too slow. */
  readonly whole: boolean;
  /** From the request's head to the last byte. */
  readonly seconds: number;
}

/** Cells: open connections; then for each route a count for each status, bytes, cut answers, times, sum of times. */
const [BYTES, CUT, TIMES] = [HTTP_STATUSES.length, HTTP_STATUSES.length + 1, HTTP_STATUSES.length + 2];
const SUM = TIMES + HTTP_SECONDS.length + 1;
const ROUTE_CELLS = SUM + 1;
const CELLS = 1 + HTTP_ROUTES.length * ROUTE_CELLS;
const STATUS_INDEX = new Map(HTTP_STATUSES.map((status, index) => [status as string, index]));
const ANY_STATUS = STATUS_INDEX.get("other")!;

/** Memory for one thread's counts. */
export function countsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * Float64Array.BYTES_PER_ELEMENT);
}

/** The thread's side. */
export class HttpCounter {
  readonly #cells: Float64Array;

  /** Goes on where the memory's last writer has ended. */
  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Float64Array(memory);
    this.connections(0);
  }

  /** How many are open now. */
  connections(open: number): void {
    this.#cells[0] = open;
  }

  /** Counts an answer. */
  answered({ route, status, bytes, whole, seconds }: HttpAnswerFacts): void {
    const cells = this.#cells;
    const base = 1 + HTTP_ROUTES.indexOf(route) * ROUTE_CELLS;
    cells[base + (STATUS_INDEX.get(String(status)) ?? ANY_STATUS)]! += 1;
    cells[base + BYTES]! += bytes;
    if (!whole) cells[base + CUT]! += 1;
    let bucket = 0;
    while (bucket < HTTP_SECONDS.length && seconds > HTTP_SECONDS[bucket]!) bucket++;
    cells[base + TIMES + bucket]! += 1;
    cells[base + SUM]! += seconds;
  }
}

/** The side of whoever reads: all threads together. */
export class HttpCounts {
  readonly #threads: readonly Float64Array[];

  /** Reads what {@link HttpCounter} writes. */
  constructor(memories: readonly SharedArrayBuffer[]) {
    this.#threads = memories.map((memory) => new Float64Array(memory));
  }

  #at(cell: number): number {
    return this.#threads.reduce((sum, cells) => sum + cells[cell]!, 0);
  }

  #each<T>(read: (route: HttpRoute, base: number) => T): T[] {
    return HTTP_ROUTES.map((route, index) => read(route, 1 + index * ROUTE_CELLS));
  }

  /** Open connections. */
  get connections(): number {
    return this.#at(0);
  }

  /** Answers by route and status, without those that never were. */
  requests(): { labels: [HttpRoute, string]; value: number }[] {
    return this.#each((route, base) =>
      HTTP_STATUSES.map((status, i) => ({ labels: [route, status] as [HttpRoute, string], value: this.#at(base + i) }))
    ).flat().filter(({ value }) => value > 0);
  }

  /** Bytes sent by route. */
  bytes(): { labels: [HttpRoute]; value: number }[] {
    return this.#each((route, base) => ({ labels: [route], value: this.#at(base + BYTES) }));
  }

  /** Answers that were not sent to their end, by route. */
  cut(): { labels: [HttpRoute]; value: number }[] {
    return this.#each((route, base) => ({ labels: [route], value: this.#at(base + CUT) }));
  }

  /** Times by route. */
  times(): { labels: [HttpRoute]; counts: number[]; sum: number }[] {
    return this.#each((route, base) => ({
      labels: [route],
      counts: Array.from({ length: HTTP_SECONDS.length + 1 }, (_, i) => this.#at(base + TIMES + i)),
      sum: this.#at(base + SUM),
    }));
  }
}
