import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { parseIpv4 } from "../base/address.ts";
import type { MachineObject } from "../machine/types.ts";
import { type AddressConflict, MachineStore, type MachineStoreEvents } from "./machine_store.ts";

const MAC = "aa:bb:cc:dd:ee:01";

function object(name: string, created: string, mac: string, ipv4: string, resourceVersion = "1"): MachineObject {
  return {
    metadata: { name, uid: `uid-${name}`, creationTimestamp: created, resourceVersion },
    spec: { pxe: { image: "i", dhcpLeases: [{ mac, ipv4, subnetMask: "255.255.255.0", gateway: "10.0.0.1" }] } },
  };
}

function recorded(): { events: MachineStoreEvents; told: string[]; conflicts: AddressConflict[] } {
  const told: string[] = [];
  const conflicts: AddressConflict[] = [];
  return {
    told,
    conflicts,
    events: {
      changed: (name, machine) => told.push(`${name} ${machine === undefined ? "gone" : "here"}`),
      problems: (machine, problems) => told.push(...problems.map((p) => `${machine.name} ${p.field}: ${p.message}`)),
      conflict: (c) => conflicts.push(c),
      resolved: (c) => told.push(`resolved ${c.kind} ${c.address} ${c.ignored}`),
    },
  };
}

Deno.test("MachineStore finds a Machine by any spelling of its MAC, by IP and by name", () => {
  const store = new MachineStore(recorded().events);
  store.put(object("a", "2026-01-01T00:00:00Z", "AA-BB-CC-DD-EE-01", "10.0.0.11"));
  equal(store.byMac(MAC)?.machine.name, "a");
  equal(store.byIp(parseIpv4("10.0.0.11"))?.machine.name, "a");
  equal(store.byName("a")?.leases.length, 1);
});

Deno.test("of two Machines with one MAC the older is served and both are named (issue 3, bad input)", () => {
  const { events, conflicts, told } = recorded();
  const store = new MachineStore(events);
  store.put(object("younger", "2026-01-02T00:00:00Z", MAC, "10.0.0.12"));
  store.put(object("older", "2026-01-01T00:00:00Z", MAC, "10.0.0.11"));
  equal(store.byMac(MAC)?.machine.name, "older");
  deepEqual(conflicts, [{ kind: "MAC", address: MAC, served: "older", ignored: "younger" }]);
  store.put(object("older", "2026-01-01T00:00:00Z", MAC, "10.0.0.11", "2"));
  equal(conflicts.length, 1, "told once");
  store.delete("older");
  equal(store.byMac(MAC)?.machine.name, "younger");
  equal(told.includes(`resolved MAC ${MAC} younger`), true);
});

Deno.test("a lease that cannot be read is named and the Machine's others are served (issue 3, bad input)", () => {
  const { events, told } = recorded();
  const store = new MachineStore(events);
  const two = object("a", "2026-01-01T00:00:00Z", MAC, "10.0.0.11");
  (two.spec!.pxe as { dhcpLeases: unknown[] }).dhcpLeases.push({ mac: "nonsense", ipv4: "10.0.0.300" });
  store.put(two);
  store.put({ ...two, metadata: { ...two.metadata, resourceVersion: "2" } });
  equal(store.byMac(MAC)?.machine.name, "a");
  deepEqual(told.filter((line) => line !== "a here"), [
    'a spec.pxe.dhcpLeases[1].mac: "nonsense" is not a MAC address (want aa:bb:cc:dd:ee:ff)',
    'a spec.pxe.dhcpLeases[1].ipv4: "10.0.0.300" is not an IPv4 address',
    'a spec.pxe.dhcpLeases[1].subnetMask: "" is not an IPv4 address',
  ]);
});

Deno.test("a watch event older than our own write is passed over", () => {
  const store = new MachineStore(recorded().events);
  store.put(object("a", "2026-01-01T00:00:00Z", MAC, "10.0.0.12", "20"));
  store.put(object("a", "2026-01-01T00:00:00Z", MAC, "10.0.0.11", "19"));
  equal(store.byMac(MAC)?.lease.ipv4, parseIpv4("10.0.0.12"));
});

Deno.test("any order of puts and deletes ends in the same answers", () => {
  const names = ["a", "b", "c"];
  const step = fc.record({
    name: fc.constantFrom(...names),
    mac: fc.integer({ min: 1, max: 3 }),
    ip: fc.integer({ min: 1, max: 3 }),
    gone: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    const { events } = recorded();
    const store = new MachineStore(events);
    const last = new Map<string, MachineObject>();
    for (const [i, s] of steps.entries()) {
      if (s.gone) {
        store.delete(s.name);
        last.delete(s.name);
        continue;
      }
      const created = `2026-01-0${names.indexOf(s.name) + 1}T00:00:00Z`;
      const o = object(s.name, created, `aa:bb:cc:dd:ee:0${s.mac}`, `10.0.0.${s.ip}`, String(i + 1));
      store.put(o);
      last.set(s.name, o);
    }
    const fresh = new MachineStore(recorded().events);
    for (const o of last.values()) fresh.put(o);
    for (let i = 1; i <= 3; i++) {
      const mac = `aa:bb:cc:dd:ee:0${i}`;
      equal(store.byMac(mac)?.machine.name, fresh.byMac(mac)?.machine.name);
      equal(store.byIp(parseIpv4(`10.0.0.${i}`))?.machine.name, fresh.byIp(parseIpv4(`10.0.0.${i}`))?.machine.name);
    }
    for (const name of names) deepEqual(store.conflictsOf(name).length, fresh.conflictsOf(name).length);
  }));
});
