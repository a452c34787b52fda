/** The doors of emulated BMCs: what their firmware is asked, what it answers, and what it switches. */
import type { BootDevice, RackMachine } from "../rack/types.ts";
import type { Sessions } from "./session_times.ts";

/** A request, as firmware sees it. */
export interface BmcRequest {
  /** `GET`. */
  readonly method: string;
  /** As it was sent, slash at its end and all; without a query. */
  readonly path: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined where there is none, or what is no JSON. */
  readonly body: unknown;
}

/** What firmware answers. */
export interface BmcAnswer {
  /** Of HTTP. */
  readonly status: number;
  /** Content-Type is made from the body where it is not here. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** What firmware keeps between requests. */
export interface BmcState {
  /** BootSourceOverrideTarget, Enabled and so on, by their names in Boot. */
  readonly boot: Readonly<Record<string, unknown>>;
  /** Open ones. */
  readonly sessions: Sessions;
  /** Grows with each change that a tag shows. */
  readonly version: number;
}

/** What firmware sees around it at a request. */
export interface BmcFacts {
  /** Whether its machine has power: while it is being switched, what it was before. */
  readonly power: "On" | "Off";
  /** Who may log in. */
  readonly username: string;
  /** With what. */
  readonly password: string;
  /** For a session, should this request open one; differs at each request. */
  readonly token: string;
}

/** What firmware does to its machine. */
export type BmcEffect =
  /** A ResetType. */
  | { readonly kind: "reset"; readonly type: string }
  /** Undefined: the machine's own order. */
  | { readonly kind: "boot"; readonly device: BootDevice | undefined; readonly once: boolean };

/** What a request comes to. */
export interface BmcStep {
  /** From now on. */
  readonly state: BmcState;
  /** What the client gets. */
  readonly answer: BmcAnswer;
  /** Done after the answer is made, in this order. @default none */
  readonly effects?: readonly BmcEffect[];
}

/** A kind of firmware: pure. */
export interface BmcFamily {
  /** As it is delivered. */
  readonly initial: BmcState;
  /** It ends sessions that were not used for so long. */
  readonly sessionTimeoutMs: number;
  /** Answers one request. */
  answer(state: BmcState, request: BmcRequest, facts: BmcFacts): BmcStep;
  /** The machine has booted what was to be booted once. */
  booted(state: BmcState): BmcState;
}

/** What a BMC switches: a machine of a rack. */
export type BmcMachine = Pick<RackMachine, "isOn" | "bootOrder" | "bootOnce" | "powerOn" | "powerOff">;
