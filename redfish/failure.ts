/** What a BMC says when it does not do as asked. */
import { listAt, parseDocument, textAt, textsAt, valueAt } from "./document.ts";
import { BmcError, type BmcFault } from "./types.ts";

/** An answer that is an error, as far as it could be understood. */
export interface Failure {
  /** HTTP status. */
  readonly status: number;
  /** What it is called, such as `Base.1.18.PropertyNotWritable`. */
  readonly ids: readonly string[];
  /** All that it says, for looking up names in it. */
  readonly words: string;
  /** For people, in one line. */
  readonly sentence: string;
}

/** Longest sentence. */
const MAX_SENTENCE = 400;
/** As many messages are shown as can be read. */
const MAX_MESSAGES = 3;

/** Says "not now" in whatever status: OpenStack sushy and ironic, badfish #129, gofish #75 are where it was seen. */
const BUSY = new RegExp(
  "SWC0700|RAC0218|DuringSystemPOST|InvalidOperationForSystemState|ServiceTemporarilyUnavailable|ServiceShuttingDown" +
    "|ServiceInUnknownState|ResourceInUse|NotReady|SessionLimitExceeded|CreateLimitReached",
);

/** Statuses of what may go well later. 500 is among them: some BMCs answer it to what they cannot do just now. */
const BUSY_STATUS = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

const MEANING: Readonly<Record<number, string>> = {
  400: "bad request",
  401: "not logged in",
  403: "forbidden",
  404: "not found",
  405: "method not allowed",
  409: "conflict",
  410: "gone",
  412: "precondition failed",
  415: "unsupported media type",
  428: "precondition required",
  429: "too many requests",
  500: "internal error",
  501: "not implemented",
  502: "bad gateway",
  503: "not available",
  504: "gateway time-out",
};

interface Message {
  readonly id: string | undefined;
  readonly text: string;
}

/** One message: the text, or what stands for it (iLO 4 gives an id, written MessageID, and arguments only). */
function readMessage(value: unknown): Message {
  const id = textAt(value, "MessageId") ?? textAt(value, "MessageID");
  const text = textAt(value, "Message");
  if (text !== undefined) return { id, text: id === undefined ? text : `${text} [${id}]` };
  const args = textsAt(value, "MessageArgs").join(", ");
  return { id, text: [id, args].filter((part) => part !== undefined && part !== "").join(": ") };
}

/** The messages of a document, for people; empty where it has none. */
export function toldBy(document: unknown): string {
  const told = new Set(messagesIn(document).map((message) => message.text));
  return oneLine([...told].slice(0, MAX_MESSAGES).map((text) => text.slice(0, MAX_SENTENCE)).join(" "));
}

/** Wherever messages are put: below `error` as the standard says, at the top, in a task, or under iLO 4's name. */
function messagesIn(document: unknown): readonly Message[] {
  const info = "@Message.ExtendedInfo";
  const single = valueAt(document, "error", info);
  const lists = [
    listAt(document, "error", info),
    single === undefined || Array.isArray(single) ? [] : [single],
    listAt(document, info),
    listAt(document, "Messages"),
  ];
  const found = lists.find((list) => list.length > 0) ?? [];
  return found.map(readMessage).filter((message) => message.text !== "");
}

/** One readable line; nothing of it can move a terminal's cursor. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, " ").trim();
  return line.length <= MAX_SENTENCE ? line : `${line.slice(0, MAX_SENTENCE - 3)}...`;
}

function bareText(text: string): string {
  return /^\s*<|<html/i.test(text) ? "a page of HTML instead of Redfish" : text;
}

/** Reads an answer's body, whatever it is. */
export function readFailure(status: number, text: string): Failure {
  const document = parseDocument(text);
  const messages = messagesIn(document);
  const general = textAt(document, "error", "message") ?? (document === undefined ? bareText(text) : "");
  const meaning = MEANING[status] ?? "";
  const what = messages.length > 0 ? toldBy(document) : general.slice(0, MAX_SENTENCE);
  const code = textAt(document, "error", "code");
  return {
    status,
    ids: [...messages.map((message) => message.id), code].filter((id) => id !== undefined),
    // iRMC writes slashes as JSON allows it, with a backslash.
    words: text.replaceAll("\\/", "/"),
    sentence: oneLine([`${status} ${meaning}`.trim(), what].filter((part) => part !== "").join(": ")),
  };
}

/** What a caller can do about it. */
function faultOf(failure: Failure): BmcFault {
  if (failure.status === 401) return "login";
  if (failure.ids.some((id) => BUSY.test(id)) || BUSY_STATUS.has(failure.status)) return "busy";
  return "refused";
}

/** An answer that is an error, for those who look into it before it goes up. */
export class AnswerError extends BmcError {
  /** The class, in logs. */
  override name = "AnswerError";

  /**
   * An answer to `what`.
   * @param failure what the BMC said
   */
  constructor(readonly failure: Failure, what: string) {
    super(faultOf(failure), `${what}: ${failure.sentence}`);
  }

  /** There is nothing at that path. */
  get isGone(): boolean {
    return this.failure.status === 404 || this.failure.status === 410;
  }
}
