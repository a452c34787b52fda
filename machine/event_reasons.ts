/** Every reason of an Event about a Machine, with how serious it is; docs/operations.md says what to do about each. */
import type { Machine } from "./types.ts";

/** The table. */
export const EVENT_REASONS = {
  /** Of a boot, as its timeline has them (boot_timeline.ts). */
  PoweredOn: "Normal",
  DhcpAnswered: "Normal",
  FirstFileServed: "Normal",
  KernelServed: "Normal",
  InstallerStarted: "Normal",
  Installed: "Normal",
  CloudInitStarted: "Normal",
  CloudInitFinished: "Normal",
  CloudInitFailed: "Warning",
  CloudInitTimedOut: "Warning",
  /** Of images and what is in them. */
  ImagePulled: "Normal",
  ImagePullFailed: "Warning",
  NoBootFile: "Warning",
  TemplateFailed: "Warning",
  /** Of the Machine's own fields and addresses. */
  InvalidField: "Warning",
  AddressConflict: "Warning",
  AddressDeclined: "Warning",
  /** Of its BMC. */
  BmcUnreachable: "Warning",
  BmcCertificateChanged: "Warning",
  BmcLoginFailed: "Warning",
  BmcSecretMissing: "Warning",
  BmcBusy: "Warning",
  BmcRefused: "Warning",
  BmcNoSystem: "Warning",
  BmcNotRedfish: "Warning",
  /** Of an installation that is not done in time. */
  RepaveRetried: "Warning",
  RepaveFailed: "Warning",
  /** Of attestation. */
  AttestedFirstUse: "Normal",
  TokenIssued: "Normal",
  AttestRefused: "Warning",
} as const satisfies Readonly<Record<string, "Normal" | "Warning">>;

/** One of {@link EVENT_REASONS}. */
export type EventReason = keyof typeof EVENT_REASONS;

/** Tells a Machine's owner, as an Event; the severity is the table's. */
export type TellOwner = <Reason extends EventReason>(
  machine: Machine,
  severity: (typeof EVENT_REASONS)[Reason],
  reason: Reason,
  message: string,
) => void;
