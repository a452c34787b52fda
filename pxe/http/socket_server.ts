/** Accepts connections on a TCP port and ends those whose time is over. */
import { BodyRoom } from "./body_room.ts";
import { Connection, type ObserveRequest } from "./connection.ts";
import type { Handler } from "./message.ts";

/** Counts connections and requests. */
export interface HttpObserver {
  /** So many are open now. */
  connections(open: number): void;
  /** See {@link ObserveRequest}. */
  readonly request: ObserveRequest;
}

/** What a socket server is made of. */
export interface SocketServerOptions {
  readonly listener: Deno.TcpListener;
  readonly handle: Handler;
  /** Connections at a time; beyond it, and for one address beyond three quarters, the longest idle one makes room, and without one the new one is closed. @default 1024 */
  readonly maxConnections?: number;
  /** How often deadlines are looked at. @default 1000 */
  readonly tickMs?: number;
  /** Told what happens. @default nobody is */
  readonly observe?: HttpObserver;
  /** The time in milliseconds, for tests. @default Date.now */
  readonly now?: () => number;
}

/** A pause after a failed accept, as when descriptors have run out. */
const ACCEPT_PAUSE_MS = 100;

/** A running server. */
export class SocketServer implements AsyncDisposable {
  readonly #options: SocketServerOptions;
  readonly #open = new Map<Connection, Deno.TcpConn>();
  readonly #bodies = new BodyRoom();
  readonly #ended = new Set<Promise<void>>();
  readonly #tick: ReturnType<typeof setInterval>;
  readonly #now: () => number;
  #date = "";
  #ending = false;

  /** Accepts from now on. */
  constructor(options: SocketServerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#look();
    this.#tick = setInterval(() => this.#look(), options.tickMs ?? 1000);
    this.#track(this.#accept());
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#open.size;
  }

  #look(): void {
    const now = this.#now();
    this.#date = new Date(now).toUTCString();
    for (const [connection, socket] of this.#open) if (connection.deadline < now) this.#close(connection, socket);
  }

  #track(promise: Promise<void>): void {
    const tracked = promise.finally(() => this.#ended.delete(tracked));
    this.#ended.add(tracked);
  }

  async #accept(): Promise<void> {
    while (!this.#ending) {
      let socket: Deno.TcpConn;
      try {
        socket = await this.#options.listener.accept();
      } catch {
        if (!this.#ending) await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
        continue;
      }
      if (this.#ending || !this.#makeRoom(socket.remoteAddr.hostname)) socket.close();
      else this.#track(this.#serve(socket));
    }
  }

  /** One address may not shut all others out: a quarter of the room is theirs. */
  #makeRoom(peer: string): boolean {
    const limit = this.#options.maxConnections ?? 1024;
    const crowded = this.#open.size >= limit * 3 / 4 && this.#countOf(peer) >= limit * 3 / 4;
    if (!crowded && this.#open.size < limit) return true;
    let oldest: Connection | undefined;
    for (const [connection, { remoteAddr }] of this.#open) {
      if (!connection.idle || (crowded && remoteAddr.hostname !== peer)) continue;
      if (oldest === undefined || connection.deadline < oldest.deadline) oldest = connection;
    }
    if (oldest === undefined) return false;
    this.#close(oldest, this.#open.get(oldest)!);
    return true;
  }

  #countOf(peer: string): number {
    let count = 0;
    for (const { remoteAddr } of this.#open.values()) if (remoteAddr.hostname === peer) count++;
    return count;
  }

  async #serve(socket: Deno.TcpConn): Promise<void> {
    const { handle, observe } = this.#options;
    const common = { handle, bodies: this.#bodies, now: this.#now, date: () => this.#date };
    const observed = observe === undefined ? {} : { observe: observe.request };
    const connection = new Connection({ ...common, ...observed, socket, peer: socket.remoteAddr.hostname });
    this.#open.set(connection, socket);
    observe?.connections(this.#open.size);
    try {
      socket.setNoDelay(true);
      await connection.serve();
    } catch {
      // The client is gone or its time is over: there is nobody to tell.
    } finally {
      this.#close(connection, socket);
    }
  }

  #close(connection: Connection, socket: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    socket.close();
    this.#options.observe?.connections(this.#open.size);
  }

  /** Stops accepting, lets answers that are under way be sent, and resolves when all connections have ended. */
  async shutdown(): Promise<void> {
    this.#stop();
    for (const [connection, socket] of this.#open) {
      connection.end();
      if (connection.idle) this.#close(connection, socket);
    }
    while (this.#ended.size > 0) await Promise.all(this.#ended);
    clearInterval(this.#tick);
  }

  #stop(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#options.listener.close();
  }

  /** Ends everything at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    for (const [connection, socket] of this.#open) this.#close(connection, socket);
    while (this.#ended.size > 0) await Promise.all(this.#ended);
    clearInterval(this.#tick);
  }
}
