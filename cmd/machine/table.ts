/** Machines as text for people: pure, from objects to lines. */
import { age, ageOf } from "../../base/age.ts";
import { bootOf } from "../../machine/boot_timeline.ts";
import { ConditionReason, conditionsOf, ConditionType } from "../../machine/conditions.ts";
import { type Condition, type MachineObject, readMachine } from "../../machine/types.ts";
import { causeIn, hasBmc } from "./steps.ts";

/** An Event about a Machine, as far as it is shown. */
export interface EventObject {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
}

function find(object: MachineObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** What is known of the power: metalman looks at it only while it has something to do. */
export function powerOf(object: MachineObject): string {
  const condition = find(object, ConditionType.PoweredOff);
  if (condition === undefined) return readMachine(object).machine.done.rebootCounter > 0 ? "on" : "unknown";
  // With a cause, the BMC may never have been told.
  if (condition.status !== "True") return causeIn(condition) === undefined ? "powering off" : "unknown";
  return condition.reason === ConditionReason.PoweringOn ? "powering on" : "off";
}

/** Why the power is said to be so while nothing happens. */
function restOf(object: MachineObject): string {
  if (!hasBmc(object)) return "no BMC to ask";
  return powerOf(object) === "on" ? "as it was left after the last reboot" : "nobody has asked for a reboot yet";
}

/** Why a Machine cannot boot from the network; undefined where its object names all that it needs. */
function lackOf(object: MachineObject): string | undefined {
  if (find(object, ConditionType.AddressConflict)?.status === "True") return "address conflict";
  const { image, leases } = readMachine(object).machine;
  if (leases.length === 0) return "no DHCP lease";
  return image === undefined ? "no image" : undefined;
}

/** What a Machine does, in a word or two. */
export function stateOf(object: MachineObject): string {
  const { wanted, done } = readMachine(object).machine;
  const isRepavePending = wanted.repaveCounter > done.repaveCounter;
  const [power, repaved, cloudInit] = [
    find(object, ConditionType.PoweredOff),
    find(object, ConditionType.Repaved),
    find(object, ConditionType.CloudInitDone),
  ];
  if (object.metadata.deletionTimestamp !== undefined) return "deleting";
  if (power !== undefined) return isRepavePending ? "repaving" : "rebooting";
  if (isRepavePending && repaved?.reason === ConditionReason.Failed) return "repave failed";
  if (wanted.rebootCounter > done.rebootCounter && hasBmc(object)) {
    return isRepavePending ? "repave waits" : "reboot waits";
  }
  if (isRepavePending && repaved?.status === "False") return "installing";
  if (isRepavePending) return lackOf(object) ?? (hasBmc(object) ? "repave waits" : "installing");
  if (cloudInit?.status === "True") return "ready";
  if (cloudInit?.reason === ConditionReason.Failed) return "cloud-init failed";
  if (cloudInit?.reason === ConditionReason.TimedOut) return "cloud-init stuck";
  if (cloudInit !== undefined) return "starting";
  return repaved?.status === "True" ? "installed" : lackOf(object) ?? "idle";
}

/** What it boots when it is switched on next. */
function bootOrderOf(object: MachineObject): string {
  const { wanted, done } = readMachine(object).machine;
  const refused = find(object, ConditionType.BootOrderConfigSupported);
  const order = wanted.repaveCounter > done.repaveCounter ? "network, as a repave is pending" : "its own";
  if (!hasBmc(object)) return "its own: no BMC to set it (spec.pxe.redfish)";
  if (refused?.status !== "False") return order;
  return `its own: the BMC cannot set it${refused.message === "" ? "" : `: ${refused.message}`}`;
}

function counter(wanted: number, done: number): string {
  return wanted === done ? String(done) : `${done} of ${wanted}`;
}

/** Rows of cells in columns. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("   ").trimEnd());
}

/** The lines of `machine list`. */
export function listLines(objects: readonly MachineObject[], nowMs: number): string[] {
  const rows = objects.map((object) => {
    const { wanted, done, image = "<none>" } = readMachine(object).machine;
    return [
      object.metadata.name,
      stateOf(object),
      powerOf(object),
      counter(wanted.repaveCounter, done.repaveCounter),
      counter(wanted.rebootCounter, done.rebootCounter),
      image,
      ageOf(object.metadata.creationTimestamp, nowMs),
    ];
  });
  return columns([["NAME", "STATE", "POWER", "REPAVES", "REBOOTS", "IMAGE", "AGE"], ...rows]);
}

/** Some of it was said by machines: nothing in it moves the cursor. */
const oneLine = (text: string) => text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "?");
const timeOf = ({ lastTimestamp, eventTime }: EventObject) => lastTimestamp ?? eventTime ?? "";

