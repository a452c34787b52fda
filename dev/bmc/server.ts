/** An emulated BMC: Redfish over TLS on loopback, with a certificate that it has signed itself, as BMCs are delivered. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";
import { bindError } from "../../pxe/bind_error.ts";
import { fingerprintOf, newSelfSigned, type ServerCertificate } from "../certificate/certificate.ts";
import { Connections } from "./connections.ts";
import { bootEffect, genericFamily } from "./generic.ts";
import { SessionTimes } from "./session_times.ts";
import { PowerSwitch, type SwitchTimes } from "./power.ts";
import type { BmcAnswer, BmcFamily, BmcMachine, BmcState } from "./types.ts";

/** What a BMC does instead of an answer. */
export type BmcFault =
  /** Takes the call, and never answers. */
  | { readonly kind: "hang" }
  /** A body without an end. */
  | { readonly kind: "endless" }
  /** Always the same. */
  | { readonly kind: "answer"; readonly answer: BmcAnswer };

/** How a BMC is made. */
export interface BmcOptions {
  /** What it switches. */
  readonly machine: BmcMachine;
  /** A loopback address. @default "127.0.0.1" */
  readonly hostname?: string;
  /** Of that address. @default a free one */
  readonly port?: number;
  /** Its firmware. @default the standard's */
  readonly family?: BmcFamily;
  /** Who may log in. */
  readonly username: string;
  /** With what. */
  readonly password: string;
  /** How long things take. @default no time */
  readonly times?: SwitchTimes & {
    /** Each call, in milliseconds. */
    readonly callMs?: number;
  };
  /** What is wrong with it from the start. @default nothing */
  readonly fault?: BmcFault;
  /** What it shows at first. @default one that it makes and signs itself */
  readonly certificate?: ServerCertificate;
  /** Told of what it cannot do. */
  readonly log: Logger;
  /** Time. @default the system's */
  readonly clock?: Clock;
  /** Told of each call, before it is answered; must not block. */
  readonly onCall?: (method: string, path: string) => void;
}

/** What a BMC has seen. */
export interface BmcStats {
  /** Calls so far. */
  readonly calls: number;
  /** Most calls that were under way at the same time. */
  readonly mostAtOnce: number;
  /** Sessions that are open. */
  readonly sessions: number;
  /** Connections so far. */
  readonly connections: number;
}

const HOSTNAME = "127.0.0.1";
const MAX_BODY_BYTES = 64 * 1024;
const ENDLESS_CHUNK = new Uint8Array(16 * 1024).fill(0x20);

/**
 * A certificate as a BMC makes it for itself: it names no address that anyone would ask for.
 * @param fromMs from when it counts, for a year
 */
export async function bmcCertificate(fromMs: number): Promise<ServerCertificate> {
  return await newSelfSigned({ subject: "bmc", names: { dns: ["bmc.local"], ips: [] }, fromMs, days: 365 });
}

/** Starts a BMC; resolves when it accepts connections. @throws {BindError} when the port cannot be had */
export async function startBmc(options: BmcOptions): Promise<EmulatedBmc> {
  return await EmulatedBmc.start(options);
}

/** A running BMC; it forgets sessions and override when disposed, and its machine stays as it is. */
export class EmulatedBmc implements AsyncDisposable {
  readonly #options: BmcOptions;
  readonly #clock: Clock;
  readonly #family: BmcFamily;
  readonly #switch: PowerSwitch;
  readonly #times: SessionTimes;
  readonly #tasks: TaskGroup;
  readonly #connections = new Connections();
  #state: BmcState;
  #port: number;
  #fingerprint = "";
  #calls = 0;
  #atOnce = 0;
  #mostAtOnce = 0;
  /** What it does instead of answering, from the next call on. */
  fault: BmcFault | undefined;

  private constructor(options: BmcOptions) {
    const { machine, times = {}, clock = systemClock, log, family = genericFamily, port = 0, fault } = options;
    this.#options = options;
    this.#clock = clock;
    this.#family = family;
    this.#state = family.initial;
    this.#times = new SessionTimes(family.sessionTimeoutMs);
    this.#switch = new PowerSwitch(machine, times, { clock, log });
    this.#switch.apply(bootEffect(family.initial.boot));
    this.#tasks = new TaskGroup(log);
    this.#port = port;
    this.fault = fault;
  }

