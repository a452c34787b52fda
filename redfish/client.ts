/** Redfish over a login: documents, changes with their tags, actions and the tasks they become. */
import type { Clock } from "../base/clock.ts";
import { type Document, parseDocument, pathOf, textAt, valueAt } from "./document.ts";
import { ifMatch, nextTag, type TagTry } from "./etag.ts";
import { AnswerError, readFailure } from "./failure.ts";
import { ROOT, type Session } from "./session.ts";
import { isTask, readTask } from "./task.ts";
import { BmcError } from "./types.ts";
import type { Answer } from "./wire.ts";

/** A document and the tag of its state. */
export interface Resource {
  /** What the BMC says. */
  readonly document: Document;
  /** As it was given. */
  readonly etag: string | undefined;
}

/** Pauses between two looks at a task; after the last of them it is left to itself. */
const TASK_PAUSES_MS = [500, 1000, 1000, 2000, 2000, 3000, 3000, 5000, 5000, 5000];

/** Speaks Redfish to one BMC. */
export class RedfishClient {
  readonly #session: Session;
  readonly #clock: Clock;

  /** Sends nothing yet. */
  constructor(session: Session, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** The service root. @throws {BmcError} */
  async root(signal: AbortSignal): Promise<Document> {
    const root = await this.#session.root(signal);
    // Empty where a BMC does not show it without a login.
    return Object.keys(root).length > 0 ? root : (await this.get(ROOT, signal)).document;
  }

  /** Reads a document. @throws {BmcError} */
  async get(path: string, signal: AbortSignal): Promise<Resource> {
    const answer = await this.#session.ask({ method: "GET", path }, signal);
    if (answer.status >= 300) throw new AnswerError(readFailure(answer.status, answer.text), `GET ${path}`);
    const document = parseDocument(answer.text);
    if (document === undefined) {
      throw new BmcError("protocol", `GET ${path}: not Redfish: ${readFailure(answer.status, answer.text).sentence}`);
    }
    const tag = valueAt(document, "@odata.etag");
    return { document, etag: typeof tag === "string" && tag !== "" ? tag : answer.headers["etag"] };
  }

  /**
   * Changes a document as RFC 9110 13.1.1 wants it, and as BMCs do: with its newest tag, in the form that they take.
   * @param known the document as it was just read
   * @throws {AnswerError} where it is refused
   */
  async patch(path: string, body: unknown, known: Resource, signal: AbortSignal): Promise<void> {
    let tag = known.etag;
    for (let tried: TagTry | undefined = { form: "as given", rereads: 0 };;) {
      const answer: Answer = await this.#session.ask(
        { method: "PATCH", path, body, headers: ifMatch(tried, tag) },
        signal,
      );
      if (answer.status < 300) return await this.#finish(`PATCH ${path}`, answer, signal);
      tried = nextTag(tried, answer.status, tag);
      if (tried === undefined) throw new AnswerError(readFailure(answer.status, answer.text), `PATCH ${path}`);
      tag = (await this.get(path, signal)).etag;
    }
  }

  /** Starts an action, never with If-Match (iDRAC answers 412 to it). @throws {AnswerError} */
  async post(path: string, body: unknown, signal: AbortSignal): Promise<void> {
    const answer = await this.#session.ask({ method: "POST", path, body }, signal);
    if (answer.status >= 300) throw new AnswerError(readFailure(answer.status, answer.text), `POST ${path}`);
    await this.#finish(`POST ${path}`, answer, signal);
  }

  /** Waits for the task that the answer speaks of, if it does. */
  async #finish(what: string, answer: Answer, signal: AbortSignal): Promise<void> {
    const document = parseDocument(answer.text);
    if (answer.status !== 202 && !isTask(document)) return;
    if (this.#hasEnded(what, document)) return;
    const monitor = pathOf(answer.headers["location"]) ?? pathOf(textAt(document, "@odata.id"));
    if (monitor === undefined) return;
    for (const pause of TASK_PAUSES_MS) {
      await this.#clock.sleep(pause, { signal });
      const seen = await this.#session.ask({ method: "GET", path: monitor }, signal);
      if (seen.status >= 300) {
        const failure = new AnswerError(readFailure(seen.status, seen.text), `${what}, its task`);
        // A finished task may be gone (iDRAC-Redfish-Scripting #275), or not be for this user's eyes: that refuses
        // nothing of what was taken. Whether it did its work is looked at anyway.
        if (failure.fault === "refused") return;
        throw failure;
      }
      const task = parseDocument(seen.text);
      if (isTask(task) ? this.#hasEnded(what, task) : seen.status !== 202) return;
    }
  }

  #hasEnded(what: string, document: Document | undefined): boolean {
    const progress = readTask(document);
    if (progress.kind === "failed") throw new BmcError("busy", `${what}: ${progress.reason}`);
    return progress.kind === "done";
  }
}
