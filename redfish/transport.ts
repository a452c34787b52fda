/**
 * HTTPS to one BMC over one kept connection. The certificate is compared with the pin before any byte of a request is
 * sent; every request settles in bounded time, with bounded memory, whatever the other side does.
 */
import { Agent } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, type TLSSocket } from "node:tls";
import { type Clock, NOT_NEEDED } from "../base/clock.ts";
import { Exchange, LIMITS, StaleConnectionError, type TransportLimits } from "./exchange_transport.ts";
import { BmcError } from "./types.ts";
import type { Answer, Ask, Wire } from "./wire.ts";

/** What a transport is made of. */
export interface TransportOptions {
  /** `https://HOST[:PORT]`, checked. */
  readonly origin: URL;
  /** The only certificate that is spoken to; absent: the first that is seen. */
  readonly fingerprint?: string;
  /** For its time-outs. */
  readonly clock: Clock;
  /** Where the defaults do not fit. */
  readonly limits?: TransportLimits;
}

const MAY_COME_TWICE: ReadonlySet<Ask["method"]> = new Set(["GET", "DELETE"]);

/** A connection that is still open so long after an answer is kept. */
const CLOSES_MS = 50;

type Connected = (error: Error | null, socket?: Duplex) => void;

/** Takes its connections from whoever makes them. */
class PinnedAgent extends Agent {
  readonly #connect: (done: Connected) => void;

  constructor(connect: (done: Connected) => void) {
    super({ keepAlive: true, maxFreeSockets: 1 });
    this.#connect = connect;
  }
  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): Duplex {
    this.#connect(done as Connected);
    // The types do not know that nothing may be returned, and the callback be used instead.
    return undefined as unknown as Duplex;
  }
}

/** The connection to one BMC. */
export class HttpsTransport implements Wire {
  readonly #options: TransportOptions;
  readonly #limits: Required<TransportLimits>;
  #pin: string | undefined;
  #agent: Agent | undefined;
  #current: Exchange | undefined;
  #socket: TLSSocket | undefined;
  /** Whether the connection is known to stay open after an answer. */
  #isKept = false;

  /** Connects to nothing yet. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#pin = options.fingerprint;
  }

  /** `https://HOST[:PORT]`. */
  get origin(): string {
    return this.#options.origin.origin;
  }

  /** Of the certificate that is spoken to. */
  get fingerprint(): string | undefined {
    return this.#pin;
  }

  /**
   * Sends one request; one that may come twice (RFC 9110 9.2.2: GET, and DELETE, which ends a session) is sent again where
   * the BMC had closed the kept connection. Before any other, a new connection is given the time to be closed.
   * @throws {BmcError}
   */
  async ask(ask: Ask, signal: AbortSignal): Promise<Answer> {
    const mayComeTwice = MAY_COME_TWICE.has(ask.method);
    if (!mayComeTwice) await this.#closedOrKept(signal);
    try {
      return await this.#once(ask, signal);
    } catch (error) {
      if (!(error instanceof StaleConnectionError) || !mayComeTwice) throw error;
      return await this.#once(ask, signal);
    }
  }

  async #once(ask: Ask, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    this.#agent ??= new PinnedAgent((done) => this.#connect(done));
    const exchange = new Exchange(this.#limits, this.#options.clock, signal);
    this.#current = exchange;
    try {
      return await exchange.run(ask, this.#agent, this.#options.origin);
    } catch (error) {
      // An agent does not learn of a connection that was given up while it was being made.
      this.close();
      throw error;
    } finally {
      this.#current = undefined;
    }
  }

  /**
   * Some BMCs close each connection right after their answer and do not say so (RFC 9112 9.3.1). Of a request that their
   * close meets on its way nobody can tell whether it came through.
   */
  async #closedOrKept(signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    if (this.#isKept || socket === undefined || socket.destroyed) return;
    const closed = new AbortController();
    const onClose = () => closed.abort(NOT_NEEDED);
    socket.once("close", onClose);
    try {
      await this.#options.clock.sleep(CLOSES_MS, { signal: AbortSignal.any([signal, closed.signal]) });
      this.#isKept = true;
    } catch (error) {
      if (error !== NOT_NEEDED) throw error;
    } finally {
      socket.off("close", onClose);
    }
  }

  #connect(done: Connected): void {
    const host = this.#options.origin.hostname.replace(/^\[|\]$/g, "");
    const exchange = this.#current;
    if (exchange === undefined) return done(new BmcError("unreachable", "the connection was closed"));
    exchange.enter("connect");
    const socket: TLSSocket = tlsConnect({
      host,
      port: Number(this.#options.origin.port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // The certificate is held against the pin instead: BMCs have self-signed, expired and misnamed ones.
      rejectUnauthorized: false,
    });
    this.#socket = exchange.socket = socket;
    this.#isKept = false;
    socket.once("connect", () => exchange.enter("handshake"));
    socket.once("error", done);
    socket.on("error", foundOutLater);
    socket.once("secureConnect", () => {
      socket.off("error", done);
      const seen = socket.getPeerCertificate().fingerprint256?.toLowerCase();
      const pin = this.#pin ??= seen;
      if (seen === undefined || seen !== pin) {
        const error = new BmcError("certificate", otherCertificate(pin, seen));
        socket.destroy();
        return done(error);
      }
      exchange.enter("head");
      done(null, socket);
    });
  }

  /** Closes the connection. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
    this.#socket = undefined;
  }
}

/**
 * What breaks while nothing is asked is found out at the next request. Not a closure in {@link HttpsTransport}: it lives
 * as long as the connection, and would keep the exchange that opened it, with its answer.
 */
function foundOutLater(): void {}

function otherCertificate(pin: string | undefined, seen: string | undefined): string {
  return `it shows another certificate (SHA-256 ${seen ?? "unknown"}) than the pinned one (${pin ?? "none"}); ` +
    "nothing was sent to it. If the BMC has got a new one, clear status.redfish.certFingerprint";
}
