/** What a ComputerSystem's documents say: which system, its power, and how it is switched. */
import { linkAt, listAt, textAt, textsAt, valueAt, withoutSlash } from "./document.ts";
import type { PowerState } from "./types.ts";

const POWER: ReadonlySet<string> = new Set<PowerState>(["On", "Off", "PoweringOn", "PoweringOff", "Paused"]);

/** Whether the system runs; whatever else it says is waited for. */
export function powerOf(system: unknown): PowerState {
  const state = textAt(system, "PowerState") ?? "";
  return POWER.has(state) ? state as PowerState : "Unknown";
}

/** Whether the system is, or comes by itself, to where it is wanted. */
export function isOnItsWay(power: PowerState, to: "On" | "Off"): boolean {
  return power === to || power === (to === "On" ? "PoweringOn" : "PoweringOff");
}

/** The last part of a system's URI. */
export function lastPart(uri: string): string {
  return withoutSlash(uri).split("/").at(-1) ?? "";
}

/** The links to the members of a collection, and to its next part. */
export function membersOf(
  collection: unknown,
): { readonly members: readonly string[]; readonly next: string | undefined } {
  const members = listAt(collection, "Members").map((member) => linkAt({ member }, "member"));
  return {
    members: members.filter((member) => member !== undefined),
    next: linkAt(collection, "Members@odata.nextLink"),
  };
}

/** The Reset action of a system. */
export interface ResetAction {
  /** Where it is started. */
  readonly target: string;
  /** What it takes; empty where the document does not say. */
  readonly types: readonly string[];
  /** The document that says it instead. */
  readonly info: string | undefined;
}

const BUTTON = "PushPowerButton";
const RESET_TYPES = [
  "ForceOff",
  "ForceOn",
  "ForceRestart",
  "ForcePowerCycle",
  "GracefulRestart",
  "GracefulShutdown",
  "Nmi",
  "On",
  "PowerCycle",
  BUTTON,
];

/** Splits what a list has joined by mistake: `GracefulShutdownGracefulRestart` (Supermicro X12). */
function split(type: string): readonly string[] {
  if (RESET_TYPES.includes(type)) return [type];
  const found: string[] = [];
  for (let rest = type; rest !== "";) {
    const next = RESET_TYPES.filter((known) => rest.startsWith(known)).sort((a, b) => b.length - a.length)[0];
    if (next === undefined) return [type];
    found.push(next);
    rest = rest.slice(next.length);
  }
  return found;
}

/** A system's Reset action, undefined where it has none, such as a GPU board. */
export function resetAction(system: unknown): ResetAction | undefined {
  const action = valueAt(system, "Actions", "#ComputerSystem.Reset");
  const target = linkAt(action, "target");
  if (target === undefined) return undefined;
  return {
    target,
    types: textsAt(action, "ResetType@Redfish.AllowableValues").flatMap(split),
    info: linkAt(action, "@Redfish.ActionInfo"),
  };
}

/** What an ActionInfo document says that the action takes. */
export function actionInfoTypes(info: unknown): readonly string[] {
  const parameter = listAt(info, "Parameters").find((item) => textAt(item, "Name") === "ResetType");
  return textsAt(parameter, "AllowableValues").flatMap(split);
}

/** Best first; the button comes after them. */
const WAYS: Readonly<Record<"On" | "Off", readonly string[]>> = {
  On: ["On", "ForceOn"],
  Off: ["ForceOff", "GracefulShutdown"],
};

/** These only ask the running system; a short press of the button does too. */
const UP_TO_SYSTEM = ["GracefulShutdown", BUTTON];

/** Whether the running system has to do it, and may not. */
export function isUpToSystem(to: "On" | "Off", type: string): boolean {
  return to === "Off" && UP_TO_SYSTEM.includes(type);
}

/**
 * What to ask for, best first; empty where nothing offered leads there. The button is pressed only where the state is
 * known, since it leads to the other one; and for On only where nothing else is offered: a BMC whose state is late may
 * have refused the others because the system is on.
 * @param tried what the system did not follow the last time: everything else comes before it
 */
export function resetTypesFor(
  to: "On" | "Off",
  { offered, power, tried }: { offered: readonly string[]; power: PowerState; tried?: string | undefined },
): readonly string[] {
  const isOpposite = power === (to === "On" ? "Off" : "On");
  const others = WAYS[to].filter((type) => type !== BUTTON && (offered.length === 0 || offered.includes(type)));
  const isPressed = offered.includes(BUTTON) && isOpposite && (to === "Off" || others.length === 0);
  const ways = isPressed ? [...others, BUTTON] : others;
  return [...ways.filter((type) => type !== tried), ...ways.filter((type) => type === tried)];
}

/** Manufacturer, model and BMC, for people; `SIMULATED` and blanks are as recorded. */
export function describe(system: unknown, manager: unknown): string {
  const text = (value: unknown, name: string) => textAt(value, name)?.replace(/[\s\p{C}]+/gu, " ").trim().slice(0, 80);
  const machine = [text(system, "Manufacturer"), text(system, "Model")].filter((part) => part).join(" ");
  const firmware = text(manager, "FirmwareVersion");
  const bmc = [text(manager, "Model"), firmware].filter((part) => part).join(" ");
  return [machine, bmc === "" ? "" : `BMC ${bmc}`].filter((part) => part !== "").join(", ") || "unknown hardware";
}

/** The BMC that a system belongs to; Huawei names it otherwise (openstack/sushy). */
export function managerOf(system: unknown): string | undefined {
  const managers = [...listAt(system, "Links", "ManagedBy"), ...listAt(system, "Links", "Managers")];
  return managers.map((manager) => linkAt({ manager }, "manager")).find((link) => link !== undefined);
}
