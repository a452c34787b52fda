/** The connections of a server that is closed and started again while others are connected to it. */
import type { Server, Socket } from "node:net";

/** Of one server at a time. */
export class Connections {
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #count = 0;

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  /** Those that are open. */
  get open(): readonly Socket[] {
    return [...this.#open];
  }

  /** Notes what this server accepts, and ends it with {@link end}. */
  follow(server: Server): void {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#count++;
      this.#open.add(socket);
      // A client that breaks off is no failure of the server's.
      socket.on("error", () => {});
      socket.on("close", () => this.#open.delete(socket));
    });
  }

  /** Closes the server; its connections end at once. */
  async end(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}
