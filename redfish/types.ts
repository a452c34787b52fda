/** The doors of the Redfish client: what is asked of a BMC, and what it says. */

/**
 * A system behind a BMC. Two that differ in any field never share a connection or a session (contract 11.2), save that
 * a first contact goes on when the certificate that it saw is pinned.
 */
export interface BmcTarget {
  /** Base URL without a trailing slash, such as `https://10.0.10.11`. */
  readonly url: string;
  /** Which system: the last part of its URI. `1` also means the only one that can be reset (contract 11.12). */
  readonly deviceId: string;
  /** Who logs in. */
  readonly username: string;
  /** Never in a log or a message. */
  readonly password: string;
  /**
   * SHA-256 of the BMC's certificate, lower-case hex with colons; no other certificate is spoken to.
   * Absent on first contact, which accepts any and tells its fingerprint.
   */
  readonly fingerprint?: string;
}

/** As a BMC says it; anything else that a BMC says is `Unknown`, and waited for (contract 11.10). */
export type PowerState = "On" | "Off" | "PoweringOn" | "PoweringOff" | "Paused" | "Unknown";

/** What a machine should boot. */
export type BootWish =
  /** The network, until something else is wished. */
  | { readonly kind: "network"; readonly target: "Pxe" }
  /** The same over UEFI HTTP; `httpUri` is set where the BMC can. */
  | { readonly kind: "network"; readonly target: "UefiHttp"; readonly httpUri?: string }
  /** Whatever its own boot order says. */
  | { readonly kind: "own order" };

/** Boot.BootSourceOverride of a system, as the document says it. */
export interface BootOverride {
  /** `Pxe`, `Hdd`, `None`. */
  readonly target: string;
  /** `Disabled`, `Once`, `Continuous`. */
  readonly enabled: string;
  /** `UEFI`, `Legacy`; absent where the BMC has no modes. */
  readonly mode?: string;
}

/** What a BMC says of a system. */
export interface SystemView {
  /** Of the certificate that it showed, in the form of {@link BmcTarget.fingerprint}. */
  readonly fingerprint: string;
  /** Its URI. */
  readonly system: string;
  /** Manufacturer, model and BMC firmware, for people. */
  readonly description: string;
  /** Whether it runs. */
  readonly power: PowerState;
  /** Absent where the BMC cannot override what boots. */
  readonly boot?: BootOverride;
}

/** How a wish has ended. */
export type BootOutcome =
  /** Read back: it is as wished. */
  | { readonly kind: "set" }
  /** This BMC cannot; the reason is for a condition's message. */
  | { readonly kind: "not supported"; readonly reason: string };

/** How power was asked for. */
export interface PowerOutcome {
  /** Whether the running system has to switch itself off, and may not: where a BMC offers no ForceOff. */
  readonly isUpToSystem: boolean;
}

/** One system behind one BMC. One call at a time; every call may take as long as its time-outs, and ends at once when the signal aborts. */
export interface Bmc {
  /** Of the certificate that it showed, once it was spoken to; in the form of {@link BmcTarget.fingerprint}. */
  readonly fingerprint?: string | undefined;
  /** Reads the system. @throws {BmcError} */
  look(signal: AbortSignal): Promise<SystemView>;
  /** Makes the boot override as wished, and reads it back. Does nothing where it is so already. @throws {BmcError} */
  setBoot(wish: BootWish, signal: AbortSignal): Promise<BootOutcome>;
  /**
   * Asks for power or for none; whether it came, {@link look} says. A system that is there already is no error. Asked
   * again, it takes another way to off where the one before was up to the running system.
   * @throws {BmcError}
   */
  power(to: "On" | "Off", signal: AbortSignal): Promise<PowerOutcome>;
  /** Closes the connection; what is asked next opens another, in the same session. Not while a call is under way. */
  disconnect(): void;
  /** Ends the session and the connection; never throws. */
  close(): Promise<void>;
}

/** Why a call did not succeed, as far as a caller acts on it. */
export type BmcFault =
  /** No connection, no answer in time, name not found. */
  | "unreachable"
  /** The BMC's TLS is one that this runtime cannot speak; the message names it. */
  | "tls"
  /** Another certificate than the pinned one. */
  | "certificate"
  /** User or password are refused. */
  | "login"
  /** Not now: it starts, runs POST, or has no free session. */
  | "busy"
  /** It refuses, and will refuse again. */
  | "refused"
  /** There is no such system, or more than one that could be meant. */
  | "no system"
  /** What it says is not Redfish. */
  | "protocol";

/** A call to a BMC that failed; the message says what the BMC said, and what to look at. */
export class BmcError extends Error {
  /** The class, in logs. */
  override name = "BmcError";

  /**
   * Its message is for an operator.
   * @param fault what kind of failure it is
   */
  constructor(readonly fault: BmcFault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
