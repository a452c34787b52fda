/** The HTTP port: threads that serve files, and the main thread that knows what to serve. */
import type { Cidr } from "../../base/address.ts";
import { systemClock } from "../../base/clock.ts";
import type { LogFields, Logger } from "../../base/log.ts";
import type { Directory } from "../../machine/directory.ts";
import type { CloudInitEvent } from "../../machine/reports.ts";
import type { Machine } from "../../machine/types.ts";
import type { FileResolver } from "../answer.ts";
import { answerQuestions, RESOLVE } from "../resolver_port.ts";
import { bindError, type BindTarget } from "../bind_error.ts";
import { logAnswers } from "./answer_log.ts";
import { countsMemory, HttpCounts } from "./counts.ts";
import type { AttestAnswer, DisableAnswer } from "./routes.ts";
import type { WorkerOrder, WorkerStart, WorkerWord } from "./worker.ts";

/** Where machines' reports go; both return at once and write later, however long the API is away. */
export interface Reports {
  /** A cloud-init event. */
  cloudInit(machine: Machine, event: CloudInitEvent): void;
  /** The machine asks not to be network-booted again. */
  pxeDisable(machine: Machine): void;
}

/** Settings and parts of the HTTP server. */
export interface HttpServerOptions {
  readonly bindAddress: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Folder of the image cache: the only one that the threads may read. */
  readonly filesFolder: string;
  /** Who has an address. */
  readonly directory: Directory;
  /** What a path means for a client. */
  readonly resolve: FileResolver;
  readonly reports: Reports;
  /**
   * Decides about a token for a client, from the body of its request, which is undefined when it is longer than is read;
   * never rejects. @default there are none
   */
  readonly attest?: (client: number, body: Uint8Array | undefined) => Promise<AttestAnswer>;
  /** Whether Machines are read, so that an unknown address is nobody's. @default always */
  readonly synced?: () => boolean;
  /** Who may say X-Forwarded-For. */
  readonly trustedProxies: readonly Cidr[];
  readonly log: Logger;
  /** @default 1 */
  readonly threads?: number;
}

/** A running HTTP server; disposing it ends every connection. */
export interface HttpServer extends AsyncDisposable {
  /** The port it listens on. */
  readonly port: number;
  /** Why it does not accept connections, if so. */
  readonly problem: string | undefined;
  /** What all threads together have done. */
  readonly counts: HttpCounts;
  /** Stops accepting and resolves when all responses are sent, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** How long after its end a thread is started again. */
const RESTART_MS = 1000;
const NO_ATTESTATION: AttestAnswer = { status: 501, text: "attestation is not available on this server\n" };

/**
 * Starts the server; resolves when all its threads accept.
 * @throws {BindError} when the port cannot be had
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { bindAddress: address, port } = options;
  const target: BindTarget = { what: "HTTP", protocol: "TCP", address, port, flag: "--http-port" };
  const server = new ThreadedServer(options, probe(target));
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw bindError(error, target);
  }
  return server;
}

/** The threads share the port, and would share it with a second metalman too: only a listener of our own tells. */
function probe(target: BindTarget): number {
  try {
    using listener = Deno.listen({ hostname: target.address, port: target.port });
    return listener.addr.port;
  } catch (error) {
    throw bindError(error, target);
  }
}

interface Thread {
  readonly worker: Worker;
  /** Our end of the channel of its questions. */
  readonly questions: MessagePort;
  readonly listening: PromiseWithResolvers<void>;
  readonly drained: PromiseWithResolvers<void>;
  /** Where it counts; the one that takes its place goes on there. */
  readonly memory: SharedArrayBuffer;
}

class ThreadedServer implements HttpServer {
  readonly port: number;
  readonly #options: HttpServerOptions;
  readonly #threads = new Set<Thread>();
  readonly #restarts = new Set<ReturnType<typeof setTimeout>>();
  readonly #resolve: FileResolver;
  readonly counts: HttpCounts;
  readonly #memories: readonly SharedArrayBuffer[];
  /** From then on a thread that cannot start is tried again instead of failing the whole. */
  #started = false;
  #ending = false;

