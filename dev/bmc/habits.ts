/**
 * How recorded kinds of firmware differ in what they do, as their documents do not show it. What was reported, and by
 * whom, is in tests/golden/redfish/README.md; a family that is not here does as the standard says.
 */

/** How one kind of firmware behaves; absent: as the standard says. */
export interface Habits {
  /** Paths without a slash at their end are sent on to the one with it (308). */
  readonly wantsSlash?: boolean;
  /** No sessions at all, only Basic. */
  readonly hasNoSessions?: boolean;
  /** Where a new session is said to be. @default "path" */
  readonly location?: "path" | "no host" | "nowhere";
  /** A log-in is sent on to the path with a slash. */
  readonly redirectsLogIn?: boolean;
  /** Sessions that may be open. @default 8 */
  readonly mostSessions?: number;
  /** What an unknown token is answered with. @default an error in JSON */
  readonly unauthorized?: "html";
  /** What a PATCH without If-Match gets. @default it is taken */
  readonly withoutTag?: 428 | 412;
  /** How tags are made. @default as the document has them: strong, weak or bare; none where it has none */
  readonly tag?: "header only" | "weak";
  /** A weak tag is refused in the form in which it was sent. */
  readonly refusesWeakTag?: boolean;
  /** The first PATCH after each change finds the tag changed meanwhile. */
  readonly tagDrifts?: boolean;
  /** What a change of the system's own Boot is answered with, where the override is set elsewhere. */
  readonly sendsOn?: "future state" | "read-only";
  /** BootSourceOverrideMode when it is sent, or is not. @default it is stored */
  readonly mode?: "unknown" | "read-only" | "required" | "reset when left out";
  /** Values of BootSourceOverrideEnabled that are taken. @default those listed, else all three */
  readonly enabled?: readonly string[];
  /** Targets that are not listed are stored all the same. */
  readonly takesAnyTarget?: boolean;
  /** A change needs a target. */
  readonly wantsTarget?: boolean;
  /** Disabled with the target None is refused. */
  readonly refusesDisabledNone?: boolean;
  /** What Boot reads after a change, beyond what was written. */
  readonly reads?: "Once as Continuous" | "Disabled as Once None" | "Pxe as UefiBootNext" | "None as null";
  /** What a change is answered with. @default the document */
  readonly patched?: "nothing" | "message";
  /** What a reset is answered with. @default nothing */
  readonly reset?: "message" | "task";
  /** What a reset to where the machine is already is answered with. @default 409 */
  readonly alreadyThere?: 204 | 400 | 500;
  /** What a reset takes, where the document's list is wrong or was not recorded. */
  readonly resetTypes?: readonly string[];
  /** What a reset takes of a machine with and without power. */
  readonly resetTypesByPower?: Readonly<Record<"On" | "Off", readonly string[]>>;
}

const HPE: Habits = {
  location: "no host",
  mode: "read-only",
  refusesDisabledNone: true,
  patched: "message",
  reset: "message",
  alreadyThere: 400,
};
const LENOVO: Habits = { withoutTag: 428, tagDrifts: true, enabled: ["Once", "Disabled"] };
const DELL: Habits = { mostSessions: 6 };
const FUTURE_STATE: Habits = { withoutTag: 428, sendsOn: "future state", patched: "nothing", reset: "task" };

/** By the names of the recorded families. */
export const HABITS: Readonly<Record<string, Habits>> = {
  "ami-gigabyte": { withoutTag: 428, tag: "weak", refusesWeakTag: true, patched: "nothing", reset: "task" },
  "ami-gigabyte new": FUTURE_STATE,
  "cray-ex235a": { alreadyThere: 400 },
  "dell-idrac8": { ...DELL, unauthorized: "html", reads: "Disabled as Once None" },
  "dell-idrac9": DELL,
  "dell-idrac10": { ...DELL, sendsOn: "read-only" },
  "fujitsu-irmc-s4": {
    withoutTag: 412,
    enabled: ["Once", "Continuous"],
    reads: "None as null",
    resetTypesByPower: { Off: ["On"], On: ["ForceOff", "ForceRestart", "Nmi", "PushPowerButton"] },
  },
  "hpe-ilo4": { ...HPE, wantsSlash: true },
  "hpe-ilo5": HPE,
  "hpe-ilo5 1.30": { ...HPE, wantsSlash: true },
  "hpe-ilo6": HPE,
  "huawei-ibmc": {
    withoutTag: 412,
    tag: "header only",
    reset: "message",
    resetTypes: ["On", "ForceOff", "GracefulShutdown", "ForceRestart", "Nmi", "ForcePowerCycle"],
  },
  "huawei-ibmc v3": { withoutTag: 412, tag: "header only", reset: "message" },
  "lenovo-xcc": LENOVO,
  "lenovo-xcc3": LENOVO,
  "nvidia-dgx-h100": FUTURE_STATE,
  "openbmc-qemu": { location: "nowhere", patched: "nothing", alreadyThere: 204 },
  "nvidia-gb200": { patched: "nothing", alreadyThere: 204 },
  "nvidia-bluefield3": { patched: "nothing", alreadyThere: 204 },
  "nvidia-bluefield3 empty strings": { patched: "nothing", alreadyThere: 204 },
  "supermicro-x10": { redirectsLogIn: true, mode: "unknown", alreadyThere: 500 },
  "supermicro-x11": { mode: "reset when left out", patched: "message" },
  "supermicro-x12": {
    mode: "reset when left out",
    reads: "Pxe as UefiBootNext",
    patched: "message",
    resetTypes: ["On", "ForceOff", "GracefulShutdown", "GracefulRestart", "ForceRestart", "Nmi", "ForceOn"],
  },
  "supermicro-x12 1.9": { mode: "required" },
  "sushy-tools": {
    hasNoSessions: true,
    takesAnyTarget: true,
    wantsTarget: true,
    reads: "Once as Continuous",
    patched: "nothing",
    alreadyThere: 204,
  },
};
