/** `metalman dev`: joins cluster, registry, serve-pxe and rack on one machine. Everything is started, joined and ended here. */
import { systemClock } from "../../base/clock.ts";
import { createLogger, type Logger } from "../../base/log.ts";
import { formatDuration } from "../../base/duration.ts";
import { aborted, TaskGroup } from "../../base/tasks.ts";
import { CredentialsError } from "../../dev/apiserver/auth/credentials_store.ts";
import { StateError } from "../../dev/apiserver/store/sqlite_file_store.ts";
import { RegistryFolderError } from "../../dev/registry/layout_store.ts";
import { VmUnavailableError } from "../../dev/vm/requirements.ts";
import { PortInUse } from "../../pxe/bind_error.ts";
import type { MachineEvent } from "../../dev/rack/types.ts";
import { LiveLines } from "../live_lines.ts";
import { reachThisMachineDirectly } from "../no_proxy.ts";
import type { Io } from "../io.ts";
import { runSite } from "../serve/serve.ts";
import { serveSettings } from "../serve/settings.ts";
import { startError } from "../start_error.ts";
import { StartError } from "../usage.ts";
import { keptCertificate, RackBmcs } from "./bmcs.ts";
import { createMachines, type DevCluster, nextMachine, startCluster, writeExample } from "./cluster.ts";
import { DevFolder } from "./folder.ts";
import { emulatedHardware, type Hardware, virtualHardware } from "./hardware.ts";
import { RackMachines, shownAddress } from "./machines.ts";
import { devMachine } from "./objects.ts";
import { choosePorts, type DevPorts } from "./ports.ts";
import { type Places, Screen } from "./screen.ts";
import type { DevSettings } from "./settings.ts";

const clock = systemClock;
const REDRAW_MS = 100;
const DRAIN_MS = 1000;
const ATTEMPTS = 5;
const MOST_SKIPPED = 50;

/**
 * Runs until `io.signal` aborts, or with `once` until all machines have installed.
 * @throws {StartError} when it cannot start, or with `once` when a machine has not installed in time
 */
export async function dev(settings: DevSettings, io: Io): Promise<void> {
  const screen = new Screen(new LiveLines(io), clock.now());
  reachThisMachineDirectly(io.env);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await DevFolder.open(settings.state));
  const log = fileLogger(folder, screen, io.signal, stack);
  try {
    screen.say(
      `metalman dev, for trying things out: a Kubernetes API, a registry and ${servers(settings)} on this machine.`,
    );
    await attempts({ settings, io, folder, log, screen });
  } catch (error) {
    throw startError(error, [CredentialsError, StateError, RegistryFolderError, VmUnavailableError]);
  }
}

/** Everything that a run is made of. */
interface Run {
  readonly settings: DevSettings;
  readonly io: Io;
  readonly folder: DevFolder;
  readonly log: Logger;
  readonly screen: Screen;
  /** So many ports are passed over. */
  readonly skip: number;
  readonly stack: AsyncDisposableStack;
}

/** The log goes to a file, of this run alone; what needs attention is shown too, until the user stops it all. */
function fileLogger(folder: DevFolder, screen: Screen, stop: AbortSignal, stack: AsyncDisposableStack): Logger {
  const file = Deno.openSync(folder.file("metalman.log"), { create: true, append: true });
  file.truncateSync();
  stack.defer(() => file.close());
  const encoder = new TextEncoder();
  return createLogger({
    write: (line) => {
      const [, attention] = /^\S+ (?:WARN|ERROR) +(.*)/.exec(line) ?? [];
      // First, as what follows fails where the disk is full, and that is what it may tell.
      if (attention !== undefined && !stop.aborted) screen.warn(attention, clock.now());
      const bytes = encoder.encode(`${line}\n`);
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    },
  });
}