  constructor(options: HttpServerOptions, port: number) {
    this.#options = { ...options, log: options.log.with({ port }) };
    this.#resolve = logAnswers(options.resolve, {
      log: options.log,
      directory: options.directory,
      now: systemClock.now,
    });
    this.#memories = Array.from({ length: options.threads ?? 1 }, countsMemory);
    this.counts = new HttpCounts(this.#memories);
    this.port = port;
  }

  get problem(): string | undefined {
    return this.#threads.size > 0 && !this.#ending ? undefined : "HTTP does not accept connections";
  }

  async start(): Promise<void> {
    await Promise.all(this.#memories.map((memory) => this.#startThread(memory)));
    this.#started = true;
  }

  #startThread(memory: SharedArrayBuffer): Promise<void> {
    const { bindAddress: address, filesFolder, trustedProxies } = this.#options;
    const host = address.includes(":") ? `[${address}]` : address;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "http",
      deno: { permissions: { net: [`${host}:${this.port}`], read: [filesFolder] } },
    });
    const channel = new MessageChannel();
    const thread: Thread = {
      worker,
      questions: channel.port1,
      listening: Promise.withResolvers(),
      drained: Promise.withResolvers(),
      memory,
    };
    this.#threads.add(thread);
    worker.onmessage = ({ data }: MessageEvent<WorkerWord>) => this.#hear(thread, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lost(thread, event.message);
    };
    this.#answer(channel.port1);
    const start: WorkerStart = {
      address,
      port: this.port,
      trustedProxies,
      questions: channel.port2,
      counts: memory,
    };
    worker.postMessage(start, [channel.port2]);
    return thread.listening.promise;
  }

  #hear(thread: Thread, word: WorkerWord): void {
    switch (word.kind) {
      case "listening":
        return thread.listening.resolve();
      case "failed":
        thread.listening.reject(Object.assign(new Error(word.message), { name: word.name }));
        if (this.#started) this.#lost(thread, word.message);
        return;
      case "drained":
        return thread.drained.resolve();
      case "problem":
        return this.#options.log.warn(word.message, word.fields);
    }
  }

  /** A thread that fails ends its own connections only; another takes its place. */
  #lost(thread: Thread, reason: string): void {
    this.#remove(thread);
    thread.drained.resolve();
    thread.listening.reject(new Error(`HTTP thread failed: ${reason}`));
    if (this.#ending) return;
    this.#options.log.error("HTTP thread failed, starting another", { reason });
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#startThread(thread.memory).catch(() => {});
    }, RESTART_MS);
    this.#restarts.add(timer);
  }

  #answer(port: MessagePort): void {
    const { directory, reports, attest, log, synced = () => true } = this.#options;
    answerQuestions(port, {
      [RESOLVE]: this.#resolve,
      cloudInit: (client: number, event: CloudInitEvent) => {
        const hit = directory.byIp(client);
        if (hit === undefined) return;
        log.debug("cloud-init reports", { machine: hit.machine.name, ...eventFields(event) });
        reports.cloudInit(hit.machine, event);
      },
      attest: (client: number, body: Uint8Array | undefined) => attest?.(client, body) ?? NO_ATTESTATION,
      pxeDisable: (client: number): DisableAnswer => {
        const hit = directory.byIp(client);
        if (hit === undefined) return synced() ? "unknown" : "notYet";
        reports.pxeDisable(hit.machine);
        return "taken";
      },
    });
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#end();
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    for (const { worker } of this.#threads) worker.postMessage("drain" satisfies WorkerOrder);
    await Promise.race([timeout.promise, Promise.all([...this.#threads].map((thread) => thread.drained.promise))]);
    clearTimeout(timer);
  }

  #remove(thread: Thread): void {
    this.#threads.delete(thread);
    thread.worker.terminate();
    thread.questions.close();
  }

  #end(): void {
    this.#ending = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#restarts.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    for (const thread of this.#threads) this.#remove(thread);
    return Promise.resolve();
  }
}

function eventFields({ name, type, result }: CloudInitEvent): LogFields {
  return { stage: name, event: type, ...(result === "" ? {} : { result }) };
}
