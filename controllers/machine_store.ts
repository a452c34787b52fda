/**
 * The Machines this instance serves, indexed by MAC, IP and name (machine/directory.ts).
 * Fed by the watch; two Machines that claim one address: the older is served, both are told.
 */
import { formatIpv4 } from "../base/address.ts";
import type { Directory, LeaseHit } from "../machine/directory.ts";
import { older } from "../machine/older.ts";
import { type FieldProblem, type Machine, type MachineObject, readMachine } from "../machine/types.ts";

/** An address that two Machines claim. */
export interface AddressConflict {
  readonly kind: "MAC" | "IP";
  /** In its canonical spelling. */
  readonly address: string;
  /** The older Machine: the one that is served. */
  readonly served: string;
  /** The Machine that is not. */
  readonly ignored: string;
}

/** What the store tells its owner; each call is about the object just given to {@link MachineStore.put}. */
export interface MachineStoreEvents {
  /** A Machine came, changed or (undefined) went. */
  changed(name: string, machine: Machine | undefined): void;
  /** Fields of a Machine that cannot be used, when they are others than before; the rest of it is served. */
  problems(machine: Machine, problems: readonly FieldProblem[]): void;
  /** A new conflict over an address. */
  conflict(conflict: AddressConflict): void;
  /** A conflict that is no more. */
  resolved(conflict: AddressConflict): void;
}

/** Claims on the addresses of one kind. A lone claim is kept as it is: 10,000 Machines need no arrays. */
class Claims<Key> {
  readonly #claims = new Map<Key, LeaseHit | LeaseHit[]>();

  winner(key: Key): LeaseHit | undefined {
    const claim = this.#claims.get(key);
    return Array.isArray(claim) ? claim[0] : claim;
  }

  /** The claims on a key, the one that is served first. */
  all(key: Key): readonly LeaseHit[] {
    const claim = this.#claims.get(key);
    return claim === undefined ? [] : Array.isArray(claim) ? claim : [claim];
  }

  add(key: Key, hit: LeaseHit): void {
    const others = this.all(key);
    this.#claims.set(key, others.length === 0 ? hit : [...others, hit].sort((a, b) => older(a.machine, b.machine)));
  }

  remove(key: Key, name: string): void {
    const rest = this.all(key).filter((hit) => hit.machine.name !== name);
    if (rest.length === 0) this.#claims.delete(key);
    else this.#claims.set(key, rest.length === 1 ? rest[0]! : rest);
  }
}

/** The numeric resourceVersion; undefined when the server's is not a number. */
function version(object: MachineObject): number | undefined {
  const number = Number(object.metadata.resourceVersion);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Machines in memory. All methods are synchronous: whoever asks is answered at once. */
export class MachineStore implements Directory {
  readonly #machines = new Map<string, Machine>();
  readonly #byMac = new Claims<string>();
  readonly #byIp = new Claims<number>();
  readonly #conflicts = new Map<string, AddressConflict>();
  /** What was told of a Machine's fields, so that it is not told again with each write to its status. */
  readonly #toldProblems = new Map<string, string>();
  readonly #events: MachineStoreEvents;
  readonly #overlay: (object: MachineObject) => MachineObject;

  /**
   * @param overlay adds to an object what was reported but not yet written to the API, so that the next
   * file a machine asks for already knows it
   */
  constructor(events: MachineStoreEvents, overlay: (object: MachineObject) => MachineObject = (object) => object) {
    this.#events = events;
    this.#overlay = overlay;
  }

  /** How many Machines there are. */
  get size(): number {
    return this.#machines.size;
  }

  /** See {@link Directory}. */
  byMac(mac: string): LeaseHit | undefined {
    return this.#byMac.winner(mac);
  }

  /** See {@link Directory}. */
  byIp(ipv4: number): LeaseHit | undefined {
    return this.#byIp.winner(ipv4);
  }

  /** See {@link Directory}. */
  byName(name: string): Machine | undefined {
    return this.#machines.get(name);
  }

  /** See {@link Directory}. */
  all(): Iterable<Machine> {
    return this.#machines.values();
  }

  /** The conflicts a Machine is part of. */
  conflictsOf(name: string): AddressConflict[] {
    return [...this.#conflicts.values()].filter((c) => c.served === name || c.ignored === name);
  }

  /**
   * Takes an object of the API. One that is older than what is known (a watch that lags behind our own
   * write) is passed over.
   */
  put(object: MachineObject): void {
    const name = object.metadata.name;
    const known = this.#machines.get(name);
    if (known !== undefined) {
      const [before, after] = [version(known.object), version(object)];
      const same = known.object.metadata.uid === object.metadata.uid;
      if (same && before !== undefined && after !== undefined && after < before) return;
    }
    const { machine, problems } = readMachine(this.#overlay(object));
    this.#machines.set(name, machine);
    this.#reclaim(known, machine);
    this.#events.changed(name, machine);
    this.#tellProblems(machine, problems);
  }

  #tellProblems(machine: Machine, problems: readonly FieldProblem[]): void {
    const told = JSON.stringify(problems);
    if (problems.length === 0) this.#toldProblems.delete(machine.name);
    else if (this.#toldProblems.get(machine.name) !== told) {
      this.#toldProblems.set(machine.name, told);
      this.#events.problems(machine, problems);
    }
  }

  /** Reads a known Machine again, after the overlay changed. */
  refresh(name: string): void {
    const known = this.#machines.get(name);
    if (known !== undefined) this.put(known.object);
  }

  /** Forgets a Machine. */
  delete(name: string): void {
    const known = this.#machines.get(name);
    if (known === undefined) return;
    this.#machines.delete(name);
    this.#toldProblems.delete(name);
    this.#reclaim(known, undefined);
    this.#events.changed(name, undefined);
  }

  #reclaim(before: Machine | undefined, after: Machine | undefined): void {
    const touched = new Map<string, () => void>();
    const touch = (mac: string, ipv4: number) => {
      touched.set(`MAC ${mac}`, () => this.#judge("MAC", mac, this.#byMac.all(mac)));
      touched.set(`IP ${ipv4}`, () => this.#judge("IP", formatIpv4(ipv4), this.#byIp.all(ipv4)));
    };
    for (const lease of before?.leases ?? []) {
      this.#byMac.remove(lease.mac, before!.name);
      this.#byIp.remove(lease.ipv4, before!.name);
      touch(lease.mac, lease.ipv4);
    }
    for (const lease of after?.leases ?? []) {
      const hit: LeaseHit = { machine: after!, lease };
      this.#byMac.add(lease.mac, hit);
      this.#byIp.add(lease.ipv4, hit);
      touch(lease.mac, lease.ipv4);
    }
    for (const judge of touched.values()) judge();
  }

  /** Compares the conflicts over one address with those told before. */
  #judge(kind: AddressConflict["kind"], address: string, claims: readonly LeaseHit[]): void {
    const served = claims[0]?.machine.name;
    const ignored = new Set(claims.slice(1).map((hit) => hit.machine.name).filter((name) => name !== served));
    const prefix = `${kind} ${address} `;
    for (const [id, conflict] of this.#conflicts) {
      if (!id.startsWith(prefix) || (conflict.served === served && ignored.has(conflict.ignored))) continue;
      this.#conflicts.delete(id);
      this.#events.resolved(conflict);
    }
    for (const name of ignored) {
      const id = `${prefix}${name}`;
      if (this.#conflicts.has(id)) continue;
      const conflict: AddressConflict = { kind, address, served: served!, ignored: name };
      this.#conflicts.set(id, conflict);
      this.#events.conflict(conflict);
    }
  }
}
