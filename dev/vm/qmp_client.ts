/** QEMU's control socket (QMP): JSON, one message a line; answers carry the id of their command. */

/** An event that QEMU tells of by itself. */
export interface QmpEvent {
  /** `RESET`, `SHUTDOWN`. */
  readonly event: string;
  /** What belongs to it. */
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Message extends Partial<QmpEvent> {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

interface Waiter {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** QEMU's messages are below 64 KiB for the commands that are used here. */
const MAX_MESSAGE = 1 << 20;

/** A connection to a running QEMU. */
export class QmpClient implements AsyncDisposable {
  readonly #connection: Deno.UnixConn;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #waiting = new Map<number, Waiter>();
  readonly #pump: Promise<void>;
  #isOpen = true;
  #lastId = 0;

  /** Reads what QEMU sends from now on. @param onEvent told of events */
  constructor(connection: Deno.UnixConn, onEvent: (event: QmpEvent) => void) {
    this.#connection = connection;
    this.#onEvent = onEvent;
    this.#pump = this.#read();
  }

  /** Leaves the negotiation in which QEMU takes no other command. */
  async negotiate(): Promise<void> {
    await this.execute("qmp_capabilities");
  }

  async #read(): Promise<void> {
    try {
      let text = "";
      for await (const piece of this.#connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (text + piece).split("\n");
        text = lines.pop()!;
        if (text.length > MAX_MESSAGE) throw new Error("QEMU sends an endless QMP message");
        for (const line of lines) this.#take(JSON.parse(line));
      }
    } catch {
      // A connection that breaks is closed: those who wait are told below.
    }
    this.#isOpen = false;
    for (const { command, reject } of this.#waiting.values()) reject(closed(command));
    this.#waiting.clear();
  }

  #take(message: Message): void {
    if (message.event !== undefined) return this.#onEvent(message as QmpEvent);
    const waiter = this.#waiting.get(message.id ?? 0);
    if (waiter === undefined) return;
    this.#waiting.delete(message.id!);
    const { error } = message;
    if (error === undefined) waiter.resolve(message.return);
    else waiter.reject(new Error(`QMP ${waiter.command}: ${error.class}: ${error.desc}`));
  }

  /**
   * Runs a command and gives what it returns.
   * @throws when QEMU answers with an error, or has ended
   */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (!this.#isOpen) throw closed(command);
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { command, resolve, reject }));
    const request = new TextEncoder().encode(JSON.stringify({ execute: command, arguments: args, id }) + "\n");
    const sent = (async () => {
      for (let at = 0; at < request.length;) at += await this.#connection.write(request.subarray(at));
    })();
    const [value] = await Promise.all([answer, sent]);
    return value;
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // QEMU has closed it.
    }
    await this.#pump;
  }
}

function closed(command: string): Error {
  return new Error(`QMP ${command}: QEMU has closed its QMP socket`);
}
