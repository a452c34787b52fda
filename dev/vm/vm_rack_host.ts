/** A rack of virtual machines: the same doors as emulated ones have, over real firmware, GRUB and Linux. */
import type { Clock } from "../../base/clock.ts";
import { parseMac } from "../../base/address.ts";
import type { MachineEvent, Rack, RackMachine, RackMachineOptions } from "../rack/types.ts";
import { routes, Wire } from "./network_host.ts";
import { type Probe, requireParts, VmUnavailableError } from "./requirements.ts";
import { freeSubnet, type Subnet } from "./subnet.ts";
import { VmRackMachine } from "./vm_machine_host.ts";

/** How a rack is made. */
export interface VmRackOptions {
  /** What is on this system. */
  readonly probe: Probe;
  /** A folder for the machines' firmware variables, disks and logs. */
  readonly folder: string;
  /** Told of everything that machines do; must not block. */
  readonly onEvent: (event: MachineEvent) => void;
  /** Time of events. */
  readonly clock: Clock;
  /** Name of the bridge, at most 11 characters. @default "metalman0" */
  readonly bridge?: string;
  /** Command and arguments that go before each program: where the rack is. @default none */
  readonly enter?: readonly string[];
}

/** Each takes memory and a processor of this system. */
const MOST_MACHINES = 8;

/** The rack; all machines go off and its network goes away when it is disposed. */
export class VmRack implements Pick<Rack, "add" | "get" | "remove">, AsyncDisposable {
  readonly #options: VmRackOptions;
  readonly #wire: Wire;
  readonly #machines = new Map<string, { readonly machine: VmRackMachine; readonly tap: string }>();
  /** Machines that were taken out and are being switched off, by MAC. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** The machines' network; its `server` is this system's address on it. */
  readonly subnet: Subnet;

  private constructor(options: VmRackOptions, wire: Wire, subnet: Subnet) {
    this.#options = options;
    this.#wire = wire;
    this.subnet = subnet;
  }

  /**
   * Makes the network, without machines.
   * @throws {VmUnavailableError} when something is missing, with what to do
   */
  static async start(options: VmRackOptions): Promise<VmRack> {
    const { probe, bridge = "metalman0", enter = [] } = options;
    const { ip } = requireParts(probe);
    const subnet = freeSubnet(await routes({ ip, enter }));
    if (subnet === undefined) {
      throw new VmUnavailableError("Cannot find a network for virtual machines: all of 10.77.0.0/16 is in use");
    }
    const wire = await Wire.create({ bridge, address: `${subnet.server}/${subnet.prefixLength}`, ip, enter });
    return new VmRack(options, wire, subnet);
  }

  /** The interface that machines are on: for `--dhcp-interface`. */
  get interfaceName(): string {
    return this.#wire.bridge;
  }

  /**
   * Puts a machine in, switched off; its disk and variables are those of the last one with this MAC in the same folder.
   * @throws {RangeError} when one has that MAC, there is no room for more, or the options are for emulated machines only
   */
  add({ mac: spelled, uuid, firmware = "pxe", faults }: RackMachineOptions): RackMachine {
    const mac = parseMac(spelled);
    if (this.#machines.has(mac)) throw new RangeError(`Cannot add machine ${mac}: it is in the rack`);
    if (this.#machines.size >= MOST_MACHINES) {
      throw new RangeError(
        `Cannot add machine ${mac}: ${MOST_MACHINES} virtual machines are all that a rack has room for`,
      );
    }
    if (firmware !== "pxe") {
      throw new RangeError(
        `Cannot add machine ${mac}: a virtual machine boots by PXE, as Debian's signed GRUB speaks no HTTP`,
      );
    }
    if (faults !== undefined) {
      throw new RangeError(`Cannot add machine ${mac}: a virtual machine has no faults on purpose`);
    }
    const { probe, folder, enter, onEvent, clock } = this.#options;
    const tap = this.#wire.nextTap();
    const left = this.#leaving.get(mac);
    const machine = new VmRackMachine({
      ...{ mac, tap, folder: `${folder}/${mac.replaceAll(":", "")}`, clock },
      // Nothing is told of a machine that was taken out: its MAC may be another's by now.
      onEvent: (event) => this.get(mac) === machine && onEvent(event),
      ...{ parts: requireParts(probe), hasKvm: probe.hasKvm, plugIn: () => this.#wire.addTap(tap) },
      ...(left === undefined ? {} : { left }),
      ...(uuid === undefined ? {} : { uuid }),
      ...(enter === undefined ? {} : { enter }),
    });
    this.#machines.set(mac, { machine, tap });
    return machine;
  }

  /** By canonical MAC. */
  get(mac: string): RackMachine | undefined {
    return this.#machines.get(mac)?.machine;
  }

  /** Takes a machine out, of which nothing is told from here on; its files stay, for the next one once it is off. */
  async remove(mac: string): Promise<void> {
    const entry = this.#machines.get(mac);
    if (entry === undefined) return;
    this.#machines.delete(mac);
    const left = entry.machine.remove().then(() => this.#wire.removeTap(entry.tap)).finally(() => {
      if (this.#leaving.get(mac) === left) this.#leaving.delete(mac);
    });
    this.#leaving.set(mac, left);
    await left;
  }

  /** Switches all machines off and removes the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    const leaving = [...this.#leaving.values()];
    await Promise.allSettled([...leaving, ...[...this.#machines.keys()].map((mac) => this.remove(mac))]);
    await this.#wire[Symbol.asyncDispose]();
  }
}
