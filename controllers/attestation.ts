/**
 * POST /attest (contract 10): a bootstrap token for a Machine that nothing but its TPM can open. All that can be refused
 * is refused before anything is written or asked for (contract 11.18), and as the client tries nothing twice, whatever
 * may help is tried again here for as long as it waits.
 */
import { createHash } from "node:crypto";
import { type AttestPolicy, decideAttest, ekIdentity } from "../attest/decide.ts";
import { makeCredential, type RandomBytes } from "../attest/make_credential.ts";
import { type AttestRequest, AttestRequestError, readAttestRequest } from "../attest/request.ts";
import { KEY_SIZE, NONCE_SIZE, seal } from "../attest/seal.ts";
import { formatIpv4 } from "../base/address.ts";
import { backoffMs } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { LineBudget } from "../base/line_budget.ts";
import type { Logger } from "../base/log.ts";
import { ApiError, isTransient } from "../k8s/errors.ts";
import type { StatusWriter } from "../k8s/status.ts";
import { tokenTimes, withPinnedKey } from "../machine/attestation.ts";
import type { Directory } from "../machine/directory.ts";
import type { TellOwner } from "../machine/event_reasons.ts";
import type { Machine, MachineObject } from "../machine/types.ts";
import { away, orRefused, refusalOf, Refused, unknownClient } from "./attest_refusal.ts";
import { RequestRate } from "./request_rate.ts";
import { HourlyBudget } from "./token_budget.ts";
import { TokenNotes } from "./token_notes.ts";
import { Turns } from "./turns.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** An answer of the HTTP port. */
export interface AttestAnswer {
  /** Of the answer. */
  readonly status: number;
  /** The answer's JSON, or a sentence. */
  readonly text: string;
  /** How long the client is asked to wait. */
  readonly retryAfterS?: number;
}

/** What attestation needs. */
export interface AttestationOptions {
  /** Whose address it is. */
  readonly directory: Pick<Directory, "byIp">;
  /** Whether Machines are read, so that an unknown address is nobody's. */
  readonly synced: () => boolean;
  /** Where first use is decided. */
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** Called with each object as the API has it after a write. */
  readonly stored: (object: MachineObject) => void;
  /** Asks the API for a token. */
  readonly requestToken: (signal: AbortSignal) => Promise<string>;
  /** PEM of the cluster's authority; undefined when it cannot be known. */
  readonly clusterCa: (signal: AbortSignal) => Promise<string | undefined>;
  /** What the operator wants. */
  readonly policy: AttestPolicy;
  /** Says something about a Machine where an operator sees it. */
  readonly event: TellOwner;
  /** Told of each answer: `Issued`, or one of {@link ATTEST_REFUSALS}. @default nobody is */
  readonly observe?: (result: string) => void;
  /** What is said about nobody's requests and about trouble. */
  readonly log: Logger;
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1), for pauses. */
  readonly random: () => number;
  /** For keys. */
  readonly randomBytes: RandomBytes;
}

/** Why no token was given: by attest/decide.ts, and here. */
export const ATTEST_REFUSALS = [
  ...["AnotherKey", "KeyNotAllowed", "NoCertificate", "BadCertificate", "NotInstalling"],
  ...["UnknownClient", "Unavailable", "TooManyRequests", "TooManyTokens", "NoToken", "BadRequest", "InternalError"],
] as const;

/** Tokens of a Machine in an hour. */
const TOKENS_AN_HOUR = 60;
/** Events about refusals of a Machine for one reason in an hour: what a machine sends must not fill the cluster with texts. */
const EVENTS_AN_HOUR = 20;
/** Requests of a Machine, which asks once a boot, that are looked at: each takes milliseconds of the thread that answers DHCP. */
const RATE = { burst: 8, perSecond: 2 };
/** As long as a request may be answered; the connection gives up after a minute. */
const ANSWER_MS = 45_000;
/** So long the API may refuse before it is believed. */
const REFUSED_MS = 10_000;
/** Requests that wait for the API. */
const MAX_OPEN = 1024;
const MAX_OPEN_PER_MACHINE = 4;
const PIN_TRIES = 4;
const RETRY = { baseMs: 250, maxMs: 5000 };
/** Whoever asked while it was being installed may be up when its token comes. */
const KEY_ALONE: AttestPolicy = { authorities: [], requireEkCert: false, onlyInstalling: false };
const LINES = { burst: 100, perSecond: 1 };

