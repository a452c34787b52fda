/** One HTTP/1.1 connection: requests in turn, their answers, and when it ends (RFC 9112 section 9). */
import type { BodyRoom } from "./body_room.ts";
import { BadRequest, formatHead, parseHead, type RequestHead } from "./head.ts";
import { Incoming } from "./incoming.ts";
import { type Handler, type HttpReply, type Pieces, textReply } from "./message.ts";

/** The socket, as far as it is used. */
export interface Socket {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  /** Ends our side only. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** How an answer ended. */
export interface AnswerEnd {
  readonly status: number;
  /** Sent, head included. */
  readonly bytes: number;
  /** False where the client had enough, or was too slow. */
  readonly whole: boolean;
}

/** Told of a request when its head is there, and of its answer's end; of one that could not be read there is no target. */
export type ObserveRequest = (target: string | undefined) => (end: AnswerEnd) => void;

/** What a connection works with. */
export interface ConnectionOptions {
  readonly socket: Socket;
  /** Address at its other end. */
  readonly peer: string;
  readonly handle: Handler;
  /** Milliseconds; may be coarse. */
  readonly now: () => number;
  /** The Date field's value (RFC 9110 section 6.6.1). */
  readonly date: () => string;
  /** Where requests' bodies are kept. */
  readonly bodies: BodyRoom;
  /** For counting. */
  readonly observe?: ObserveRequest;
}

/** What a client may take, in milliseconds: between requests, for a head, for a body, and to take some of an answer. */
export const LIMITS_MS = { idle: 75_000, head: 10_000, body: 10_000, write: 60_000, linger: 2_000 } as const;

const encoder = new TextEncoder();
const CONTINUE = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");
/** Of what a client goes on to send after an answer that ends the connection. */
const MAX_LINGER_BYTES = 4 * 1024 * 1024;
/** Up to here head and body go out together. */
const TOGETHER = 64 * 1024;

/** Serves one client until either side ends. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #incoming: Incoming;
  #deadline: number;
  #idle = true;
  #ending = false;
  #sentBytes = 0;

  /** Nothing is read before {@link serve}. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#incoming = new Incoming((buffer) => options.socket.read(buffer));
    this.#deadline = options.now() + LIMITS_MS.idle;
  }

  /** When the client's time is over. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Whether it waits for a request to begin. */
  get idle(): boolean {
    return this.#idle;
  }

  /** The answer that is under way is the last; an idle connection is to be closed by the caller. */
  end(): void {
    this.#ending = true;
  }

