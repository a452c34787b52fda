/** Power and installations: BMCs, Secrets, the controllers over them. Joins redfish/, k8s/, pxe/ and controllers/ for serve.ts. */
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { BmcCalls } from "../../controllers/bmc_calls.ts";
import { BmcPasswords } from "../../controllers/bmc_passwords.ts";
import type { Protocol } from "../../controllers/boot_trace.ts";
import { PowerController } from "../../controllers/power.ts";
import { RepaveController } from "../../controllers/repave.ts";
import type { KubeClient } from "../../k8s/client.ts";
import type { Directory } from "../../machine/directory.ts";
import type { Machine } from "../../machine/types.ts";
import type { FileResolver } from "../../pxe/answer.ts";
import { bootFileFor } from "../../pxe/dhcp/boot_file.ts";
import type { DhcpEvent } from "../../pxe/dhcp/server.ts";
import type { ImageDirectory } from "../../pxe/image.ts";
import { openBmc } from "../../redfish/bmc.ts";
import { BmcPool } from "../../redfish/pool.ts";
import { objectReader } from "./images.ts";
import type { Machines } from "./machines.ts";
import type { Counting } from "./metrics/counting.ts";
import { showBmcs } from "./metrics/observers.ts";
import type { ServeSettings } from "./settings.ts";
import { dhcpSeen, tracedResolver } from "./sights.ts";

/** What switches machines and watches over their installations. */
export interface Power {
  /** Does it until the signal aborts; then forgets what it knew of BMCs, as another instance may act on them. */
  run(signal: AbortSignal): Promise<void>;
  /** To be told of each Machine that came or changed, and of the name of each that went. */
  machineChanged(name: string, machine: Machine | undefined): void;
  /** To be told of each DHCP message of a Machine. */
  dhcpDecided(event: DhcpEvent): void;
  /** Passes questions for files on and remembers who asked. */
  traced(resolve: FileResolver, directory: Directory, over: Protocol): FileResolver;
}

/** What {@link createPower} needs. */
export interface PowerOptions {
  readonly settings: ServeSettings;
  readonly client: KubeClient;
  readonly machines: Machines;
  readonly images: ImageDirectory;
  readonly serveUrl: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether this instance may act; asked right before each request that changes something of a BMC. */
  readonly leads: () => boolean;
  readonly counting: Counting;
  /** Ends it. */
  readonly stack: AsyncDisposableStack;
}

/** Made ready to switch the machines that have a BMC. */
export function createPower(options: PowerOptions): Power {
  const { settings, client, machines, log, clock, counting, stack } = options;
  const { queues } = counting;
  const { boots } = machines;
  const bmcs = stack.use(
    new BmcPool({
      concurrency: settings.bmcConcurrency,
      open: (target) => openBmc(target, { clock, log, check: () => mustLead(options.leads) }),
      clock,
      log,
    }),
  );
  const readObject = objectReader(client);
  const passwords = new BmcPasswords(async (namespace, name, signal) => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    const secret = await readObject(path, signal) as { data?: Record<string, string> } | undefined;
    return secret === undefined ? undefined : secret.data ?? {};
  }, clock);
  const common = {
    machines: machines.store,
    statuses: machines.statuses,
    newest: machines.newest,
    stored: machines.stored,
    report: machines.report,
    log,
    clock,
    random: options.random,
  };
  const calls = new BmcCalls({
    bmcs,
    passwords,
    httpUri: (machine) => httpBootUri(options, machine),
    poweringOn(name) {
      const machine = machines.store.byName(name);
      if (machine !== undefined) boots.poweringOn(machine);
    },
    poweredOn(name) {
      const machine = machines.store.byName(name);
      if (machine !== undefined) boots.poweredOn(machine);
    },
    observe: counting.bmcCalls,
    log,
    clock,
    steadyNow: () => performance.now(),
  });
  const power = stack.use(new PowerController({ ...common, calls, observe: queues.bmc }));
  showBmcs(counting.metrics, () => power.states());
  const limits = { timeoutMs: settings.repaveTimeoutMs, maxAttempts: settings.repaveMaxAttempts };
  const seen = (name: string) => boots.describe(name);
  const repaves = new RepaveController({ ...common, limits, seen, observe: queues.installation });
  let isRunning = false;
  const changed = (name: string, machine: Machine | undefined) => {
    // All are looked at when a term begins; until then they would wait in queues that nobody works on.
    if (!isRunning && machine !== undefined) return;
    power.machineChanged(name, machine);
    repaves.machineChanged(name, machine);
  };
  const witnesses = { boots, event: machines.event, images: options.images };
  return {
    async run(signal) {
      isRunning = true;
      for (const machine of machines.store.all()) changed(machine.name, machine);
      try {
        await Promise.all([power.run(signal), repaves.run(signal)]);
      } finally {
        isRunning = false;
      }
    },
    machineChanged: changed,
    dhcpDecided: (event) => dhcpSeen(event, witnesses),
    traced: (resolve, directory, over) => tracedResolver(witnesses, resolve, directory, over),
  };
}

/** A process that was stopped in the middle of a call may find when it wakes up that another acts by now. */
function mustLead(leads: () => boolean): void {
  if (!leads()) throw new Error("this instance does not lead any more");
}

/** What a BMC can be told to boot, before the firmware says which architecture it is of: the image's only file, if any. */
function httpBootUri({ images, serveUrl }: PowerOptions, machine: Machine): string | undefined {
  const image = images.imageFor(machine, false);
  if ("reason" in image) return;
  const architectures = Object.keys(image.bootFiles).filter((key) => key.endsWith("-http"));
  if (architectures.length > 1) return;
  const [architecture] = architectures;
  const choice = bootFileFor(
    { kind: "http", ...(architecture === undefined ? {} : { architecture }) },
    image,
    serveUrl,
  );
  return choice.kind === "file" ? choice.name : undefined;
}
