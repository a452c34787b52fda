/** `machine repave` and `machine reboot`: ask, then wait. */
import { backoffMs } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { KubeClient, Selection } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import { resourcePath } from "../../k8s/object.ts";
import type { MachineObject } from "../../machine/types.ts";
import { programName } from "../front_page.ts";
import { LiveLines } from "../live_lines.ts";
import type { Io } from "../io.ts";
import { StartError, UsageError } from "../usage.ts";
import { errorLine, listMachines, MACHINES } from "./cluster.ts";
import { objectName, printed } from "./objects.ts";
import { RequestError, requestFor, withRequest } from "./request.ts";
import type { PowerSettings } from "./settings.ts";
import { type Asked, waitFor } from "./wait.ts";

/** What the command needs. */
interface Run {
  readonly settings: PowerSettings;
  readonly io: Io;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A Machine that is meant; its object where it is at hand. */
interface Meant {
  readonly name: string;
  readonly object?: MachineObject;
}

const MANAGER = "kubectl-unbounded";
const PARALLEL = 8;
/** A Machine in mid-cycle changes some times a second at most. */
const MAX_TRIES = 20;
const PAUSE = { baseMs: 50, maxMs: 2000 };

async function findMeant({ settings: { which }, client, io: { signal } }: Run): Promise<Meant[]> {
  if (which.kind === "names") return which.names.map((name) => ({ name }));
  const selector = which.kind === "selector" ? which.selector : undefined;
  const objects = await listMachines(client, { signal, ...(selector === undefined ? {} : { selector }) });
  if (objects.length === 0) {
    throw new StartError(selector === undefined ? "there are no Machines" : `no Machine has the labels ${selector}`);
  }
  return objects.map((object) => ({ name: object.metadata.name, object }));
}

/** With --all: whether all are meant. @throws {UsageError} when nobody can answer */
async function isConfirmed({ settings, io, client }: Run, count: number): Promise<boolean> {
  const { which, yes, dryRun, kind } = settings;
  if (which.kind !== "all" || yes || dryRun !== undefined) return true;
  const what = `${kind === "repave" ? "Repave (erase and install anew)" : "Reboot"} all ${count} Machines`;
  const answer = await io.ask(`${what} of ${client.server.replace(/\/$/, "")}? [y/N]`);
  if (answer === undefined) throw new UsageError("--all asks first, and there is no terminal to ask on; add --yes");
  return /^y(es)?$/i.test(answer);
}

/** Raises the counters of one Machine; conflicts are tried again on its newest state. */
async function ask({ settings, client, clock, random, io: { signal } }: Run, meant: Meant): Promise<Asked> {
  const { kind, until = "power", dryRun } = settings;
  let { object } = meant;
  for (let tries = 1;; tries++) {
    object ??= await client.get<MachineObject & { metadata: { name: string } }>(MACHINES, meant, { signal });
    const request = requestFor(kind, until, object);
    if (dryRun === "client") return { name: meant.name, goal: request.goal, object: withRequest(object, request) };
    const query = { fieldManager: MANAGER, ...(dryRun === "server" ? { dryRun: "All" } : {}) };
    const options = { body: request.patch, contentType: "application/merge-patch+json", query };
    try {
      // Not ended by the signal: nobody would know whether it came through.
      const after = await client.request<MachineObject>("PATCH", resourcePath(MACHINES, meant), options);
      return { name: meant.name, goal: request.goal, object: after };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409 || tries >= MAX_TRIES) throw error;
      object = undefined;
      await clock.sleep(backoffMs(tries, PAUSE, random()), { signal });
    }
  }
}

/** Asks each on its own; what fails is said, and the others go on. */
async function askAll(run: Run, meant: readonly Meant[]): Promise<{ asked: Asked[]; failed: number; left: number }> {
  const { io } = run;
  const results: (Asked | undefined)[] = meant.map(() => undefined);
  let [next, failed] = [0, 0];
  const work = async () => {
    while (next < meant.length && !io.signal.aborted) {
      const at = next++;
      try {
        results[at] = await ask(run, meant[at]!);
      } catch (error) {
        if (io.signal.aborted) return;
        const line = error instanceof RequestError ? `Error: ${error.message}` : errorLine(error, meant[at]!.name);
        if (line === undefined) throw error;
        failed++;
        io.stderr(`${line}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const asked = results.filter((result) => result !== undefined);
  return { asked, failed, left: meant.length - asked.length - failed };
}

/** The smallest watch that shows all of them: a field selector names one object only. */
function selectionFor({ which }: PowerSettings, asked: readonly Asked[]): Selection {
  if (asked.length === 1) return { fieldSelector: `metadata.name=${asked[0]!.name}` };
  return which.kind === "selector" ? { labelSelector: which.selector } : {};
}

const DRY = { client: " (dry run)", server: " (server dry run)" } as const;

/** Says what was asked for, where nothing is waited for. */
async function report({ settings, io }: Run, asked: readonly Asked[], isList: boolean): Promise<void> {
  const { output, dryRun, kind } = settings;
  if (asked.length === 0) return;
  if (output !== undefined) return io.stdout(await printed(asked.map(({ object }) => object), output, isList));
  const end = dryRun === undefined ? "" : DRY[dryRun];
  for (const { object } of asked) io.stdout(`${objectName(object)} ${kind} requested${end}\n`);
}

/**
 * Asks, and waits unless told not to.
 * @returns the exit code
 * @throws {StartError | UsageError} when there is nothing to ask
 */
export async function power(run: Run): Promise<number> {
  const { settings, io, client, clock, random } = run;
  const { until, timeoutMs, output, which } = settings;
  const meant = await findMeant(run);
  if (!await isConfirmed(run, meant.length)) {
    io.stderr("Nothing is changed.\n");
    return 1;
  }
  const { asked, failed, left } = await askAll(run, meant);
  if (left > 0) io.stderr(`Stopped: ${left} of ${meant.length} Machines were not asked.\n`);
  const isList = which.kind !== "names" || meant.length > 1;
  if (until === undefined || asked.length === 0) {
    await report(run, asked, isList);
    return left > 0 ? 130 : failed > 0 ? 1 : 0;
  }
  // Objects are for programs: then steps go where errors go.
  const lines = new LiveLines(output === undefined ? io : { stdout: io.stderr, terminal: () => undefined });
  const { code, objects } = await waitFor(asked, selectionFor(settings, asked), {
    ...{ client, lines, clock, random, signal: io.signal, program: programName(io.calledAs) },
    stderr: (text) => io.stderr(text),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    isNamed: meant.length > 1,
  });
  if (output !== undefined && objects.length > 0) io.stdout(await printed(objects, output, isList));
  return failed > 0 && code !== 130 ? 1 : code;
}
