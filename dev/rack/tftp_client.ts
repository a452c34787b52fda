/** Loads a file over TFTP, on a port of its own. */
import { encodeError, ErrorCode } from "../../pxe/tftp/packet.ts";
import { LoadError } from "./load_error.ts";
import type { Power } from "./power.ts";
import { type ReadStep, type ReadWish, TftpReader } from "./tftp_reader.ts";
import { Watchdog } from "./watchdog.ts";
import type { DatagramPort, UdpAddress } from "./wire.ts";

/** How long a client waits for a packet, and how often, before it gives up. */
export interface Patience {
  /** Then the last packet is sent again. */
  readonly timeoutMs: number;
  /** So many times in a row. */
  readonly tries: number;
}

/** More than any boot file: a machine's memory. */
const MAX_BYTES = 2 ** 30;

/**
 * Loads a file; resolves to its size.
 * @param sink gets the bytes in order; each piece is valid during the call only
 * @throws {LoadError} when the file cannot be had
 */
export async function loadOverTftp(
  power: Power,
  server: string,
  wish: ReadWish,
  { patience, sink = () => {} }: { readonly patience: Patience; readonly sink?: (data: Uint8Array) => void },
): Promise<number> {
  const load = new Load(power, { transport: "udp", hostname: server, port: power.tftpPort }, wish, sink);
  return await load.run(patience);
}

class Load {
  readonly #power: Power;
  readonly #reader: TftpReader;
  readonly #port: DatagramPort;
  readonly #sink: (data: Uint8Array) => void;
  readonly #path: string;
  /** The server: first its well-known port, then the one that answers (RFC 1350 section 4). */
  #server: UdpAddress;
  #quiet = 0;
  #failure: LoadError | undefined;
  #open = true;

  constructor(power: Power, server: UdpAddress, wish: ReadWish, sink: (data: Uint8Array) => void) {
    this.#power = power;
    this.#server = server;
    this.#reader = new TftpReader(wish);
    this.#sink = sink;
    this.#path = wish.path;
    this.#port = power.wire.udp();
  }

  async run({ timeoutMs, tries }: Patience): Promise<number> {
    const { clock, signal } = this.#power;
    const close = () => this.#close();
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      await using watchdog = new Watchdog(clock, timeoutMs, () => this.#onQuiet(tries));
      await this.#port.send(this.#reader.lastSent, this.#server);
      while (await this.#next()) {
        watchdog.touch();
        this.#quiet = 0;
      }
      return this.#reader.size ?? this.#reader.bytes;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure ?? error;
    } finally {
      signal.removeEventListener("abort", close);
      this.#close();
    }
  }

  #close(): void {
    if (this.#open) this.#port.close();
    this.#open = false;
  }

  #onQuiet(tries: number): void {
    if (++this.#quiet < tries) {
      this.#port.send(this.#reader.lastSent, this.#server).catch(() => {});
      return;
    }
    this.#failure = this.#error(`no answer from ${this.#server.hostname}:${this.#server.port}`, "silent");
    this.#close();
  }

  /** Takes packets until one counts; false when the transfer has ended. */
  async #next(): Promise<boolean> {
    for (;;) {
      const [packet, from] = await this.#port.receive();
      if (this.#isForeign(from)) {
        await this.#port.send(encodeError(ErrorCode.unknownTransferId, "unknown port"), from);
        continue;
      }
      const step = this.#reader.take(packet);
      if (step.kind === "nothing") continue;
      this.#server = from;
      return await this.#carryOut(step);
    }
  }

  #isForeign(from: UdpAddress): boolean {
    return from.hostname !== this.#server.hostname || this.#reader.started && from.port !== this.#server.port;
  }

  async #carryOut(step: Exclude<ReadStep, { kind: "nothing" }>): Promise<boolean> {
    if (step.kind === "data") this.#take(step.data);
    if (step.send !== undefined) await this.#port.send(step.send, this.#server);
    switch (step.kind) {
      case "failed":
        throw this.#error(step.reason, step.code === ErrorCode.fileNotFound ? "missing" : "refused", step.code);
      case "data":
        return !step.last;
      case "answer":
        return true;
      case "size":
        return false;
    }
  }

  #take(data: Uint8Array): void {
    const { bytes, size } = this.#reader;
    if (bytes > MAX_BYTES) throw this.#error(`it is larger than the machine's memory (${MAX_BYTES} bytes)`, "refused");
    this.#sink(data);
    this.#power.progress(bytes, size);
  }

  #error(reason: string, kind: LoadError["kind"], code?: number): LoadError {
    const said = code === undefined ? reason : `TFTP error ${code}${reason === "" ? "" : `, ${reason}`}`;
    return new LoadError(`${this.#path} over TFTP: ${said}`, kind, reason);
  }
}
