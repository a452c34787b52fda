/** The DHCP server's sockets. What is answered, decide.ts says; why these sockets, docs/decisions/dhcp-sockets.md. */
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";
import type { Directory, LeaseHit } from "../../machine/directory.ts";
import type { ImageDirectory } from "../image.ts";
import { bindError } from "../bind_error.ts";
import type { DhcpCause, DhcpDecision } from "./decide.ts";
import { consider, type DhcpExchange, type DhcpKnowledge, typeName } from "./exchange.ts";
import type { Firmware } from "./firmware.ts";
import { LineBudget } from "../../base/line_budget.ts";
import { MalformedPacketError } from "./options.ts";
import { encodePacket, REPLY_BUFFER_SIZE } from "./packet.ts";

/** Whom the server listens to. */
export type DhcpMode =
  /** Clients on the link of the interface with this address; answers come from it. */
  | { readonly kind: "interface"; readonly address: string }
  /** Relays, and clients that renew; `serverIp` is what they are told the server's address is. */
  | { readonly kind: "relay"; readonly bindAddress: string; readonly serverIp: string };

/** A message that concerned a Machine, and what came of it. */
export interface DhcpEvent {
  /** The Machine and its lease. */
  readonly hit: LeaseHit;
  /** `DISCOVER`, `REQUEST`, `DECLINE` ... */
  readonly request: string;
  /** What was done. */
  readonly outcome: DhcpDecision["kind"];
  /** `OFFER`, `ACK` or `NAK`, when the outcome is a reply. */
  readonly reply?: string;
  /** Why, in words. */
  readonly reason: string;
  /** What asked, when it boots from the network. */
  readonly firmware?: Firmware;
  /** Why it is not told what to boot. */
  readonly noBootFile?: string;
}

/** How messages end, for counting: a reply, silence and why, or a failure of ours. */
export const DHCP_OUTCOMES = [
  "OFFER",
  "ACK",
  "NAK",
  "declined",
  "released",
  "ignored",
  "not_sent",
  "failed",
] as const;
/** Why a message has failed. */
export const DHCP_FAULTS = ["malformed", "internal_error"] as const;

/** Counts messages: their type as {@link DhcpEvent.request}, what became of them and why, and how long it took. */
export type DhcpObserver = (
  type: string,
  outcome: typeof DHCP_OUTCOMES[number],
  cause: DhcpCause | typeof DHCP_FAULTS[number],
  ms: number,
) => void;

/** Settings of a DHCP server. */
export interface DhcpServerOptions {
  /** Whom it listens to. */
  readonly mode: DhcpMode;
  /** Start of the URLs that UEFI HTTP boot is sent to. */
  readonly serveUrl: string;
  /** The Machines. */
  readonly directory: Directory;
  /** What they boot. */
  readonly images: ImageDirectory;
  /** Says what was answered, and why not. */
  readonly log: Logger;
  /** Asked before each message is looked at; another server's turn while it says no. @default always */
  readonly answering?: () => boolean;
  /** Called after each message of a known Machine; must not block. */
  readonly onDecision?: (event: DhcpEvent) => void;
  /** Called after each message, nobody's too; must not block. */
  readonly observe?: DhcpObserver;
  /** Where the server listens. @default 67 */
  readonly port?: number;
  /** Where clients listen. @default 68 */
  readonly clientPort?: number;
  /** Where relays listen. @default 67 */
  readonly relayPort?: number;
  /** Time. @default systemClock */
  readonly clock?: Clock;
}

/** A running DHCP server. */
export interface DhcpServer extends AsyncDisposable {
  /** True while all its sockets are open. */
  readonly ready: boolean;
  /** The port it listens on. */
  readonly port: number;
}

const BROADCAST = "255.255.255.255";
/** One byte more than the longest request, so that a longer one is seen to be too long. */
const RECEIVE_BUFFER_SIZE = 4097;
const PAUSE_AFTER_ERROR_MS = 100;

/**
 * Opens the sockets and answers until disposed.
 * @throws {PortInUse | NoRightsForPort | AddressNotHere} when a socket cannot be had
 */
export function startDhcpServer(options: DhcpServerOptions): DhcpServer {
  return new SocketServer(options);
}

function listen(hostname: string, port: number): Deno.DatagramConn {
  try {
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  } catch (error) {
    throw bindError(error, { what: "DHCP", protocol: "UDP", address: hostname, port, flag: "--dhcp-port" });
  }
}

function identity({ mode, clientPort = 68, relayPort = 67 }: DhcpServerOptions): DhcpKnowledge["server"] {
  const ip = parseIpv4(mode.kind === "interface" ? mode.address : mode.serverIp);
  return { mode: mode.kind, ip, clientPort, relayPort };
}

class SocketServer implements DhcpServer {
  readonly port: number;
  readonly #knowledge: DhcpKnowledge;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #answering: () => boolean;
  readonly #onDecision: (event: DhcpEvent) => void;
  readonly #observe: DhcpObserver;
  readonly #tasks: TaskGroup;
  /** Sends all answers: its address is the one that clients are told. */
  readonly #main: Deno.DatagramConn;
  readonly #sockets: Deno.DatagramConn[] = [];
  // A thousand machines that boot at once each get their lines; a storm does not fill the disk.
  readonly #answers = new LineBudget({ burst: 4000, perSecond: 200 });
  readonly #faults = new LineBudget({ burst: 20, perSecond: 1 });
  #serving = 0;

