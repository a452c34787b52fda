/** The TFTP server: sockets, files and timers around the pure parts beside it. It knows clients, not Machines. */
import { parseIpv4 } from "../../base/address.ts";
import { LineBudget, type LineBudgetOptions } from "../../base/line_budget.ts";
import type { LogFields, Logger, LogLevel } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { bindError } from "../bind_error.ts";
import { fileSource } from "./file_source.ts";
import { toNetascii } from "./netascii.ts";
import { negotiate, type Terms } from "./options.ts";
import { decodeRequest, encodeError, ErrorCode, type ReadRequest } from "./packet.ts";
import type { TftpObserver } from "./observer.ts";
import { type ByteSource, MemorySource, pieceBytesFor } from "./read_ahead.ts";
import { type Outcome, Session, UNREADABLE } from "./session.ts";

/** What a server is made of. */
export interface TftpServerOptions {
  /** Address to listen on, and to send from; 0.0.0.0 for all. */
  readonly bindAddress: string;
  /** 69 by convention; 0 takes a free one. */
  readonly port: number;
  /** Answers what a path means for a client. */
  readonly resolve: FileResolver;
  /** One line for each request and transfer. */
  readonly log: Logger;
  /** Ends the server at once, transfers included. */
  readonly signal?: AbortSignal;
  /** Requests beyond it are refused. @default 512 */
  readonly maxTransfers?: number;
  /** The same for one client address. @default 16 */
  readonly maxTransfersPerClient?: number;
  /** Told of each request and transfer. @default nobody is */
  readonly observe?: TftpObserver;
  /** Log lines about requests and transfers. @default 4,000 at once, 200 a second */
  readonly lines?: LineBudgetOptions;
}

/** How often deadlines are looked at; retransmissions are this coarse. */
const TICK_MS = 100;
/** Log lines a second about requests that are refused before anybody is asked; a flood must not fill the disk. */
const REFUSAL_LINES = { burst: 20, perSecond: 20 };
/** A thousand machines that boot at once each get their lines; whoever asks again and again does not fill the disk. */
const LINES = { burst: 4000, perSecond: 200 };
/** One byte more than the longest request, so that a longer one is seen to be longer. */
const RECEIVE_BYTES = 513;

/** What can be sent. */
type Content = Extract<FileAnswer, { kind: "file" | "bytes" }>;

/** One accepted request. */
interface Slot {
  /** Tells the same request, sent again, from another one. */
  readonly fingerprint: string;
  readonly peer: Deno.NetAddr;
  /** Missing until the file is found. */
  session?: Session;
}

/**
 * Starts to listen; requests are answered from the return on.
 * @throws {BindError} when it cannot, with what an operator can do about it
 */
export function startTftpServer(options: TftpServerOptions): TftpServer {
  const { bindAddress, port } = options;
  try {
    return new TftpServer(options, Deno.listenDatagram({ transport: "udp", hostname: bindAddress, port }));
  } catch (error) {
    throw bindError(error, { what: "TFTP", protocol: "UDP", address: bindAddress, port, flag: "--tftp-port" });
  }
}

/** A running server. */
export class TftpServer implements AsyncDisposable {
  readonly #options: TftpServerOptions;
  readonly #listener: Deno.DatagramConn;
  readonly #log: Logger;
  readonly #tasks: TaskGroup;
  readonly #refusals = new LineBudget(REFUSAL_LINES);
  readonly #lines: LineBudget;
  readonly #slots = new Set<Slot>();
  readonly #stopAll = () => this.#stop();
  #listening = true;
  #stopped = false;
  #ticker: ReturnType<typeof setInterval> | undefined;

