/** The Machines of a site: watched, indexed, reported on. Joins k8s/, machine/ and controllers/ for serve.ts. */
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { TaskGroup } from "../../base/tasks.ts";
import { conflictStatus, describeConflict } from "../../controllers/address_conflicts.ts";
import { BootReports } from "../../controllers/boot_reports.ts";
import { MachineReports } from "../../controllers/machine_reports.ts";
import { type AddressConflict, MachineStore } from "../../controllers/machine_store.ts";
import { ObjectCache, withoutManagedFields } from "../../k8s/cache.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { Controller } from "../../k8s/controller.ts";
import { ApiError } from "../../k8s/errors.ts";
import { EventRecorder } from "../../k8s/events.ts";
import { StatusWriter } from "../../k8s/status.ts";
import { watchCollection } from "../../k8s/watch.ts";
import { ConditionType } from "../../machine/conditions.ts";
import type { TellOwner } from "../../machine/event_reasons.ts";
import { type Machine, type MachineObject, SITE_LABEL } from "../../machine/types.ts";
import { bootRecorder, recorder, reporter } from "./machine_events.ts";
import type { Counting } from "./metrics/counting.ts";
import { showMachines } from "./metrics/observers.ts";

/** Machines and what is written about them. */
export interface Machines {
  readonly store: MachineStore;
  readonly reports: MachineReports;
  /** Their last boots; to be told of all that is seen of them. */
  readonly boots: BootReports;
  /** Writes to the status of Machines. */
  readonly statuses: Pick<StatusWriter<MachineObject>, "write">;
  /** A Machine as the API has it now; undefined where there is none, or it is of another site. */
  readonly newest: (name: string, signal: AbortSignal) => Promise<MachineObject | undefined>;
  /** Takes a Machine as the API has it after a write, before the watch says so. */
  readonly stored: (object: MachineObject) => void;
  /** Writes an Event, where that is granted. */
  readonly event: TellOwner;
  /** Writes an Event, and a log line for a warning. */
  readonly report: TellOwner;
  /** Whether the first list of Machines is complete. */
  readonly synced: () => boolean;
  /** Calls back once it is. */
  readonly whenSynced: (then: () => void) => void;
  /** Resolves when all reports are written, or the signal aborts. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

/** What {@link followMachines} needs. */
export interface MachinesOptions {
  readonly client: KubeClient;
  readonly site: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counting: Counting;
  /** Owns watch and writers. */
  readonly tasks: TaskGroup;
  /** Told of each Machine that came or changed, and of the name of each that went. */
  readonly changed: (name: string, machine: Machine | undefined) => void;
}

const MACHINES = { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" };

/** The server-side selector of a site (contract 4). */
function siteSelector(site: string): string {
  return site === "" ? `!${SITE_LABEL}` : `${SITE_LABEL}=${site}`;
}

/** Reads Machines of a site past the watch. */
function newestOf(client: KubeClient, site: string): Machines["newest"] {
  return async (name, signal) => {
    try {
      const object = await client.get<MachineObject>(MACHINES, { name }, { signal });
      return object.metadata.labels?.[SITE_LABEL] === (site === "" ? undefined : site) ? object : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
}

/** Starts to watch the Machines of a site and to write what is reported about them. */
export function followMachines(options: MachinesOptions): Machines {
  const { client, log, clock, random, tasks, counting } = options;
  const { queues } = counting;
  const common = { client, log, clock, random };
  const cache = new ObjectCache<MachineObject>({ log, transform: withoutManagedFields });
  const writer = new StatusWriter<MachineObject>({
    ...common,
    resource: MACHINES,
    cached: (key) => cache.get(key),
    observe: counting.statusWritten,
    observeQueue: queues.status,
  });
  const statuses: Machines["statuses"] = {
    write(name, slot, decide) {
      boots.writeHeld(name);
      return writer.write(name, slot, decide);
    },
  };
  const instance = Deno.hostname();
  const steadyNow = () => performance.now();
  const events = new EventRecorder({ ...common, steadyNow, component: "metalman", instance, observe: queues.event });
  const event = recorder(events, counting.eventSaid);
  const report = reporter(event, log, clock);
  const stored = (object: MachineObject) => {
    // Deleted meanwhile, it is not known; made again under its name, it is another.
    if (store.byName(object.metadata.name)?.uid === object.metadata.uid) store.put(withoutManagedFields(object));
  };
  const reports: MachineReports = new MachineReports({
    statuses,
    log,
    clock,
    changed: (name) => store.refresh(name),
    stored,
    saw: (machine, sight) => boots.saw(machine, sight),
    tell: event,
  });
  const boots: BootReports = new BootReports({
    ...{ log, clock, steadyNow, random },
    machines: { byName: (name) => store.byName(name) },
    submit: (machine, decide, settled) => reports.boot(machine, decide, settled),
    written: bootRecorder(events, counting.eventSaid),
  });
  const stalls = new Controller({
    ...common,
    name: "cloud-init",
    observe: queues.cloud_init,
    reconcile: (name) => {
      const machine = store.byName(name);
      const afterMs = machine === undefined ? undefined : reports.checkStall(machine);
      return Promise.resolve(afterMs === undefined ? { kind: "done" } : { kind: "again", afterMs });
    },
  });
  const tellConflicts = (name: string) => {
    const machine = store.byName(name);
    if (machine === undefined || !cache.isSynced) return;
    const decide = (object: MachineObject) => conflictStatus(object, store.conflictsOf(name), clock.now());
    if (decide(machine.object) !== undefined) statuses.write(name, ConditionType.AddressConflict, decide);
  };
  const onConflict = (conflict: AddressConflict, isNew: boolean) => {
    for (const name of [conflict.served, conflict.ignored]) {
      const machine = store.byName(name);
      if (machine !== undefined && isNew) {
        report(machine, "Warning", "AddressConflict", describeConflict(conflict, name));
      }
      tellConflicts(name);
    }
  };
  const store = new MachineStore({
    changed: (name, machine) => {
      if (machine === undefined) reports.forget(name);
      else if (machine.object.status?.conditions !== undefined) stalls.enqueue(name);
      boots.machineChanged(name, machine);
      tellConflicts(name);
      options.changed(name, machine);
    },
    problems: (machine, problems) => {
      for (const { field, message } of problems) {
        report(machine, "Warning", "InvalidField", `${field}: ${message}; it is left out`);
      }
    },
    conflict: (conflict) => onConflict(conflict, true),
    resolved: (conflict) => onConflict(conflict, false),
  }, (object) => reports.overlay(object));
  cache.onChange((change) => change.kind === "deleted" ? store.delete(change.key) : store.put(change.value));
  cache.synced.then(() => {
    log.info("Machines are read", { site: options.site, machines: store.size });
    if (store.size === 0 && options.site !== "") {
      const remedy = `kubectl label machine NAME ${siteSelector(options.site)}`;
      log.warn("no Machine is of this site yet; one that gets its label is served", { remedy });
    }
    for (const machine of store.all()) tellConflicts(machine.name);
  });

  tasks.start("status writer", (signal) => writer.run(signal));
  tasks.start("events", (signal) => events.run(signal));
  tasks.start("boots", (signal) => boots.run(signal));
  tasks.start("cloud-init checks", (signal) => stalls.run(signal));
  const selection = { labelSelector: siteSelector(options.site) };
  tasks.start(
    "watch of Machines",
    (signal) => {
      const watch = { ...common, resource: MACHINES, selection, observe: counting.watches.machines, signal };
      return cache.follow(watchCollection<MachineObject>(watch));
    },
  );
  showMachines(counting.metrics, store, reports);
  return {
    store,
    reports,
    boots,
    statuses,
    newest: newestOf(client, options.site),
    stored,
    event,
    report,
    synced: () => cache.isSynced,
    whenSynced: (then) => void cache.synced.then(then),
    flush(signal) {
      boots.flush();
      return reports.flush(signal);
    },
  };
}