  #allow(ms: number): void {
    this.#deadline = this.#options.now() + ms;
  }

  /** Answers requests; rejects when the socket breaks or is closed. */
  async serve(): Promise<void> {
    try {
      while (await this.#exchange());
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const reply = textReply("GET", error.status, `${error.message}\n`, { Connection: "close" });
      await this.#writeCounted(reply, this.#options.observe?.(undefined));
      await this.#linger();
    }
  }

  /** One request and its answer; whether there may be another. */
  async #exchange(): Promise<boolean> {
    this.#idle = true;
    this.#allow(LIMITS_MS.idle);
    const text = await this.#incoming.head(() => {
      this.#idle = false;
      this.#allow(LIMITS_MS.head);
    });
    if (text === undefined || this.#ending) return false;
    const head = parseHead(text);
    const sendContinue = () => this.#send(CONTINUE, LIMITS_MS.body);
    const body = new RequestBody(head, this.#incoming, this.#options.bodies, sendContinue);
    const { method, target, headers } = head;
    const ended = this.#options.observe?.(target);
    this.#allow(LIMITS_MS.write);
    const reply = await this.#options.handle({
      method,
      target,
      headers,
      peer: this.#options.peer,
      readBody: async (maxBytes) => {
        this.#allow(LIMITS_MS.body);
        const bytes = await body.read(maxBytes);
        // The answer may wait for others; the time for the body must not end it.
        this.#allow(LIMITS_MS.write);
        return bytes;
      },
    });
    // Given back whatever happens: a client may leave before its answer begins.
    using _pieces = reply.body instanceof Uint8Array ? undefined : reply.body;
    this.#allow(LIMITS_MS.body);
    await body.passOver();
    const stays = head.keepAlive && body.done && !this.#ending;
    // HTTP/1.1 connections stay unless it is said that they do not.
    const announced = stays ? "keep-alive" : "close";
    const fields = stays && !head.old ? reply.fields : { ...reply.fields, Connection: announced };
    await this.#writeCounted({ ...reply, fields }, ended);
    if (!body.done) await this.#linger();
    return stays && !this.#ending;
  }

  async #writeCounted(reply: HttpReply, ended: ReturnType<ObserveRequest> | undefined): Promise<void> {
    const before = this.#sentBytes;
    let whole = false;
    try {
      await this.#write(reply);
      whole = true;
    } finally {
      ended?.({ status: reply.status, bytes: this.#sentBytes - before, whole });
    }
  }

  async #write({ status, fields, body }: HttpReply): Promise<void> {
    const head = encoder.encode(formatHead(status, { Date: this.#options.date(), ...fields }));
    if (body instanceof Uint8Array && body.length <= TOGETHER) {
      const all = new Uint8Array(head.length + body.length);
      all.set(head);
      all.set(body, head.length);
      return await this.#send(all);
    }
    await this.#send(head);
    if (body instanceof Uint8Array) await this.#send(body);
    else if (body !== undefined) await this.#sendPieces(body);
  }

  async #sendPieces(pieces: Pieces): Promise<void> {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) await this.#send(piece);
  }

  async #send(bytes: Uint8Array, ms: number = LIMITS_MS.write): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#allow(ms);
      const taken = await this.#options.socket.write(at === 0 ? bytes : bytes.subarray(at));
      at += taken;
      this.#sentBytes += taken;
    }
  }

  /** RFC 9112 section 9.6: closing with bytes unread would reset the connection, and the answer be lost. */
  async #linger(): Promise<void> {
    const { socket } = this.#options;
    this.#allow(LIMITS_MS.linger);
    await socket.closeWrite();
    const scrap = new Uint8Array(16 * 1024);
    for (let total = 0; total < MAX_LINGER_BYTES;) {
      const count = await socket.read(scrap);
      if (count === null) return;
      total += count;
    }
  }
}

/** The body of the request that is answered. */
class RequestBody {
  readonly #head: RequestHead;
  readonly #incoming: Incoming;
  readonly #room: BodyRoom;
  readonly #sendContinue: () => Promise<void>;
  /** Whether the next request begins where reading has stopped. */
  done: boolean;

  constructor(head: RequestHead, incoming: Incoming, room: BodyRoom, sendContinue: () => Promise<void>) {
    this.#head = head;
    this.#incoming = incoming;
    this.#room = room;
    this.#sendContinue = sendContinue;
    this.done = head.body.kind === "none";
  }

  /** Takes in what nobody asked for, when it is little and sure to come, so that the connection can stay. */
  async passOver(): Promise<void> {
    const { body: length, expectsContinue } = this.#head;
    if (this.done || expectsContinue || length.kind !== "length" || length.length > TOGETHER) return;
    await this.read(TOGETHER);
  }

  read(maxBytes: number): Promise<Uint8Array | undefined> {
    const { body } = this.#head;
    const announced = body.kind === "length" ? body.length : body.kind === "none" ? 0 : Infinity;
    return this.#room.use(announced, maxBytes, (room) => this.#read(room));
  }

  async #read(maxBytes: number): Promise<Uint8Array | undefined> {
    const { body: length, expectsContinue } = this.#head;
    if (length.kind === "length" && length.length > maxBytes) return undefined;
    if (expectsContinue && !this.done) await this.#sendContinue();
    const body = await this.#incoming.body(length, maxBytes);
    this.done = body !== undefined;
    return body;
  }
}