  /** Use {@link startTftpServer}. */
  constructor(options: TftpServerOptions, listener: Deno.DatagramConn) {
    this.#options = options;
    this.#listener = listener;
    this.#log = options.log;
    this.#lines = new LineBudget(options.lines ?? LINES);
    this.#tasks = new TaskGroup(options.log);
    this.#tasks.start("TFTP listener", () => this.#listen());
    if (options.signal?.aborted) this.#stop();
    options.signal?.addEventListener("abort", this.#stopAll, { once: true });
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Transfers that have not ended. */
  get transfers(): number {
    return this.#slots.size;
  }

  /** Accepts nothing more, lets transfers run for up to `timeoutMs`, ends the rest; resolves when all have ended. */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopListening();
    const timer = setTimeout(this.#stopAll, timeoutMs);
    await this.#tasks.idle();
    clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#stopAll);
  }

  /** Ends everything at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.drain(0);
  }

  #stopListening(): void {
    if (this.#listening) this.#listener.close();
    this.#listening = false;
  }

  #stop(): void {
    this.#stopListening();
    this.#stopped = true;
    for (const { session } of this.#slots) {
      if (session !== undefined) this.#tasks.start("TFTP stop", () => session.stop("the server is stopping"));
    }
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    while (this.#listening) {
      try {
        const [packet, from] = await this.#listener.receive(buffer);
        await this.#onRequest(packet, from as Deno.NetAddr);
      } catch (error) {
        if (this.#listening) this.#say("error", "TFTP request lost", { error });
      }
    }
  }

  async #onRequest(packet: Uint8Array, peer: Deno.NetAddr): Promise<void> {
    const request = decodeRequest(packet);
    if (request.kind === "ignore") {
      return this.#log.debug("TFTP packet ignored", { client: peer.hostname, reason: request.reason });
    }
    if (request.kind === "refuse") {
      this.#options.observe?.refused("malformed");
      return await this.#refuse(peer, request.code, request.text);
    }
    const fingerprint = JSON.stringify(request);
    const ofClient = [...this.#slots].filter((slot) => slot.peer.hostname === peer.hostname);
    if (ofClient.some((slot) => slot.peer.port === peer.port && isRepeated(slot, fingerprint))) return;
    const { maxTransfers = 512, maxTransfersPerClient = 16 } = this.#options;
    if (ofClient.length >= maxTransfersPerClient || this.#slots.size >= maxTransfers) {
      const reason = `busy with ${ofClient.length} transfers to this client, ${this.#slots.size} in all; try later`;
      this.#options.observe?.refused("busy");
      return await this.#refuse(peer, ErrorCode.notDefined, reason);
    }
    const slot: Slot = { fingerprint, peer };
    this.#slots.add(slot);
    this.#tasks.start("TFTP transfer", () => this.#serve(slot, request).finally(() => this.#release(slot)));
  }

  #release(slot: Slot): void {
    this.#slots.delete(slot);
    if (this.#slots.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  async #serve(slot: Slot, request: ReadRequest): Promise<void> {
    const { peer } = slot;
    const { observe } = this.#options;
    const fields = { client: peer.hostname, path: request.path };
    const answer = await this.#resolve(peer, request.path);
    if (answer.kind !== "file" && answer.kind !== "bytes") {
      const code = answer.kind === "notFound" ? ErrorCode.fileNotFound : ErrorCode.notDefined;
      observe?.refused(answer.kind);
      await this.#sendError(peer, code, answer.reason);
      const level = answer.kind === "failed" ? "warn" : "info";
      return this.#say(level, "TFTP request refused", { ...fields, outcome: answer.kind, reason: answer.reason });
    }
    const startedMs = performance.now();
    let opened;
    try {
      opened = await this.#open(answer, request, peer);
    } catch (error) {
      observe?.refused("failed");
      await this.#sendError(peer, ErrorCode.notDefined, UNREADABLE);
      return this.#say("error", "TFTP request refused", { ...fields, outcome: "failed", error });
    }
    const { session, terms } = opened;
    slot.session = session;
    if (this.#stopped) this.#stop();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    observe?.started();
    const outcome = await session.run();
    const ms = performance.now() - startedMs;
    const { ackedBytes: bytes, resentBlocks } = session;
    observe?.ended(outcome.kind, { bytes, ms, resentBlocks });
    this.#report(outcome, {
      ...fields,
      bytes,
      ms: Math.round(ms),
      mode: request.mode,
      options: terms.accepted.map(({ name, value }) => `${name}=${value}`).join(" "),
    });
  }

  async #open(answer: Content, request: ReadRequest, peer: Deno.NetAddr): Promise<{ session: Session; terms: Terms }> {
    const source = await this.#source(answer, request);
    try {
      const terms = negotiate(request.options, source.size);
      const port = Deno.listenDatagram({ transport: "udp", hostname: this.#options.bindAddress, port: 0 });
      return { session: new Session({ port, peer, source, terms, now: () => performance.now() }), terms };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  async #source(answer: Content, { mode, options }: ReadRequest): Promise<ByteSource> {
    if (answer.kind === "bytes") return new MemorySource(mode === "octet" ? answer.body : toNetascii(answer.body));
    const { absolutePath, offset, size } = answer;
    const { blockSize, window } = negotiate(options, size);
    const pieceBytes = pieceBytesFor(this.#slots.size, blockSize * window);
    return await fileSource(await Deno.open(absolutePath), { offset, size, mode, pieceBytes });
  }

  #tick(): void {
    const now = performance.now();
    for (const { session } of this.#slots) session?.tick(now);
  }

  async #resolve(peer: Deno.NetAddr, path: string): Promise<FileAnswer> {
    try {
      return await this.#options.resolve(parseIpv4(peer.hostname), path);
    } catch (error) {
      this.#say("error", "TFTP path not resolved", { client: peer.hostname, path, error });
      return { kind: "failed", reason: "internal error" };
    }
  }

  #report(outcome: Outcome, fields: LogFields): void {
    const { kind, ...details } = outcome;
    const level = kind === "failed" ? "error" : kind === "lost" || kind === "stopped" ? "warn" : "info";
    this.#say(level, "TFTP transfer ended", { ...fields, outcome: kind, ...details });
  }

  #say(level: LogLevel, message: string, fields: LogFields): void {
    if (!this.#lines.take(performance.now())) return;
    const alsoHeldBack = this.#lines.heldBack();
    this.#log[level](message, alsoHeldBack === undefined ? fields : { ...fields, alsoHeldBack });
  }

  async #refuse(peer: Deno.NetAddr, code: number, reason: string): Promise<void> {
    await this.#sendError(peer, code, reason);
    if (!this.#refusals.take(performance.now())) return;
    this.#log.warn("TFTP request refused", {
      client: peer.hostname,
      reason,
      alsoHeldBack: this.#refusals.heldBack(),
    });
  }

  /** Errors about a request come from the well-known port: no transfer, so no port of its own. */
  async #sendError(peer: Deno.NetAddr, code: number, text: string): Promise<void> {
    if (this.#listening) await this.#listener.send(encodeError(code, text), peer);
  }
}

/** The same request while nothing came of the first one: a retransmission, or a copy made by the network. */
function isRepeated(slot: Slot, fingerprint: string): boolean {
  return slot.fingerprint === fingerprint && !slot.session?.progressed;
}
