/** A site in memory: the pure parts of metalman's servers on a network without sockets, under a clock that leaps. */
import { formatIpv4, parseIpv4 } from "../../../base/address.ts";
import type { Directory, LeaseHit } from "../../../machine/directory.ts";
import { readMachine } from "../../../machine/types.ts";
import type { FileAnswer } from "../../../pxe/answer.ts";
import { consider } from "../../../pxe/dhcp/exchange.ts";
import { encodePacket, REPLY_BUFFER_SIZE } from "../../../pxe/dhcp/packet.ts";
import { cleanPath } from "../../../pxe/paths.ts";
import { type AttestAnswer, createRoutes, type DisableAnswer } from "../../../pxe/http/routes.ts";
import { negotiate } from "../../../pxe/tftp/options.ts";
import { decodeRequest, encodeError, ErrorCode } from "../../../pxe/tftp/packet.ts";
import { MemorySource } from "../../../pxe/tftp/read_ahead.ts";
import { Session } from "../../../pxe/tftp/session.ts";
import { faultyWire } from "../faulty_wire.ts";
import { EmulatedMachine } from "../machine.ts";
import type { Faults, MachineEvent, RackMachineOptions } from "../types.ts";
import type { DatagramPort, HttpHead, HttpRequest, HttpTake, UdpAddress, Wire } from "../wire.ts";
import { LeapingClock } from "./leaping_clock.ts";
import { macOf } from "./sample_image.ts";
import { tokenAnswer } from "./token_answer.ts";

/** The server's address; TFTP is on port 69, HTTP on port 80. */
export const SERVER = "192.0.2.1";
/** What the servers answer to a path; absent is "not found". */
export type Files = Record<string, Uint8Array | string | FileAnswer>;

const encoder = new TextEncoder();
const SERVE_URL = `http://${SERVER}`;

/** Numbers in [0, 1) that are the same at each run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x100000000;
  };
}

class MemoryPort implements DatagramPort {
  readonly #queue: [Uint8Array, UdpAddress][] = [];
  #waiting: PromiseWithResolvers<readonly [Uint8Array, UdpAddress]> | undefined;
  #open = true;

  constructor(
    readonly at: UdpAddress,
    readonly onSend: (packet: Uint8Array, to: UdpAddress, from: UdpAddress) => void,
    readonly onClose: () => void,
  ) {}

  send(packet: Uint8Array, to: UdpAddress): Promise<void> {
    if (this.#open) this.onSend(packet.slice(), to, this.at);
    return Promise.resolve();
  }

  receive(): Promise<readonly [Uint8Array, UdpAddress]> {
    if (!this.#open) return Promise.reject(new Error("closed"));
    const next = this.#queue.shift();
    if (next !== undefined) return Promise.resolve(next);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  deliver(packet: Uint8Array, from: UdpAddress): void {
    if (this.#waiting === undefined) this.#queue.push([packet, from]);
    else this.#waiting.resolve([packet, from]);
    this.#waiting = undefined;
  }

  close(): void {
    this.#open = false;
    this.#waiting?.reject(new Error("closed"));
    this.onClose();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

/** See the module. */
export class MemorySite {
  readonly clock = new LeapingClock();
  readonly random: () => number;
  readonly events: MachineEvent[] = [];
  /** What was asked: `tftp /path`, `GET /path`. */
  readonly asked: string[] = [];
  /** False: the DHCP server is not there. */
  dhcp = true;
  /** What reaches the machine instead of the DHCP server's answer. */
  alterReply: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes;
  /** Bytes of each HTTP body after which its connection breaks, first request first. */
  readonly breaks: number[] = [];
  /** What the DHCP server offers. */
  bootFile = "shimx64.efi";
  /** What the report of a written disk is answered. */
  disable: () => DisableAnswer = () => "taken";
  attest: (body: Uint8Array) => AttestAnswer = tokenAnswer;
  /** Of which paths nothing is ever sent. */
  stalls: (path: string) => boolean = () => false;
  readonly #files: Files;
  readonly #ports = new Map<string, MemoryPort>();
  readonly #hits: LeaseHit[];
  readonly #sessions = new Set<Session>();
  #nextPort = 30_000;

