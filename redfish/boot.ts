/** The boot override: what a BMC's documents say of it, what to write for a wish, and whether it has come true. */
import { linkAt, textAt, textsAt, valueAt, withoutSlash } from "./document.ts";
import type { Failure } from "./failure.ts";
import type { Quirk } from "./quirks.ts";
import type { BootOverride, BootWish } from "./types.ts";

/** The Boot object of a system or of its settings. */
export interface BootFacts {
  /** As it is. */
  readonly override: BootOverride;
  /** Targets that may be set; empty where none are listed. */
  readonly targets: readonly string[];
  /** Values of BootSourceOverrideEnabled; empty where none are listed. */
  readonly enabledValues: readonly string[];
  /** Values of BootSourceOverrideMode. */
  readonly modes: readonly string[];
  /** What UEFI HTTP boots; `""` where nothing is set, undefined where there is no place for it. */
  readonly httpUri: string | undefined;
}

const TARGET = "BootSourceOverrideTarget";
const ENABLED = "BootSourceOverrideEnabled";
const MODE = "BootSourceOverrideMode";
const LIST = "@Redfish.AllowableValues";

/** Reads a document's Boot; undefined where it has no override. */
export function bootFacts(document: unknown): BootFacts | undefined {
  const boot = valueAt(document, "Boot");
  const targets = textsAt(boot, `${TARGET}${LIST}`);
  if (valueAt(boot, TARGET) === undefined && targets.length === 0) return undefined;
  const mode = textAt(boot, MODE);
  return {
    // Null and "" stand for what is not set (iRMC, BlueField).
    override: {
      target: textAt(boot, TARGET) ?? "None",
      enabled: textAt(boot, ENABLED) ?? "Disabled",
      ...(mode === undefined ? {} : { mode }),
    },
    // iLO 4 has its list under another name.
    targets: targets.length > 0 ? targets : textsAt(boot, "BootSourceOverrideSupported"),
    enabledValues: textsAt(boot, `${ENABLED}${LIST}`),
    modes: textsAt(boot, `${MODE}${LIST}`),
    httpUri: valueAt(boot, "HttpBootUri") === undefined ? undefined : textAt(boot, "HttpBootUri") ?? "",
  };
}

/** Where the settings of a system are, if they are apart from it. */
export function settingsOf(system: unknown): string | undefined {
  return linkAt(system, "@Redfish.Settings", "SettingsObject");
}

/**
 * Whether the settings have to be read to know where the override is set: where the system does not list its targets
 * (AMI's /SD, iDRAC10), for settings that hold no override are no place for it (Dell, Lenovo).
 */
export function wantsSettings(system: unknown): boolean {
  return settingsOf(system) !== undefined && (bootFacts(system)?.targets.length ?? 0) === 0;
}

/** Whether the override is set in the settings. */
export function settingsOwnBoot(system: unknown, settings: unknown): boolean {
  const there = bootFacts(settings);
  return there !== undefined && (there.targets.length > 0 || bootFacts(system) === undefined);
}

/** Whether the override is as wished, whatever the BMC calls it. */
export function isAsWished({ target, enabled }: BootOverride, wish: BootWish): boolean {
  const isSet = enabled !== "Disabled" && target !== "None";
  // The disk is what an own order ends at, and what stands in where Disabled is refused (contract 9).
  if (wish.kind === "own order") return !isSet || target === "Hdd";
  // Supermicro may read Pxe back as the boot entry that it made of it.
  return isSet && (target === wish.target || wish.target === "Pxe" && target === "UefiBootNext");
}

/** Whether nothing is left to write. What UEFI HTTP boots is no part of the override, and some BMCs do not keep it. */
export function isWritten({ override, httpUri }: BootFacts, wish: BootWish): boolean {
  const wanted = wish.kind === "network" && wish.target === "UefiHttp" ? wish.httpUri : undefined;
  return isAsWished(override, wish) && (wanted === undefined || httpUri === undefined || httpUri === wanted);
}

/** One way to write a wish. */
export interface BootAttempt {
  /** What is changed. */
  readonly uri: string;
  /** Absent: left as it is. */
  readonly target?: string;
  /** Absent: left as it is. */
  readonly enabled?: string;
  /** Absent: left as it is. */
  readonly mode?: string;
  /** Absent: left as it is. */
  readonly httpUri?: string;
}

/** The body of its PATCH. */
export function bodyOf({ target, enabled, mode, httpUri }: BootAttempt): unknown {
  return {
    Boot: {
      ...(target === undefined ? {} : { [TARGET]: target }),
      ...(enabled === undefined ? {} : { [ENABLED]: enabled }),
      ...(mode === undefined ? {} : { [MODE]: mode }),
      ...(httpUri === undefined ? {} : { HttpBootUri: httpUri }),
    },
  };
}