  constructor(options: DhcpServerOptions) {
    const { mode, directory, images, serveUrl, log, clock = systemClock, port = 67 } = options;
    this.#knowledge = { directory, images, serveUrl, server: identity(options) };
    this.#log = log;
    this.#clock = clock;
    this.#answering = options.answering ?? (() => true);
    this.#onDecision = options.onDecision ?? (() => {});
    this.#observe = options.observe ?? (() => {});
    this.#main = listen(mode.kind === "interface" ? mode.address : mode.bindAddress, port);
    this.#sockets.push(this.#main);
    this.port = (this.#main.addr as Deno.NetAddr).port;
    try {
      if (mode.kind === "interface") this.#sockets.push(listen(BROADCAST, this.port));
    } catch (error) {
      this.#main.close();
      throw error;
    }
    this.#tasks = new TaskGroup(log);
    for (const socket of this.#sockets) this.#tasks.start("dhcp socket", (signal) => this.#serve(socket, signal));
  }

  get ready(): boolean {
    return this.#serving === this.#sockets.length;
  }

  async #serve(socket: Deno.DatagramConn, signal: AbortSignal): Promise<void> {
    const received = new Uint8Array(RECEIVE_BUFFER_SIZE);
    const reply = new Uint8Array(REPLY_BUFFER_SIZE);
    this.#serving++;
    try {
      while (!signal.aborted) {
        try {
          const [datagram, from] = await socket.receive(received);
          await this.#answer(datagram, from as Deno.NetAddr, reply);
        } catch (error) {
          if (signal.aborted) return;
          this.#fault("cannot receive DHCP packets", { error });
          await this.#clock.sleep(PAUSE_AFTER_ERROR_MS, { signal });
        }
      }
    } finally {
      this.#serving--;
    }
  }

  /** One packet must not disturb the next: whatever goes wrong with it ends here. */
  async #answer(datagram: Uint8Array, from: Deno.NetAddr, buffer: Uint8Array): Promise<void> {
    if (!this.#answering()) return;
    const startedMs = performance.now();
    try {
      const exchange = consider(datagram, this.#knowledge);
      const isDone = await this.#send(exchange, buffer);
      const { message, decision } = exchange;
      const outcome = isDone ? outcomeOf(decision) : "not_sent";
      this.#observe(typeName(message), outcome, decision.cause, performance.now() - startedMs);
      if (isDone) this.#report(exchange);
    } catch (error) {
      const malformed = error instanceof MalformedPacketError;
      this.#observe("", "failed", malformed ? "malformed" : "internal_error", performance.now() - startedMs);
      this.#fault(malformed ? "malformed DHCP packet ignored" : "DHCP packet failed", { source: from.hostname, error });
    }
  }

  /** @returns false when there was an answer and it could not be sent */
  async #send({ decision, maxDatagram, hit, mac }: DhcpExchange, buffer: Uint8Array): Promise<boolean> {
    if (decision.kind !== "reply") return true;
    const bytes = encodePacket(decision.packet, maxDatagram, buffer);
    const hostname = formatIpv4(decision.to.address);
    try {
      await this.#main.send(bytes, { transport: "udp", hostname, port: decision.to.port });
      return true;
    } catch (error) {
      this.#fault("DHCP answer not sent", { machine: hit?.machine.name, mac, to: hostname, error });
      return false;
    }
  }

  #fault(message: string, fields: Record<string, unknown>): void {
    if (this.#tasks.signal.aborted) return;
    if (this.#faults.take(this.#clock.now())) {
      this.#log.warn(message, { ...fields, alsoHeldBack: this.#faults.heldBack() });
    }
  }

  #report({ message, mac, hit, firmware, boot, decision }: DhcpExchange): void {
    const { kind, reason } = decision;
    if (hit === undefined) {
      if (this.#log.enabled("debug")) {
        this.#log.debug("DHCP packet ignored", { mac, request: typeName(message), reason });
      }
      return;
    }
    const request = typeName(message);
    const reply = kind === "reply" ? decision.type : undefined;
    const noBootFile = boot.kind === "none" ? boot.reason : undefined;
    this.#onDecision({
      ...{ hit, request, outcome: kind, reason },
      ...(reply === undefined ? {} : { reply }),
      ...(firmware === undefined ? {} : { firmware }),
      ...(noBootFile === undefined ? {} : { noBootFile }),
    });
    const level = kind === "ignore" ? "debug" : kind === "declined" || reply === "NAK" ? "warn" : "info";
    if (!this.#log.enabled(level) || !this.#answers.take(this.#clock.now())) return;
    this.#log[level](MESSAGES[kind], {
      machine: hit.machine.name,
      mac,
      ip: formatIpv4(hit.lease.ipv4),
      request,
      reply,
      to: kind === "reply" ? formatIpv4(decision.to.address) : undefined,
      bootFile: boot.kind === "file" ? boot.name : undefined,
      noBootFile,
      reason,
      alsoHeldBack: this.#answers.heldBack(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const first = !this.#tasks.signal.aborted;
    const stopped = this.#tasks[Symbol.asyncDispose]();
    if (first) { for (const socket of this.#sockets) socket.close(); }
    await stopped;
  }
}

function outcomeOf(decision: DhcpDecision): typeof DHCP_OUTCOMES[number] {
  return decision.kind === "reply" ? decision.type : decision.kind === "ignore" ? "ignored" : decision.kind;
}

const MESSAGES: Readonly<Record<DhcpDecision["kind"], string>> = {
  reply: "DHCP answered",
  declined: "DHCP address declined by the machine",
  released: "DHCP address released",
  ignore: "DHCP packet ignored",
};