/** Answers the requests of all machines. */
export class Attestation {
  readonly #options: AttestationOptions;
  readonly #budget = new HourlyBudget(TOKENS_AN_HOUR);
  readonly #rate = new RequestRate(RATE);
  /** At certificates, which take longest, of all Machines. */
  readonly #turns: Turns;
  readonly #said = new HourlyBudget(EVENTS_AN_HOUR);
  /** Of what Machines cause, and of what unknown clients do, of whom anybody can be one. */
  readonly #lines = { known: new LineBudget(LINES), unknown: new LineBudget(LINES) };
  readonly #notes: TokenNotes;
  readonly #open = new Map<string, number>();
  #openCount = 0;

  /** Nothing is asked for before the first request. */
  constructor(options: AttestationOptions) {
    this.#options = options;
    this.#notes = new TokenNotes(options);
    this.#turns = new Turns(() => options.clock.sleep(0));
  }

  /** Resolves when what is to be kept of each token is written, or the signal aborts. */
  flush(signal: AbortSignal): Promise<void> {
    return this.#notes.flush(signal);
  }

  /**
   * Answers one request; never rejects.
   * @param client its IPv4 address as an unsigned 32-bit number
   * @param body undefined: it was too long to be kept
   */
  async answer(client: number, body: Uint8Array | undefined): Promise<AttestAnswer> {
    const { directory, synced } = this.#options;
    const machine = directory.byIp(client)?.machine;
    if (machine === undefined) {
      return this.#refuse(undefined, client, synced() ? unknownClient() : away("Machines are not known yet"));
    }
    try {
      return { status: 200, text: await this.#attest(machine, client, body) };
    } catch (error) {
      return this.#refuse(machine, client, error);
    }
  }

  async #attest(machine: Machine, client: number, body: Uint8Array | undefined): Promise<string> {
    const { policy, clock, randomBytes } = this.#options;
    if (!this.#rate.take(machine.uid, clock.now())) {
      throw new Refused(429, "TooManyRequests", "this Machine asks too often, try again", 5);
    }
    const request = readAttestRequest(body);
    if (request.ekCert !== undefined && policy.authorities.length > 0) await this.#turns.next();
    const decision = orRefused(decideAttest(machine.object, request, policy, clock.now()));
    const key = randomBytes(KEY_SIZE);
    const { credential, token, ca } = await this.#limited(machine, async (signal) => {
      // Before anything is stored: a key that nothing can be encrypted to is no key. After the limits: it takes milliseconds.
      const credential = await makeCredential(request.ek, { name: request.srk.name, secret: key }, randomBytes);
      const ca = await this.#clusterCa(signal);
      if (decision.firstUse) await this.#pin(machine, client, request, decision.ekPem, signal);
      const token = await this.#token(machine, signal);
      this.#checkKeyAgain(machine, client, request);
      return { credential, ca, token };
    });
    this.#issued(machine, client, token);
    this.#options.observe?.("Issued");
    const nonce = randomBytes(NONCE_SIZE);
    return JSON.stringify({
      credentialBlob: credential.credentialBlob.toBase64(),
      encryptedSecret: credential.encryptedSecret.toBase64(),
      encryptedToken: seal(token, key, nonce).toBase64(),
      gcmNonce: nonce.toBase64(),
      ...(ca === undefined ? {} : { clusterCA: ca }),
    });
  }

  /** Runs what asks the API, for so long and so often at once. */
  async #limited<T>({ name, uid, object }: Machine, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const nowMs = this.#options.clock.now();
    const open = this.#open.get(name) ?? 0;
    if (open >= MAX_OPEN_PER_MACHINE || this.#openCount >= MAX_OPEN) {
      throw new Refused(429, "TooManyRequests", "too many requests wait for an answer, try again", 5);
    }
    if (!this.#budget.take(uid, nowMs, tokenTimes(object, nowMs).length)) {
      throw new Refused(429, "TooManyTokens", `this Machine had ${TOKENS_AN_HOUR} tokens within an hour`, 60);
    }
    this.#open.set(name, open + 1);
    this.#openCount++;
    const end = new AbortController();
    const timeout = Promise.withResolvers<never>();
    this.#options.clock.sleep(ANSWER_MS, { signal: end.signal }).then(
      () => timeout.reject(away("the Kubernetes API does not answer")),
      () => {},
    );
    try {
      return await Promise.race([run(end.signal), timeout.promise]);
    } catch (error) {
      this.#budget.giveBack(uid);
      throw error;
    } finally {
      end.abort();
      this.#openCount--;
      const left = this.#open.get(name)! - 1;
      if (left === 0) this.#open.delete(name);
      else this.#open.set(name, left);
    }
  }

  /** First use: whoever is in the status when it is written is the one, and everybody else is checked against it. */
  async #pin(
    machine: Machine,
    client: number,
    request: AttestRequest,
    pem: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { statuses, stored, event, policy, clock } = this.#options;
    const key = { uid: machine.uid, pem, nowMs: clock.now() };
    for (let tries = 1;; tries++) {
      const write = statuses.write(machine.name, "endorsement key", (object) => {
        // What the operator wants may be another by now, and nothing is kept for a client that was sent away.
        const isWanted = !signal.aborted && decideAttest(object, request, policy, clock.now()).kind === "accepted";
        return isWanted ? withPinnedKey(object, key) : undefined;
      });
      // A write waits for the API for ever; those who were sent away meanwhile must not be kept as long.
      const outcome = await unlessAborted(write, signal);
      if (outcome.kind === "gone" || outcome.object.metadata.uid !== machine.uid) throw unknownClient();
      stored(outcome.object);
      if (!orRefused(decideAttest(outcome.object, request, policy, clock.now())).firstUse) break;
      // One that was sent away had its turn in place of this, or an operator has just taken the key away again.
      if (tries === PIN_TRIES) throw away("the endorsement key could not be kept");
    }
    const { sha256 } = ekIdentity(request.ek.key);
    event(machine, "Normal", "AttestedFirstUse", `endorsement key ${sha256} is kept, from ${formatIpv4(client)}`);
  }

  /** While the API took its time, the address may have gone to another, or the operator have changed what is allowed. */
  #checkKeyAgain({ uid, object }: Machine, client: number, request: AttestRequest): void {
    const latest = this.#options.directory.byIp(client)?.machine;
    if (latest?.uid !== uid) throw unknownClient();
    if (latest.object !== object) orRefused(decideAttest(latest.object, request, KEY_ALONE, this.#options.clock.now()));
  }

  /** A token, asked for until there is one: asking twice does no harm. */
  async #token({ name }: Machine, signal: AbortSignal): Promise<string> {
    const { requestToken, clock, random, log } = this.#options;
    const startedMs = clock.now();
    for (let failures = 1;; failures++) {
      try {
        return await requestToken(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (failures === 1 && this.#lines.known.take(clock.now())) {
          log.warn("no token from the Kubernetes API", { machine: name, error });
        }
        // Rights and accounts that were made a moment ago take a while to count.
        const isFinal = error instanceof ApiError && !isTransient(error) && error.status !== 409;
        if (isFinal && clock.now() - startedMs > REFUSED_MS) {
          throw new Refused(500, "NoToken", "the Kubernetes API refuses to give a token");
        }
      }
      await clock.sleep(backoffMs(failures, RETRY, random()), { signal });
    }
  }

  /** A client that has it already can do without, so trouble with it is no reason to refuse. */
  async #clusterCa(signal: AbortSignal): Promise<string | undefined> {
    const { clusterCa, log } = this.#options;
    const ca = await clusterCa(signal);
    if (ca === undefined) log.warn("a token is issued without the cluster's CA, which is not known");
    return ca;
  }

  #issued(machine: Machine, client: number, token: string): void {
    const { event, log, clock } = this.#options;
    const sha256Prefix = createHash("sha256").update(token).digest("hex").slice(0, 16);
    const ip = formatIpv4(client);
    event(machine, "Normal", "TokenIssued", `a bootstrap token with SHA-256 ${sha256Prefix}... is issued to ${ip}`);
    log.info("bootstrap token issued", { machine: machine.name, ip, tokenSHA256Prefix: sha256Prefix });
    this.#notes.add(machine.name, { uid: machine.uid, sha256Prefix, issuedMs: clock.now() });
  }

  #refuse(machine: Machine | undefined, client: number, error: unknown): AttestAnswer {
    const refused = refusalOf(error);
    const { status, reason, message, retryAfterS } = refused;
    const ip = formatIpv4(client);
    const { event, log, clock, observe } = this.#options;
    observe?.(reason);
    if (machine !== undefined && this.#said.take(`${machine.uid} ${reason}`, clock.now())) {
      event(machine, "Warning", "AttestRefused", `${reason}: ${message}; from ${ip}`);
    }
    const lines = machine === undefined ? this.#lines.unknown : this.#lines.known;
    if (lines.take(clock.now())) {
      const cause = refused === error || error instanceof AttestRequestError ? {} : { error };
      const fields = { machine: machine?.name, ip, status, reason, why: message, ...cause };
      log.warn("attestation refused", { ...fields, alsoHeldBack: lines.heldBack() });
    }
    return { status, text: `${message}\n`, ...(retryAfterS === undefined ? {} : { retryAfterS }) };
  }
}