/** Between looking for a free port and having it, another program may take it: then all of it starts again. */
async function attempts(parts: Omit<Run, "stack" | "skip">): Promise<void> {
  for (let skip = 0, left = ATTEMPTS - 1;; left--) {
    await using stack = new AsyncDisposableStack();
    let again = false;
    try {
      return await run({ ...parts, skip, stack });
    } catch (error) {
      again = left > 0 && isPortTaken(error);
      if (!again) throw error;
      parts.screen.say("! a port was taken by another program meanwhile: starting again");
      // Another metalman dev that does the same is to look elsewhere.
      skip = 1 + Math.floor(Math.random() * MOST_SKIPPED);
    } finally {
      if (!again) parts.screen.end();
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof PortInUse || (error instanceof StartError && error.cause instanceof PortInUse);
}

async function run(parts: Run): Promise<void> {
  const { settings, io, folder, log, screen, stack } = parts;
  const ports = choosePorts(folder.ports, parts.skip, (message) => screen.say(`! ${message}`));
  await folder.keep(ports);
  const follower: { machines?: RackMachines } = {};
  const installed = Promise.withResolvers<void>();
  const confirm = (mac: string) => {
    screen.confirm(mac, clock.now());
    if (screen.isDone && screen.total >= settings.machines) installed.resolve();
  };
  const hardware = await startHardware(parts, ports, (event) => {
    screen.event(event);
    if (event.stage === "running" && follower.machines?.isInstalled(event.mac)) confirm(event.mac);
  });
  const cluster = await startCluster({ folder, ports, log, files: hardware.files, stack });
  const place = { image: cluster.image, network: hardware.network, bmcPort: ports.bmc };
  const next = await nextMachine(cluster, settings.machines, place);
  const bmcs = await startBmcs(parts, ports, cluster, next);
  const places: Places = {
    kubeconfig: cluster.kubeconfig,
    log: folder.file("metalman.log"),
    example: await writeExample(folder, devMachine(next, place)),
    registry: cluster.registry,
    image: cluster.image,
    temporary: folder.isKept ? undefined : folder.path,
  };
  screen.welcome(places);
  const site = startSite(parts, ports, cluster, hardware);
  const end = Promise.race([site.ended, aborted(io.signal)]);
  await Promise.race([site.ready, end]);
  await createMachines(cluster, settings.machines, place);
  const machines = new RackMachines({
    ...{
      client: cluster.client,
      rack: hardware.rack,
      bmcs,
      firmware: settings.firmware,
      log,
      clock,
      random: Math.random,
    },
    added: (mac, machine) => screen.add(mac, machine.name, shownAddress(machine)),
    removed: (mac) => screen.remove(mac),
    installed: confirm,
  });
  follower.machines = machines;
  const tasks = stack.use(new TaskGroup(log));
  tasks.start("servers of the rack", (signal) => machines.run(signal));
  tasks.start("screen", (signal) => redraw(screen, signal));
  if (settings.once) return await untilInstalled(parts, installed.promise, end);
  tasks.start("advice", () => Promise.race([end, installed.promise.then(() => screen.tryNext(places))]));
  await end;
}

function servers({ vm, machines }: DevSettings): string {
  const kind = vm === false ? "emulated server" : "virtual machine";
  return machines === 1 ? `1 ${kind}` : `${machines} ${kind}s`;
}

async function startHardware(
  { settings, folder, stack }: Run,
  ports: DevPorts,
  onEvent: (event: MachineEvent) => void,
): Promise<Hardware> {
  const options = { ports, onEvent, clock };
  const hardware = settings.vm === false
    ? emulatedHardware(options)
    : await virtualHardware(options, { folder: folder.file("vm"), ...settings.vm });
  stack.use(hardware.rack);
  return hardware;
}

/** Those of the first servers, and of the one that is to be tried next. */
async function startBmcs(
  { settings, folder, log, stack }: Run,
  ports: DevPorts,
  { bmcPassword }: DevCluster,
  next: number,
): Promise<RackBmcs> {
  const certificate = await keptCertificate(folder.file("bmc.json"), clock.now());
  const bmcs = stack.use(new RackBmcs({ port: ports.bmc, password: bmcPassword, certificate, log }));
  await bmcs.open([...Array(settings.machines).keys(), next]);
  return bmcs;
}

/** With --once: resolves when all have installed. @throws {StartError} when that takes too long or is interrupted */
async function untilInstalled({ settings, screen }: Run, installed: Promise<void>, end: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = clock.sleep(settings.timeoutMs, { signal: waiting.signal }).then(
    () => `within ${formatDuration(settings.timeoutMs)} (--timeout)`,
    () => "",
  );
  const why = await Promise.race([installed, late, end.then(() => "before it was stopped")]);
  waiting.abort();
  if (why === undefined) return;
  const names = screen.unfinished();
  const some = names.length > 5 ? [...names.slice(0, 5), `and ${names.length - 5} more`] : names;
  const where = some.length === 0 ? "none is switched on yet" : some.join("; ");
  throw new StartError(`not all ${settings.machines} installed ${why}: ${where}`);
}

async function redraw(screen: Screen, signal: AbortSignal): Promise<void> {
  try {
    for (;; await clock.sleep(REDRAW_MS, { signal })) screen.redraw(clock.now());
  } finally {
    screen.redraw(clock.now());
  }
}

/** A running serve-pxe. */
interface Site {
  /** Machines are answered. */
  readonly ready: Promise<void>;
  /** Rejects when it cannot start. */
  readonly ended: Promise<void>;
}

function startSite(
  { folder, log, io, stack }: Run,
  ports: DevPorts,
  { kubeconfig }: DevCluster,
  { flags, surroundings }: Hardware,
): Site {
  const settings = serveSettings({
    ...flags,
    "http-port": String(ports.http),
    "health-port": String(ports.health),
    "cache-dir": folder.file("cache"),
    kubeconfig,
  }, folder.path);
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const ended = runSite({
    settings,
    log,
    env: io.env,
    signal: stop.signal,
    ...surroundings,
    // Whoever had the lease in an API server of this process is gone, however it ended.
    identity: "metalman-dev",
    howToMoveCache: "start again with TMPDIR or --state on another disk",
    ready: ready.resolve,
    // Its machines go off next.
    drainMs: DRAIN_MS,
  });
  stack.defer(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  return { ready: ready.promise, ended };
}