  constructor(files: Files, { machines = 1, seed = 1 }: { machines?: number; seed?: number } = {}) {
    this.#files = files;
    this.random = seeded(seed);
    this.#hits = Array.from({ length: machines }, (_, i) => {
      const ipv4 = formatIpv4(parseIpv4("192.0.2.10") + i);
      const lease = { mac: macOf(i + 1), ipv4, subnetMask: "255.255.255.0", gateway: "192.0.2.254" };
      const { machine } = readMachine({
        metadata: { name: `m${i + 1}` },
        spec: { pxe: { image: "sample", dhcpLeases: [lease] } },
      });
      return { machine, lease: machine.leases[0]! };
    });
  }

  /** A machine that is plugged in here, switched off; its address is the one that the n-th Machine has. */
  machine(n: number, { firmware = "pxe", faults = {}, mac = macOf(n) }: Partial<RackMachineOptions> = {}) {
    const { clock, random } = this;
    return new EmulatedMachine({
      identity: { mac, uuid: "6d6d0001-0000-4000-8000-525400aabb01" },
      ...{ firmware, faults, clock, random, hurry: 1, tftpPort: 69 },
      wire: this.#wire(formatIpv4(parseIpv4("192.0.2.10") + n - 1), faults),
      onEvent: (event) => this.events.push(event),
      onLease: () => {},
    });
  }

  /** Everything that was open on the network is closed, and nobody waits. */
  get quiet(): boolean {
    return this.#ports.size === 0;
  }

  /** The stages that a machine went through, each once in a row. */
  stagesOf(mac = macOf(1)): string[] {
    const stages = this.events.filter((event) => event.mac === mac).map(({ stage }) => stage);
    return stages.filter((stage, i) => stage !== stages[i - 1]);
  }

  #wire(address: string, faults: Faults): Wire {
    const wire: Wire = {
      dhcp: () => this.#open(address, 68, (packet, _to, from) => this.#onDhcp(packet, from)),
      udp: () => this.#open(address, this.#nextPort++, (packet, to, from) => this.#onUdp(packet, to, from)),
      http: (request, onHead) => this.#onHttp(address, request, onHead),
    };
    return faultyWire(wire, { faults, clock: this.clock, random: this.random });
  }

  #open(hostname: string, port: number, onSend: MemoryPort["onSend"]): MemoryPort {
    const key = `${hostname}:${port}`;
    const opened = new MemoryPort({ transport: "udp", hostname, port }, onSend, () => this.#ports.delete(key));
    this.#ports.set(key, opened);
    return opened;
  }

  #deliver(packet: Uint8Array, to: UdpAddress, from: UdpAddress): void {
    this.#ports.get(`${to.hostname}:${to.port}`)?.deliver(packet, from);
  }

  #onDhcp(packet: Uint8Array, from: UdpAddress): void {
    if (!this.dhcp) return;
    const relayed = packet.slice();
    new DataView(relayed.buffer).setUint32(24, parseIpv4("192.0.2.253"));
    const directory: Directory = {
      byMac: (mac) => this.#hits.find(({ lease }) => lease.mac === mac),
      byIp: (ipv4) => this.#hits.find(({ lease }) => lease.ipv4 === ipv4),
      byName: () => undefined,
      all: () => [],
    };
    const image = { digest: "sha256:1", dhcpBootImageName: this.bootFile, bootFiles: {}, file: () => undefined };
    const { decision, maxDatagram } = consider(relayed, {
      directory,
      images: { imageFor: () => image },
      serveUrl: SERVE_URL,
      server: { mode: "relay", ip: parseIpv4(SERVER), clientPort: 68, relayPort: 67 },
    });
    if (decision.kind !== "reply") return;
    const bytes = encodePacket(decision.packet, maxDatagram, new Uint8Array(REPLY_BUFFER_SIZE)).slice();
    this.#deliver(this.alterReply(bytes), from, { transport: "udp", hostname: SERVER, port: 67 });
  }

  #answer(path: string): FileAnswer {
    const file = this.#files[cleanPath(path) ?? ""];
    if (file === undefined) return { kind: "notFound", reason: "the image has no such file" };
    if (typeof file === "string") return { kind: "bytes", body: encoder.encode(file), etag: '"1"' };
    return file instanceof Uint8Array ? { kind: "bytes", body: file, etag: '"1"' } : file;
  }

  #onUdp(packet: Uint8Array, to: UdpAddress, from: UdpAddress): void {
    if (to.port !== 69) return this.#deliver(packet, to, from);
    const request = decodeRequest(packet);
    if (request.kind !== "read") return;
    this.asked.push(`tftp ${request.path}`);
    if (this.stalls(request.path)) return;
    const answer = this.#answer(request.path);
    if (answer.kind !== "bytes") {
      const code = answer.kind === "notFound" ? ErrorCode.fileNotFound : ErrorCode.notDefined;
      const reason = "reason" in answer ? answer.reason : "";
      return this.#deliver(encodeError(code, reason), from, { transport: "udp", hostname: SERVER, port: 69 });
    }
    const source = new MemorySource(answer.body);
    const terms = negotiate(request.options, source.size);
    const memory = this.#open(SERVER, this.#nextPort++, (p, t, f) => this.#deliver(p, t, f));
    const port = {
      receive: () => memory.receive() as Promise<[Uint8Array, Deno.Addr]>,
      send: (p: Uint8Array, t: Deno.Addr) => memory.send(p, t as UdpAddress).then(() => p.length),
      close: () => memory.close(),
    };
    const session = new Session({ port, peer: from, source, terms, now: () => this.clock.now() });
    this.#sessions.add(session);
    this.#tick(session);
    session.run().finally(() => this.#sessions.delete(session));
  }

  async #tick(session: Session): Promise<void> {
    do {
      await this.clock.sleep(100);
      session.tick(this.clock.now());
    } while (this.#sessions.has(session));
  }

  async #onHttp(peer: string, request: HttpRequest, onHead: (head: HttpHead) => HttpTake): Promise<void> {
    const { method, url, headers, body = "", signal } = request;
    const target = url.replace(/^http:\/\/[^/]*/, "");
    if (!url.startsWith(SERVE_URL)) throw new Error("connection refused");
    this.asked.push(`${method} ${target}`);
    if (this.stalls(target)) await aborted(signal);
    const routes = createRoutes({
      resolve: (_client, path) => this.#answer(path),
      cloudInit: (_client, { name, type }) => Promise.resolve(void this.asked.push(`${name} ${type}`)),
      pxeDisable: () => Promise.resolve(this.disable()),
      attest: (_client, body) => Promise.resolve(this.attest(body!)),
      open: () => undefined,
      trustedProxies: [],
      problem: () => {},
    });
    const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const readBody = () => Promise.resolve(encoder.encode(body));
    const reply = await routes({ method, target, headers: lower, peer, readBody });
    signal.throwIfAborted();
    const fields = Object.entries(reply.fields).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
    const take = onHead({ status: reply.status, headers: new Map(fields) });
    const whole = reply.body instanceof Uint8Array ? reply.body : new Uint8Array(0);
    const end = whole.length > 0 && this.breaks.length > 0 ? this.breaks.shift()! : Infinity;
    for (let at = 0; at < whole.length; at += 1000) {
      if (at >= end) throw new Error("connection reset");
      await take(whole.slice(at, Math.min(at + 1000, end, whole.length)));
      signal.throwIfAborted();
    }
    if (whole.length > end) throw new Error("connection reset");
  }
}