/** What is known when a wish is written. */
export interface BootSetting {
  /** Of the document that is changed. */
  readonly facts: BootFacts;
  /** Its URI. */
  readonly uri: string;
  /** The system's own. */
  readonly system: string;
  /** Of the settings, where a system has them. */
  readonly settings: string | undefined;
  /** What is to be. */
  readonly wish: BootWish;
  /** What is known of this BMC beyond its documents. */
  readonly quirks: ReadonlySet<Quirk>;
}

/** Why this BMC cannot be asked for the wish; undefined: it can. */
export function whyNot({ facts, wish }: BootSetting): string | undefined {
  if (wish.kind === "own order" || facts.targets.length === 0 || facts.targets.includes(wish.target)) return undefined;
  // OpenBMC takes UefiHttp unlisted where it has modes (libredfish); Supermicro lists it only in mode UEFI.
  if (wish.target === "UefiHttp" && (facts.override.mode !== undefined || facts.httpUri !== undefined)) {
    return undefined;
  }
  return `the BMC offers no boot target ${wish.target}, only ${facts.targets.join(", ").slice(0, 200)}`;
}

/** The ways to write a wish where the BMC takes what its documents say, best first. */
export function plainAttempts(setting: BootSetting): readonly BootAttempt[] {
  const { facts, uri, wish, quirks } = setting;
  const allows = (enabled: string) => facts.enabledValues.length === 0 || facts.enabledValues.includes(enabled);
  const isHttp = wish.kind === "network" && wish.target === "UefiHttp";
  const known = isHttp ? "UEFI" : facts.override.mode;
  const hasMode = facts.override.mode !== undefined || isHttp && facts.modes.includes("UEFI");
  // Left out, it goes back to its default on Supermicro X11 (metal-operator PR #607).
  const mode = known !== undefined && hasMode && !quirks.has("mode is read-only") ? { mode: known } : {};
  const lasting = ["Continuous", "Once"].filter(allows).filter((enabled) => {
    return enabled !== "Continuous" || !quirks.has("no Continuous") && !(isHttp && quirks.has("UefiHttp only Once"));
  });
  if (wish.kind === "network") {
    const httpUri = wish.target === "UefiHttp" && wish.httpUri !== undefined && facts.httpUri !== undefined
      ? { httpUri: wish.httpUri }
      : {};
    return lasting.map((enabled) => ({ uri, target: wish.target, enabled, ...mode, ...httpUri }));
  }
  const offers = (target: string) => facts.targets.length === 0 || facts.targets.includes(target);
  const real = ["Hdd", "Pxe"].filter(offers).slice(0, 1);
  return [
    ...(allows("Disabled") ? [{ uri, enabled: "Disabled", ...mode }] : []),
    // iLO refuses Disabled with the target None and takes it with a real one (metal-operator PR #998).
    ...(allows("Disabled") ? real.map((target) => ({ uri, target, enabled: "Disabled", ...mode })) : []),
    ...(facts.targets.includes("None") ? [{ uri, target: "None" }] : []),
    ...(offers("Hdd") ? lasting.map((enabled) => ({ uri, target: "Hdd", enabled, ...mode })) : []),
  ];
}

/** The same wish written as a refusal asks for, best first; a BMC's words count only where they name what was sent. */
export function mendedAttempts(attempt: BootAttempt, failure: Failure, setting: BootSetting): readonly BootAttempt[] {
  const mended: BootAttempt[] = [];
  const elsewhere = namedPlace(failure, attempt.uri, setting.system);
  if (elsewhere !== undefined) mended.push({ ...attempt, uri: elsewhere });
  const { mode, httpUri, ...bare } = attempt;
  const namesMode = failure.words.includes(MODE);
  // Whether it is left out by them that want it, or sent to them that know none (metal-operator #982, CG #11542).
  if (mode !== undefined) mended.push({ ...bare, ...(httpUri === undefined ? {} : { httpUri }) });
  else if (namesMode) mended.push({ ...attempt, mode: setting.facts.override.mode ?? "UEFI" });
  if (httpUri !== undefined) mended.push({ ...bare, ...(mode === undefined ? {} : { mode }) });
  const { settings } = setting;
  if (settings !== undefined && settings !== attempt.uri && /NotWritable/.test(failure.ids.join())) {
    mended.push({ ...attempt, uri: settings });
  }
  return mended;
}

/** The place below the system that an error sends to, such as AMI's `/SD`; never another system's. */
function namedPlace(failure: Failure, uri: string, system: string): string | undefined {
  const named = failure.words.match(/\/redfish\/v1\/[\w./-]+/g) ?? [];
  const base = `${withoutSlash(system)}/`;
  return named.map(withoutSlash).find((place) =>
    place.startsWith(base) && !place.includes("..") && place !== withoutSlash(uri)
  );
}
