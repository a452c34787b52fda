/** Keeps the rack as the cluster has it: a server for each Machine, switched on; and says what becomes of them. */
import { formatIpv4 } from "../../base/address.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { BmcClaims } from "../../controllers/bmc_claims.ts";
import { MachineStore } from "../../controllers/machine_store.ts";
import type { Rack, RackMachine } from "../../dev/rack/types.ts";
import { ObjectCache, withoutManagedFields } from "../../k8s/cache.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { watchCollection } from "../../k8s/watch.ts";
import { ConditionType } from "../../machine/conditions.ts";
import type { Machine, MachineObject } from "../../machine/types.ts";
import type { RackBmcs } from "./bmcs.ts";

/** What {@link RackMachines} needs. */
export interface RackMachinesOptions {
  readonly client: KubeClient;
  readonly rack: Pick<Rack, "add" | "get" | "remove">;
  readonly bmcs: Pick<RackBmcs, "plugIn" | "unplug">;
  readonly firmware: "pxe" | "http";
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** A server came. */
  readonly added: (mac: string, machine: Machine) => void;
  /** A server went. */
  readonly removed: (mac: string) => void;
  /** The cluster says that the Machine of a server is installed and that its cloud-init is done. */
  readonly installed: (mac: string) => void;
}

const MACHINES = { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" };
/** An emulated BMC has this one (spec.pxe.redfish.deviceID). */
const BMC_SYSTEM = "1";

/** The server of a Machine. */
interface Server {
  /** Of the Machine. */
  readonly name: string;
  readonly machine: RackMachine;
  /** It was switched on for. */
  generation: number;
}

/** Servers in the rack by the Machines that they stand for. */
export class RackMachines {
  readonly #options: RackMachinesOptions;
  /** Of two with one MAC, this one knows which of them metalman serves: the server is that one's. It tells nobody: metalman does. */
  readonly #machines = new MachineStore({ changed() {}, problems() {}, conflict() {}, resolved() {} });
  /** Of two with one BMC, this one knows which of them metalman switches: the BMC is that one's. */
  readonly #claims = new BmcClaims();
  /** By MAC. */
  readonly #servers = new Map<string, Server>();
  /** By the URL of their BMC. */
  readonly #plugged = new Map<string, Server>();
  readonly #installed = new Set<string>();
  /** Name of a Machine without a server, and the generation that this was said of. */
  readonly #missed = new Map<string, number>();

  /** Does nothing until {@link run}. */
  constructor(options: RackMachinesOptions) {
    this.#options = options;
  }

  /** True when the cluster says that the Machine of this server is installed. */
  isInstalled(mac: string): boolean {
    return this.#installed.has(mac);
  }

  /** Follows the Machines until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, log, clock, random } = this.#options;
    const cache = new ObjectCache<MachineObject>({ log, transform: withoutManagedFields });
    cache.onChange((change) => {
      const before = this.#machines.byName(change.key);
      if (change.kind === "deleted") {
        this.#machines.delete(change.key);
        this.#missed.delete(change.key);
      } else this.#machines.put(change.value);
      const after = this.#machines.byName(change.key);
      this.#claims.put(change.key, after);
      this.#changed(before, after);
    });
    const selection = {};
    await cache.follow(
      watchCollection<MachineObject>({ client, resource: MACHINES, selection, log, clock, random, signal }),
    );
  }

  /** What a Machine had before comes first: its BMC is free for the server that it gets now. */
  #changed(before: Machine | undefined, after: Machine | undefined): void {
    const macs = [before, after].flatMap((machine) => machine?.leases.map(({ mac }) => mac) ?? []);
    const touched = [before, after, ...Array.from(new Set(macs)).flatMap((mac) => this.#settle(mac))];
    for (const url of new Set(touched.flatMap((machine) => machine?.redfish?.url ?? []))) this.#settleBmc(url);
    if (after?.leases.length === 0) this.#miss(after);
  }

  /**
   * A MAC's server is that of the Machine that metalman serves under it, if it boots from this MAC.
   * @returns whose server went, and whose came or stayed
   */
  #settle(mac: string): (Machine | undefined)[] {
    const served = this.#machines.byMac(mac)?.machine;
    const machine = served?.leases[0]?.mac === mac ? served : undefined;
    const server = this.#servers.get(mac);
    if (server !== undefined && server.name !== machine?.name) this.#remove(mac);
    if (machine !== undefined) this.#put(machine, mac);
    return [server && this.#machines.byName(server.name), machine];
  }

  /** A BMC's server is that of the Machine that metalman switches by it. */
  #settleBmc(url: string): void {
    const { bmcs } = this.#options;
    const owner = this.#machines.byName(this.#claims.owner(url, BMC_SYSTEM) ?? "");
    const found = this.#servers.get(owner?.leases[0]?.mac ?? "");
    const server = found?.name === owner?.name ? found : undefined;
    const before = this.#plugged.get(url);
    if (server === before) return;
    this.#plugged.delete(url);
    if (before !== undefined) bmcs.unplug(url, before.machine);
    if (server === undefined) return;
    this.#plugged.set(url, server);
    bmcs.plugIn(url, server.machine);
  }

  #put(machine: Machine, mac: string): void {
    const server = this.#servers.get(mac);
    if (server === undefined) this.#add(machine, mac);
    else if (server.generation !== machine.generation) {
      server.generation = machine.generation;
      this.#retry(mac);
    }
    if (isDone(machine)) {
      this.#installed.add(mac);
      this.#options.installed(mac);
    } else this.#installed.delete(mac);
  }

  /** Says once that nothing will boot, where somebody may wait for it. */
  #miss({ name, generation, object }: Machine): void {
    if (object.spec?.pxe === undefined || this.#missed.get(name) === generation) return;
    this.#missed.set(name, generation);
    this.#options.log.warn("no server for this Machine: it has no lease with a MAC and its address", { machine: name });
  }

  #add(machine: Machine, mac: string): void {
    const { rack, firmware, added, log } = this.#options;
    try {
      const server = rack.add({ mac, firmware });
      const { name, generation } = machine;
      this.#servers.set(mac, { name, machine: server, generation });
      added(mac, machine);
      server.powerOn();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      log.warn("no emulated server for this Machine", { machine: machine.name, error });
    }
  }

  /** Somebody changed the Machine: a server that has given up tries again. */
  #retry(mac: string): void {
    const server = this.#options.rack.get(mac);
    if (server?.stage === "failed") server.reset().catch((error) => this.#fault(mac, error));
  }

  #remove(mac: string): void {
    this.#servers.delete(mac);
    this.#installed.delete(mac);
    this.#options.rack.remove(mac).catch((error) => this.#fault(mac, error));
    this.#options.removed(mac);
  }

  #fault(mac: string, error: unknown): void {
    this.#options.log.error("an emulated server does not obey", { mac, error });
  }
}

function isDone({ object }: Machine): boolean {
  const holds = (type: string) =>
    object.status?.conditions?.some((c) => c.type === type && c.status === "True") ?? false;
  return holds(ConditionType.Repaved) && holds(ConditionType.CloudInitDone);
}

/** The first lease's address, as shown. */
export function shownAddress({ leases }: Machine): string {
  return leases[0] === undefined ? "" : formatIpv4(leases[0].ipv4);
}
