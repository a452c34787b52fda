/** The rack: emulated machines on loopback, and the relay agent that they share. */
import { formatIpv4, parseIpv4, parseMac } from "../../base/address.ts";
import { faultyWire } from "./faulty_wire.ts";
import { Loopback } from "./loopback_host.ts";
import { EmulatedMachine } from "./machine.ts";
import { RelayAgent } from "./relay_host.ts";
import type { Rack, RackMachine, RackMachineOptions, RackOptions } from "./types.ts";

/** Machines send from 127.77.0.1 upwards. */
const FIRST_ADDRESS = parseIpv4("127.77.0.1");
const MAX_MACHINES = 65_000;

/**
 * Opens the relay agent's socket; the rack is empty.
 * @throws when its address cannot be had
 */
export function startRack(options: RackOptions): Rack {
  return new LoopbackRack(options);
}

class LoopbackRack implements Rack {
  readonly #options: RackOptions;
  readonly #relay: RelayAgent;
  readonly #loopback = new Loopback();
  readonly #machines = new Map<string, EmulatedMachine>();
  /** What a machine sends from -> what DHCP gave to it. */
  readonly #leased = new Map<number, number>();
  /** By MAC address. */
  readonly #places = new Map<string, number>();
  /** Of machines that were taken out, for the next ones. */
  readonly #freePlaces: number[] = [];
  #nextPlace = FIRST_ADDRESS;
  /** Machines that were taken out and are being switched off. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: RackOptions) {
    const { network: { relay = { address: "127.0.0.1", port: 0 }, dhcp } } = options;
    this.#options = options;
    this.#relay = new RelayAgent(relay, dhcp);
  }

  get relay(): { readonly address: string; readonly port: number } {
    return this.#relay.address;
  }

  add({ mac: spelled, uuid, firmware = "pxe", faults = {} }: RackMachineOptions): RackMachine {
    const mac = parseMac(spelled);
    if (this.#machines.has(mac)) throw new RangeError(`the rack has a machine with MAC address ${mac} already`);
    if (this.#machines.size + this.#leaving.size >= MAX_MACHINES) {
      throw new RangeError(`the rack is full: ${MAX_MACHINES} machines`);
    }
    const { network: { tftpPort }, onEvent, clock, random, hurry = 1 } = this.#options;
    const place = this.#freePlaces.pop() ?? this.#nextPlace++;
    const wire = this.#loopback.wire(formatIpv4(place), () => this.#relay.open(mac));
    const machine = new EmulatedMachine({
      identity: { mac, uuid: uuid?.toLowerCase() ?? uuidFor(mac) },
      ...{ firmware, faults, clock, random, hurry, tftpPort, onEvent },
      wire: faultyWire(wire, { faults, clock, random }),
      onLease: (address) => this.#leased.set(place, address),
    });
    this.#places.set(mac, place);
    this.#machines.set(mac, machine);
    return machine;
  }

  /** Its MAC address is free at once, its place when it is off. */
  async remove(mac: string): Promise<void> {
    const key = parseMac(mac);
    const machine = this.#machines.get(key);
    if (machine === undefined) return;
    const place = this.#places.get(key)!;
    this.#machines.delete(key);
    this.#places.delete(key);
    const left = machine.remove().then(() => {
      this.#leased.delete(place);
      this.#freePlaces.push(place);
      this.#leaving.delete(left);
    });
    this.#leaving.add(left);
    await left;
  }

  get(mac: string): RackMachine | undefined {
    return this.#machines.get(mac);
  }

  addressOf(seen: number): number {
    return this.#leased.get(seen) ?? seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#machines.keys()].map((mac) => this.remove(mac)));
    await Promise.all(this.#leaving);
    await this.#relay[Symbol.asyncDispose]();
  }
}

/** A UUID that a machine keeps, of version 8: made by a rule of our own (RFC 9562 section 5.8). */
function uuidFor(mac: string): string {
  return `6d6d0000-0000-8000-8000-${mac.replaceAll(":", "")}`;
}
