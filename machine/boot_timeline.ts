/**
 * status.boot: the last boot as a short timeline, and how what several replicas saw of it becomes one. Merging is a choice of
 * the smaller for each step, so neither the order of writes nor who makes them changes what comes out.
 */
import type { BootStatus, BootStep } from "./boot_status.ts";
import type { MachineObject, MachineStatus } from "./types.ts";

/** All there are, in the order in which they happen. */
export const BOOT_STEPS = [
  /** Switched on by metalman. */
  "PoweredOn",
  /** Its firmware asked for an address and got an answer. */
  "DHCP",
  "FirstFile",
  "Kernel",
  /** Its installer fetched what it is to do. */
  "Installer",
  /** It said that it is installed. */
  "PXEDisabled",
  "CloudInitStarted",
  "CloudInitFinished",
  /** It was given a bootstrap token. */
  "Attested",
] as const;

/** One of {@link BOOT_STEPS}. */
export type BootStepName = typeof BOOT_STEPS[number];

/** What DHCP tells of the firmware. */
type FirmwareFacts = Pick<BootStatus, "firmware" | "architecture">;
/** What the first file tells of the boot. */
type FileFacts = Pick<BootStatus, "method" | "image">;
/** What is kept beside the steps, with the step that tells it. */
type Facts = FirmwareFacts & FileFacts;

/** A step as it was seen. */
export interface SeenStep {
  readonly name: BootStepName;
  readonly message?: string;
  /** Kept of the steps DHCP (firmware, architecture) and FirstFile (method, image). */
  readonly facts?: Facts;
}

/** A step with the facts that it tells. */
interface FullStep extends BootStep {
  readonly facts: Facts;
}

const MAX_MESSAGE = 256;
const MAX_FACT = 128;
const FIRMWARE_FACTS = ["firmware", "architecture"] as const;
const FILE_FACTS = ["method", "image"] as const;

/** The fields that a step tells. */
function factNames(name: string): readonly (keyof Facts)[] {
  return name === "DHCP" ? FIRMWARE_FACTS : name === "FirstFile" ? FILE_FACTS : [];
}

/** Cut so that status stays small whatever a machine asks for. */
function cut(text: string, most: number): string {
  const whole = text.toWellFormed();
  return whole.length <= most ? whole : `${whole.slice(0, most - 3).toWellFormed()}...`;
}

function pickFacts(name: string, from: Readonly<Record<string, unknown>>): Facts {
  const facts: Record<string, string> = {};
  for (const fact of factNames(name)) {
    const value = from[fact];
    if (typeof value === "string" && value !== "") facts[fact] = cut(value, MAX_FACT);
  }
  return facts as Facts;
}

function stepsOf(boot: BootStatus): Map<string, FullStep> {
  return new Map(
    boot.steps.map((step) => [step.name, { ...step, facts: pickFacts(step.name, boot as never) }]),
  );
}

function assemble(number: number, steps: ReadonlyMap<string, FullStep>): BootStatus {
  const inOrder = BOOT_STEPS.map((name) => steps.get(name)).filter((step) => step !== undefined);
  return {
    number,
    ...Object.assign({}, ...inOrder.map(({ facts }) => facts)) as Facts,
    steps: inOrder.map(({ name, time, message }) => ({ name, time, ...(message === undefined ? {} : { message }) })),
  };
}

/** Of a step that was seen twice the first; which of two of the same moment, is the same for everybody. */
function first(a: FullStep, b: FullStep): FullStep {
  const [atA, atB] = [Date.parse(a.time), Date.parse(b.time)];
  if (atA !== atB) return atA < atB ? a : b;
  const text = ({ message = "", facts }: FullStep) => JSON.stringify([message, facts]);
  return text(a) <= text(b) ? a : b;
}

/** What two know of the last boot, together: of different boots the later one. */
export function mergeBoots(a: BootStatus, b: BootStatus): BootStatus {
  if (a.number !== b.number) return a.number > b.number ? a : b;
  const steps = stepsOf(a);
  for (const [name, step] of stepsOf(b)) {
    const other = steps.get(name);
    steps.set(name, other === undefined ? step : first(other, step));
  }
  return assemble(a.number, steps);
}

/** The boot with one more step; the same where it has that step. */
export function withStep(boot: BootStatus, { name, message, facts = {} }: SeenStep, atMs: number): BootStatus {
  if (hasStep(boot, name)) return boot;
  const steps = stepsOf(boot);
  steps.set(name, {
    name,
    time: new Date(atMs).toISOString(),
    ...(message === undefined ? {} : { message: cut(message, MAX_MESSAGE) }),
    facts: pickFacts(name, facts as Record<string, unknown>),
  });
  return assemble(boot.number, steps);
}

/** Whether a step was seen. */
export function hasStep(boot: BootStatus, ...names: readonly BootStepName[]): boolean {
  return boot.steps.some(({ name }) => (names as readonly string[]).includes(name));
}

/** Whether both say the same. */
export function sameBoot(a: BootStatus | undefined, b: BootStatus | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** When something was last seen of the boot, by the clocks of those who saw it. */
export function lastStepMs({ steps }: BootStatus): number {
  return Math.max(...steps.map(({ time }) => Date.parse(time)));
}

/** When it began. */
export function firstStepMs({ steps }: BootStatus): number {
  return Math.min(...steps.map(({ time }) => Date.parse(time)));
}

/** What the status says of the last boot; undefined where it says nothing that can be read. */
export function bootOf({ status }: MachineObject): BootStatus | undefined {
  const raw: unknown = status?.boot;
  if (typeof raw !== "object" || raw === null) return;
  const { number, steps } = raw as { number?: unknown; steps?: unknown };
  if (typeof number !== "number" || !Number.isSafeInteger(number) || !Array.isArray(steps)) return;
  const known = new Map<string, FullStep>();
  for (const step of steps) {
    const read = readStep(step, raw as Record<string, unknown>);
    if (read !== undefined) known.set(read.name, read);
  }
  return known.size === 0 ? undefined : assemble(number, known);
}

function readStep(step: unknown, boot: Record<string, unknown>): FullStep | undefined {
  if (typeof step !== "object" || step === null) return;
  const { name, time, message } = step as Record<string, unknown>;
  if (!(BOOT_STEPS as readonly unknown[]).includes(name) || typeof time !== "string") return;
  const atMs = Date.parse(time);
  if (Number.isNaN(atMs)) return;
  return {
    name: name as BootStepName,
    time: new Date(atMs).toISOString(),
    ...(typeof message === "string" ? { message: cut(message, MAX_MESSAGE) } : {}),
    facts: pickFacts(name as string, boot),
  };
}

/** Replicas that see one packet differ by less; to correct that is worth no write. */
const SAME_MS = 1000;

/** Whether `merged` says what `stored` does not: another boot, a step, that a step was another or clearly earlier. */
function saysMore(merged: BootStatus, stored: BootStatus | undefined): boolean {
  if (merged.number !== stored?.number || merged.steps.length !== stored.steps.length) return true;
  return merged.steps.some(({ time, message }, i) => {
    const other = stored.steps[i]!;
    return message !== other.message || Date.parse(other.time) - Date.parse(time) >= SAME_MS;
  });
}

/** The status with what is known of the last boot; undefined where it says all of it already. */
export function withBoot(object: MachineObject, own: BootStatus): MachineStatus | undefined {
  const stored = bootOf(object);
  const boot = stored === undefined ? own : mergeBoots(stored, own);
  return saysMore(boot, stored) ? { ...object.status, boot } : undefined;
}
