/**
 * Logging in: by a session, which is kept and ended, or by Basic where a BMC has no sessions, or none free. There is
 * never more than one session of ours on a BMC.
 */
import { type Document, linkAt, parseDocument, pathOf, valueAt, withoutSlash } from "./document.ts";
import { AnswerError, readFailure } from "./failure.ts";
import { follow, followEitherSlash } from "./redirect.ts";
import { BmcError } from "./types.ts";
import type { Answer, Ask, Wire } from "./wire.ts";

/** The service root (DSP0266 6.4.3); with its slash, since some insist on it (stmcginnis/gofish #190). */
export const ROOT = "/redfish/v1/";
const SESSIONS = "/redfish/v1/SessionService/Sessions";

/** How requests say who asks. */
export type Login =
  | { readonly kind: "session"; readonly token: string; readonly uri: string | undefined }
  /** `isForNow`: only because no session was free; the next request tries again. */
  | { readonly kind: "basic"; readonly isForNow: boolean };

/** Who logs in. */
export interface Credentials {
  /** User name. */
  readonly username: string;
  /** Never in a message. */
  readonly password: string;
}

/** The text without the password, should a BMC repeat it. */
function conceal(text: string, password: string): string {
  if (password === "") return text;
  return text.replaceAll(password, "***").replaceAll(JSON.stringify(password).slice(1, -1), "***");
}

/** A login to one BMC, made when first needed. */
export class Session {
  readonly #wire: Wire;
  readonly #who: Credentials;
  #login: Login | undefined;
  #root: Document | undefined;

  /** Sends nothing yet. */
  constructor(wire: Wire, who: Credentials) {
    this.#wire = wire;
    this.#who = who;
  }

  /**
   * Sends a request as the user. Where a session is not known any more, a new one is made, once.
   * @throws {BmcError} `login` where the user is refused
   */
  async ask(ask: Ask, signal: AbortSignal): Promise<Answer> {
    let login = this.#login ??= await this.#logIn(signal);
    let answer = await this.#askAs(login, ask, signal);
    if (answer.status === 401 && login.kind === "session") {
      // Should the BMC know it still, there would be two.
      await this.close(signal);
      login = this.#login = await this.#logIn(signal);
      answer = await this.#askAs(login, ask, signal);
    }
    if (login.kind === "basic" && login.isForNow) this.#login = undefined;
    if (answer.status === 401) throw this.#refusal(login, answer);
    return answer;
  }

  #refusal(login: Login, answer: Answer): BmcError {
    const { sentence } = readFailure(401, answer.text);
    if (login.kind !== "basic" || !login.isForNow) {
      return new BmcError("login", `user ${this.#who.username} or the password is refused: ${sentence}`);
    }
    return new BmcError("busy", `it has no free session, and takes no password without one: ${sentence}`);
  }

  async #askAs(login: Login, ask: Ask, signal: AbortSignal): Promise<Answer> {
    const answer = await followEitherSlash(
      this.#wire,
      { ...ask, headers: { ...ask.headers, ...this.#headers(login) } },
      signal,
    );
    if (answer.status < 400) return answer;
    return { ...answer, text: conceal(answer.text, this.#who.password) };
  }

  #headers(login: Login): Record<string, string> {
    if (login.kind === "session") return { "X-Auth-Token": login.token };
    const user = new TextEncoder().encode(`${this.#who.username}:${this.#who.password}`);
    return { Authorization: `Basic ${user.toBase64()}` };
  }

  /**
   * The service root, which needs no login; empty where a BMC wants one for it all the same.
   * @throws {BmcError}
   */
  async root(signal: AbortSignal): Promise<Document> {
    if (this.#root !== undefined) return this.#root;
    const answer = await followEitherSlash(this.#wire, { method: "GET", path: ROOT }, signal);
    if (answer.status === 401 || answer.status === 403) return this.#root = {};
    if (answer.status === 404) {
      throw new BmcError(
        "protocol",
        `there is no Redfish at ${ROOT} (404); it may be switched off in the BMC's settings`,
      );
    }
    if (answer.status >= 300) throw new AnswerError(readFailure(answer.status, answer.text), `GET ${ROOT}`);
    const root = parseDocument(answer.text);
    if (root === undefined) {
      throw new BmcError(
        "protocol",
        `what it answers at ${ROOT} is not Redfish: ${readFailure(answer.status, answer.text).sentence}`,
      );
    }
    // Just after a BMC has started its root may lack links (nv-redfish on AMI): it is read again then.
    if (linkAt(root, "Systems") !== undefined) this.#root = root;
    return root;
  }

  async #logIn(signal: AbortSignal): Promise<Login> {
    const named = sessionsOf(await this.root(signal));
    const path = named ?? SESSIONS;
    const { username, password } = this.#who;
    const ask: Ask = { method: "POST", path, body: { UserName: username, Password: password } };
    const raw = await follow(this.#wire, ask, signal);
    // Where no sessions are promised the refusal may be for want of Basic, which all paths ask for (sushy-tools).
    if (raw.status === 401 && named === undefined) return { kind: "basic", isForNow: false };
    const answer = raw.status < 400 ? raw : { ...raw, text: conceal(raw.text, password) };
    return loginFrom(answer, username);
  }

  /** Forgets the login, and ends it on the BMC where it is a session. */
  async close(signal: AbortSignal): Promise<void> {
    const login = this.#login;
    this.#login = undefined;
    if (login?.kind !== "session" || login.uri === undefined) return;
    await follow(this.#wire, { method: "DELETE", path: login.uri, headers: this.#headers(login) }, signal);
  }
}

/** Where sessions are made, if the root says so. */
export function sessionsOf(root: unknown): string | undefined {
  const service = linkAt(root, "SessionService");
  return linkAt(root, "Links", "Sessions") ??
    (service === undefined ? undefined : `${withoutSlash(service)}/Sessions`);
}

/** Some have no sessions (404, sushy-tools), some do not let them be made (405, 501), some want JSON of their own (415). */
const NO_SESSIONS = new Set([404, 405, 410, 415, 501]);

/**
 * What the answer to a login makes of it.
 * @throws {BmcError} where the user is refused, or not now
 */
export function loginFrom(answer: Answer, username: string): Login {
  const { status, headers, text } = answer;
  const token = headers["x-auth-token"];
  if (status < 300 && token !== undefined && /^[\x21-\x7e]+$/.test(token)) {
    // Old OpenBMC gives no Location (openbmc#3353), iLO 5 a body that is no session.
    const uri = pathOf(headers["location"]) ?? pathOf(valueAt(parseDocument(text), "@odata.id"));
    return { kind: "session", token, uri };
  }
  if (status < 300 || NO_SESSIONS.has(status)) return { kind: "basic", isForNow: false };
  const failure = readFailure(status, text);
  if (/RAC0218|SessionLimitExceeded|CreateLimitReached/.test(failure.ids.join()) || status === 503) {
    return { kind: "basic", isForNow: true };
  }
  const error = new AnswerError(failure, "log-in");
  if (error.fault === "busy" || ![400, 401, 403].includes(status)) throw error;
  throw new BmcError("login", `user ${username} or the password is refused: ${failure.sentence}`);
}