/** So many Events are shown. */
const MOST_EVENTS = 10;

/** What the machine did last: the newest of its conditions and Events. */
function lastDeed(object: MachineObject, events: readonly EventObject[], nowMs: number): string {
  const deeds = [
    ...conditionsOf(object).map(({ type, status, reason, message, lastTransitionTime }) => ({
      time: lastTransitionTime,
      text: `${type} ${status}, ${reason}${message === "" ? "" : `: ${message}`}`,
    })),
    ...events.map((event) => ({ time: timeOf(event), text: `${event.reason ?? ""}: ${event.message ?? ""}` })),
  ].filter(({ time }) => !Number.isNaN(Date.parse(time)));
  const newest = deeds.reduce<{ time: string; text: string } | undefined>(
    (best, deed) => best === undefined || Date.parse(deed.time) >= Date.parse(best.time) ? deed : best,
    undefined,
  );
  if (newest === undefined) return "nothing yet";
  return `${oneLine(newest.text)} (${age(nowMs - Date.parse(newest.time))} ago)`;
}

/** The last boot, each step with the time from the one before; none where none was seen. */
function bootLines(object: MachineObject): string[] {
  const boot = bootOf(object);
  if (boot === undefined) return [];
  const { number, method, architecture, firmware, image, steps } = boot;
  const facts = [`number ${number}`, method, [architecture, firmware].filter(Boolean).join(" "), image];
  const rows = steps.map(({ name, time, message = "" }, i) => {
    const sinceMs = i === 0 ? NaN : Date.parse(time) - Date.parse(steps[i - 1]!.time);
    // Replicas' clocks may differ.
    return [`  ${name}`, time, sinceMs >= 0 ? `+${age(sinceMs)}` : "", oneLine(message)];
  });
  return [
    `Last boot: ${facts.filter(Boolean).join(", ")}`,
    ...columns([["  STEP", "TIME", "AFTER", "MESSAGE"], ...rows]),
  ];
}

/** The lines of `machine status`; without Events where they may not be read. */
export function statusLines(
  object: MachineObject,
  events: readonly EventObject[] | undefined,
  nowMs: number,
): string[] {
  const { wanted, done, image = "<none>" } = readMachine(object).machine;
  const attempts = (object.status?.repave as { counter?: number; attempts?: number } | undefined) ?? {};
  const failed = attempts.counter === wanted.repaveCounter && attempts.attempts
    ? `, failed tries: ${attempts.attempts}`
    : "";
  const power = find(object, ConditionType.PoweredOff);
  const recent = [...events ?? []].sort((a, b) => Date.parse(timeOf(a)) - Date.parse(timeOf(b))).slice(-MOST_EVENTS);
  const lines = columns([
    ["Name:", object.metadata.name],
    ["State:", stateOf(object)],
    ["Power:", `${powerOf(object)} (${power === undefined ? restOf(object) : oneLine(power.message)})`],
    ["Boot order:", bootOrderOf(object)],
    ["Image:", image],
    ["Repaves:", counter(wanted.repaveCounter, done.repaveCounter) + failed],
    ["Reboots:", counter(wanted.rebootCounter, done.rebootCounter)],
    ["Last:", lastDeed(object, recent, nowMs)],
  ]);
  const conditions = conditionsOf(object).map(({ type, status, reason, message, lastTransitionTime }) => [
    ...[`  ${type}`, status, reason, ageOf(lastTransitionTime, nowMs), oneLine(message)],
  ]);
  lines.push("Conditions:");
  if (conditions.length === 0) lines.push("  none");
  else lines.push(...columns([["  TYPE", "STATUS", "REASON", "AGE", "MESSAGE"], ...conditions]));
  lines.push(...bootLines(object));
  lines.push("Events:");
  if (events === undefined) return [...lines, "  may not be read (events: list)"];
  if (recent.length === 0) return [...lines, "  none"];
  const shown = recent.map((event) => {
    const { type = "", reason = "", message = "", count = 1 } = event;
    const times = count > 1 ? ` (x${count})` : "";
    return [`  ${ageOf(timeOf(event), nowMs)}${times}`, type, reason, oneLine(message)];
  });
  return [...lines, ...columns([["  LAST SEEN", "TYPE", "REASON", "MESSAGE"], ...shown])];
}
