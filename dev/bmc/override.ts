/** What firmware does with a change of its boot override: pure. */
import { redfishError } from "./generic.ts";
import type { Habits } from "./habits.ts";
import type { BmcAnswer } from "./types.ts";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

const TARGET = "BootSourceOverrideTarget";
const ENABLED = "BootSourceOverrideEnabled";
const MODE = "BootSourceOverrideMode";

/** The values that a Boot lists for a property; undefined where it lists none. */
function listed(boot: unknown, name: string): readonly unknown[] | undefined {
  const values = (boot as Json | undefined)?.[`${name}@Redfish.AllowableValues`];
  return Array.isArray(values) ? values : undefined;
}

function refusedMode(change: Json, { mode }: Habits): BmcAnswer | undefined {
  const isSent = MODE in change;
  // Which property it does not know was not recorded (ironcore-dev/metal-operator #982).
  if (isSent && mode === "unknown") return { status: 400 };
  if (isSent && mode === "read-only") {
    return redfishError(400, "UnsupportedOperation", "The operation is not supported.");
  }
  if (isSent || mode !== "required") return undefined;
  const text = `The property ${MODE} is a required property and must be included in the request.`;
  return redfishError(400, "PropertyMissing", text);
}

/**
 * The refusal of a change; undefined: it is taken.
 * @param boot of the document, with its lists
 */
export function refusedChange(change: Json, boot: unknown, habits: Habits): BmcAnswer | undefined {
  const { [TARGET]: target, [ENABLED]: enabled } = change;
  if (typeof boot !== "object" || boot === null || !(TARGET in boot)) {
    return redfishError(
      400,
      "PropertyUnknown",
      "The property Boot is not in the list of valid properties for the resource.",
    );
  }
  const refusal = refusedMode(change, habits);
  if (refusal !== undefined) return refusal;
  const enabledValues = habits.enabled ?? listed(boot, ENABLED) ?? ["Disabled", "Once", "Continuous"];
  if (enabled !== undefined && !enabledValues.includes(enabled)) return notInList(ENABLED, enabled);
  const targets = listed(boot, TARGET) ?? (boot as Json)["BootSourceOverrideSupported"];
  if (target !== undefined && habits.takesAnyTarget !== true && Array.isArray(targets) && !targets.includes(target)) {
    return notInList(TARGET, target);
  }
  if (habits.wantsTarget === true && target === undefined && !(MODE in change)) {
    return redfishError(400, "PropertyMissing", `Missing the ${TARGET} and/or ${MODE} element`);
  }
  if (habits.refusesDisabledNone === true && enabled === "Disabled" && target === "None") {
    return redfishError(400, "UnsupportedOperation", "The operation is not supported.");
  }
  return undefined;
}

function notInList(name: string, value: unknown): BmcAnswer {
  return redfishError(
    400,
    "PropertyValueNotInList",
    `The value ${value} for the property ${name} is not in the list of acceptable values.`,
  );
}

/** What Boot reads after a change. */
export function storedBoot(before: Json, change: Json, { mode, reads }: Habits): Json {
  const boot: Record<string, unknown> = { ...before, ...change };
  if (mode === "reset when left out" && !(MODE in change)) boot[MODE] = "Legacy";
  if (reads === "Once as Continuous") boot[ENABLED] = "Continuous";
  if (reads === "Disabled as Once None" && boot[ENABLED] === "Disabled") {
    Object.assign(boot, { [ENABLED]: "Once", [TARGET]: "None" });
  }
  if (reads === "Pxe as UefiBootNext" && boot[TARGET] === "Pxe") boot[TARGET] = "UefiBootNext";
  if (reads === "None as null" && boot[TARGET] === "None") boot[ENABLED] = null;
  return boot;
}
