/** `site deploy-pxe`: look, have the cluster check all of it, apply, wait. */
import { systemClock } from "../../base/clock.ts";
import type { KubeClient } from "../../k8s/client.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { programName } from "../front_page.ts";
import { connect } from "../machine/cluster.ts";
import { printed } from "../printed.ts";
import type { Io } from "../io.ts";
import { BUDGETS, nameOf, title, type Wanted, wantedObjects } from "./deployment.ts";
import { look } from "./look.ts";
import { refusalLine } from "./refusal.ts";
import { findingsOf } from "./requirements.ts";
import type { DeploySettings } from "./settings.ts";
import { waitForRollout } from "./wait.ts";

/** The peer's too: fields that it has set and that are not ours go (contract 4). */
const MANAGER = "kubectl-unbounded";
const DRY = { client: " (dry run)", server: " (server dry run)" } as const;

/** What the command needs. */
interface Run {
  readonly settings: DeploySettings;
  readonly io: Io;
  readonly client: KubeClient;
}

/** It was refused; the message is the line for the operator. */
class Refused extends Error {
  override name = "Refused";
}

/** Applies one object. @throws {Refused} */
async function apply({ settings, client, io: { signal } }: Run, wanted: Wanted, dryRun: boolean): Promise<KubeObject> {
  const { forceConflicts: force } = settings;
  try {
    // Not ended by the signal: nobody would know whether it came through.
    const end = dryRun ? { signal } : {};
    return await client.apply(wanted.resource, wanted.object, { manager: MANAGER, force, dryRun, ...end });
  } catch (error) {
    const line = refusalLine(error, title(wanted));
    if (line === undefined || dryRun && signal.aborted) throw error;
    throw new Refused(line, { cause: error });
  }
}

/** Makes one change after others. @throws {Refused} that says which those were */
async function after<T>(before: readonly Wanted[], change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof Refused) || before.length === 0) throw error;
    throw new Refused(`${error.message} (already applied: ${before.map(title).join(", ")})`, { cause: error });
  }
}

/** Several changes cannot be made as one: first the cluster says of each whether it would take it. */
async function applyAll(run: Run, wanted: readonly Wanted[], isBudgetLeft: boolean): Promise<KubeObject[]> {
  const { settings: { dryRun, output }, io } = run;
  const checked: KubeObject[] = [];
  for (const each of wanted) checked.push(await apply(run, each, true));
  if (isBudgetLeft) await deleteBudget(run, true);
  const applied: KubeObject[] = [];
  for (const [at, each] of wanted.entries()) {
    applied.push(dryRun === "server" ? checked[at]! : await after(wanted.slice(0, at), apply(run, each, false)));
    if (output === undefined) io.stdout(`${title(each)} applied${dryRun === undefined ? "" : DRY[dryRun]}\n`);
  }
  if (isBudgetLeft) await removeBudget(run, wanted);
  return applied;
}

function budgetTitle(settings: DeploySettings): string {
  return `PodDisruptionBudget/${nameOf(settings)}`;
}

/** @throws {Refused} */
async function deleteBudget({ settings, client }: Run, dryRun: boolean): Promise<void> {
  try {
    await client.delete(BUDGETS, { name: nameOf(settings) }, dryRun ? { query: { dryRun: "All" } } : {});
  } catch (error) {
    const line = refusalLine(error, budgetTitle(settings));
    if (line === undefined) throw error;
    throw new Refused(line, { cause: error });
  }
}

/** Takes away the budget of an earlier deployment with several replicas. @throws {Refused} */
async function removeBudget(run: Run, before: readonly Wanted[]): Promise<void> {
  const { settings: { dryRun, output }, settings, io } = run;
  if (dryRun === undefined) await after(before, deleteBudget(run, false));
  if (output === undefined) io.stdout(`${budgetTitle(settings)} deleted${dryRun === undefined ? "" : DRY.server}\n`);
}

function objectName(object: KubeObject): string {
  const [group = ""] = object.apiVersion?.includes("/") ? object.apiVersion.split("/") : [];
  return `${object.kind?.toLowerCase()}${group === "" ? "" : `.${group}`}/${object.metadata.name}`;
}

async function print({ output }: DeploySettings, io: Io, objects: readonly KubeObject[]): Promise<void> {
  if (output === undefined) return;
  io.stdout(await printed(objects, { output, isList: objects.length > 1, nameOf: objectName }));
}

/** Shows the objects, and asks nobody. */
async function show(settings: DeploySettings, io: Io): Promise<number> {
  const wanted = wantedObjects(settings);
  if (settings.output === undefined) { for (const each of wanted) io.stdout(`${title(each)} applied${DRY.client}\n`); }
  await print(settings, io, wanted.map(({ object }) => object));
  return 0;
}

async function change(run: Run): Promise<number> {
  const { settings, io, client } = run;
  const { signal } = io;
  const seen = await look({ client, settings, signal });
  const findings = findingsOf(seen, settings, programName(io.calledAs));
  for (const error of findings.errors) io.stderr(`Error: ${error}\n`);
  if (findings.errors.length > 0) return 1;
  for (const warning of findings.warnings) io.stderr(`Warning: ${warning}\n`);
  const applied = await applyAll(run, wantedObjects(settings), seen.budget === "there");
  // Objects are for programs: then steps go where errors go.
  const { output, wait } = settings;
  const say = (line: string) => (output === undefined ? io.stdout : io.stderr)(`${line}\n`);
  const stderr = (text: string) => io.stderr(text);
  const waiting = { client, settings, say, stderr, clock: systemClock, random: Math.random, signal };
  const code = wait === undefined ? 0 : await waitForRollout(waiting);
  await print(settings, io, applied);
  return code;
}

/**
 * Deploys the PXE server of a site.
 * @returns the exit code: 0 done, 1 failed, 124 waited too long, 130 interrupted
 */
export async function deploy(settings: DeploySettings, io: Io): Promise<number> {
  if (settings.dryRun === "client") return await show(settings, io);
  try {
    using client = await connect(settings);
    return await change({ settings, io, client });
  } catch (error) {
    if (io.signal.aborted && !(error instanceof Refused)) return 130;
    const line = error instanceof Refused ? error.message : refusalLine(error, "site deploy-pxe");
    if (line === undefined) throw error;
    io.stderr(`${line}\n`);
    return 1;
  }
}