  /** See {@link startBmc}. */
  static async start(options: BmcOptions): Promise<EmulatedBmc> {
    const bmc = new EmulatedBmc(options);
    await bmc.show(options.certificate ?? await bmcCertificate(bmc.#clock.now()));
    return bmc;
  }

  /** `https://127.0.0.1:PORT`. */
  get url(): string {
    return `https://${this.#hostname}:${this.#port}`;
  }

  get #hostname(): string {
    return this.#options.hostname ?? HOSTNAME;
  }

  /** SHA-256 of its certificate, lower-case hex with colons. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** What it has seen. */
  get stats(): BmcStats {
    return {
      calls: this.#calls,
      mostAtOnce: this.#mostAtOnce,
      sessions: Object.keys(this.#state.sessions).length,
      connections: this.#connections.count,
    };
  }

  /** What its firmware keeps. */
  get state(): BmcState {
    return this.#state;
  }

  /** Shows this certificate from now on; connections end. */
  async show(certificate: ServerCertificate): Promise<void> {
    await this.#connections.end();
    await this.#listen(certificate);
    this.#fingerprint = await fingerprintOf(certificate.certPem);
  }

  async #listen({ certPem: cert, keyPem: key }: ServerCertificate): Promise<void> {
    const server = createServer({ cert, key }, (request, response) => {
      this.#tasks.start("BMC call", () => this.#respond(request, response));
    });
    server.on("clientError", (_: Error, socket: Socket) => void socket.destroy());
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    server.listen(this.#port, this.#hostname, listening.resolve);
    try {
      await listening.promise;
    } catch (error) {
      const where = { protocol: "TCP", address: this.#hostname, port: this.#port, flag: "port" } as const;
      throw bindError(error, { what: "a BMC", ...where });
    }
    this.#connections.follow(server);
    this.#port = (server.address() as AddressInfo).port;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const [path = ""] = url.split("?");
    this.#calls++;
    this.#mostAtOnce = Math.max(this.#mostAtOnce, ++this.#atOnce);
    const gone = new Promise<void>((resolve) => response.once("close", resolve));
    gone.then(() => this.#atOnce--);
    this.#options.onCall?.(method, path);
    const body = await readBody(request);
    await this.#clock.sleep(this.#options.times?.callMs ?? 0, { signal: this.#tasks.signal });
    const { fault } = this;
    if (fault?.kind === "hang") return await gone;
    if (fault?.kind === "endless") return await sendEndless(response, gone);
    const named = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const answer = fault?.answer ?? this.#answer({ method, path, headers: Object.fromEntries(named), body });
    send(response, method, answer);
  }

  #answer(request: Parameters<BmcFamily["answer"]>[1]): BmcAnswer {
    const { username, password } = this.#options;
    const isBooted = this.#state.boot.BootSourceOverrideEnabled === "Once" && !this.#switch.waitsForBoot;
    const before = isBooted ? this.#family.booted(this.#state) : this.#state;
    const nowMs = this.#clock.now();
    const state = { ...before, sessions: this.#times.live(before.sessions, nowMs) };
    const token = crypto.randomUUID();
    const facts = { power: this.#switch.power, username, password, token };
    const step = this.#family.answer(state, request, facts);
    this.#state = step.state;
    this.#times.note(step.state.sessions, request.headers["x-auth-token"], nowMs);
    for (const effect of step.effects ?? []) this.#switch.apply(effect);
    return step.answer;
  }

  /** Ends connections; what it was about to switch stays as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections.end();
    await this.#tasks[Symbol.asyncDispose]();
    await this.#switch.end();
  }
}

/** Parsed JSON; undefined where there is none, it is too long, or no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of request) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_BODY_BYTES) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, method: string, { status, headers = {}, body }: BmcAnswer): void {
  const isText = typeof body === "string";
  const bytes = new TextEncoder().encode(isText ? body : body === undefined ? "" : JSON.stringify(body));
  const type = body === undefined ? {} : { "content-type": isText ? "text/html" : "application/json" };
  if (!response.writable) return;
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, {
    ...type,
    ...(hasBody ? { "content-length": String(bytes.length) } : {}),
    "odata-version": "4.0",
    ...headers,
  });
  response.end(method === "HEAD" || !hasBody ? undefined : bytes);
}

/** Sends until the client has enough. */
async function sendEndless(response: ServerResponse, gone: Promise<void>): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  while (!response.destroyed) {
    if (response.write(ENDLESS_CHUNK)) continue;
    await Promise.race([gone, new Promise<void>((resolve) => response.once("drain", resolve))]);
  }
}
