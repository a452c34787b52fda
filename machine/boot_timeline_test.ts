import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { BootStatus } from "./boot_status.ts";
import {
  BOOT_STEPS,
  bootOf,
  hasStep,
  mergeBoots,
  sameBoot,
  type SeenStep,
  withBoot,
  withStep,
} from "./boot_timeline.ts";
import type { MachineObject } from "./types.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const empty = (number: number): BootStatus => ({ number, steps: [] });

/** A step as one replica saw it. */
interface Seen {
  readonly number: number;
  readonly step: SeenStep;
  readonly atMs: number;
}

const facts = fc.record({
  firmware: fc.constantFrom("UEFI", "BIOS"),
  architecture: fc.constantFrom("x64", "arm64"),
  method: fc.constantFrom("PXE" as const, "HTTP" as const),
  image: fc.constantFrom("sha256:1", "sha256:2"),
}, { requiredKeys: [] });
const seen: fc.Arbitrary<Seen> = fc.record({
  number: fc.integer({ min: 1, max: 3 }),
  step: fc.record({
    name: fc.constantFrom(...BOOT_STEPS),
    message: fc.constantFrom("a", "b"),
    facts,
  }, { requiredKeys: ["name"] }),
  atMs: fc.integer({ min: 0, max: 5000 }).map((ms) => NOW + ms),
});

const alone = ({ number, step, atMs }: Seen): BootStatus => withStep(empty(number), step, atMs);
const together = (boots: readonly BootStatus[]): BootStatus => boots.reduce(mergeBoots);

Deno.test("steps in any order from any number of replicas, written in any order, become the same timeline", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(seen, fc.nat({ max: 3 })), { minLength: 1, maxLength: 20 }),
    fc.infiniteStream(fc.nat({ max: 1000 })),
    (all, random) => {
      const wanted = together(all.map(([one]) => alone(one)));
      const shuffled = all.map((one) => ({ one, key: random.next().value! })).sort((a, b) => a.key - b.key);
      const replicas = [0, 1, 2, 3].map((replica) =>
        shuffled.filter(({ one: [, by] }) => by === replica).map(({ one: [what] }) => alone(what))
      ).filter((boots) => boots.length > 0).map(together);
      // Each writes, perhaps twice, in any order.
      const writes = [...replicas, ...replicas].sort(() => random.next().value! - 500);
      deepEqual(together(writes), wanted);
      deepEqual(mergeBoots(wanted, wanted), wanted);
    },
  ));
});

Deno.test("of each step the first time wins within one boot, and the later boot wins as a whole", () => {
  const dhcp = { name: "DHCP" as const };
  const [early, late] = [withStep(empty(1), dhcp, NOW), withStep(empty(1), dhcp, NOW + 4000)];
  deepEqual(mergeBoots(late, early).steps, [{ name: "DHCP", time: "2026-01-01T00:00:00.000Z" }]);
  const next = withStep(empty(2), { name: "PoweredOn" }, NOW - 1000);
  equal(mergeBoots(early, next), next);
  equal(mergeBoots(next, early), next);
});

Deno.test("withStep() keeps the order of a boot, the first time, and the facts of the step that tells them", () => {
  let boot = withStep(empty(1), { name: "Kernel", message: "k" }, NOW + 2000);
  boot = withStep(boot, { name: "FirstFile", facts: { method: "PXE", image: "sha256:1", firmware: "no" } }, NOW);
  boot = withStep(boot, { name: "DHCP", facts: { firmware: "UEFI", architecture: "x64", image: "no" } }, NOW);
  equal(withStep(boot, { name: "DHCP" }, NOW - 5000), boot);
  deepEqual(boot, {
    number: 1,
    firmware: "UEFI",
    architecture: "x64",
    method: "PXE",
    image: "sha256:1",
    steps: [
      { name: "DHCP", time: "2026-01-01T00:00:00.000Z" },
      { name: "FirstFile", time: "2026-01-01T00:00:00.000Z" },
      { name: "Kernel", time: "2026-01-01T00:00:02.000Z", message: "k" },
    ],
  });
  ok(hasStep(boot, "Attested", "Kernel") && !hasStep(boot, "Attested"));
});

Deno.test("status.boot stays small whatever a machine asks for", () => {
  const long = "😀".repeat(5000);
  const full = BOOT_STEPS.reduce(
    (boot, name) => withStep(boot, { name, message: long, facts: { image: long, firmware: long } }, NOW),
    empty(1),
  );
  const text = JSON.stringify(full);
  ok(text.length < 4096, `${text.length} characters`);
  ok(text.isWellFormed());
  deepEqual(bootOf({ metadata: { name: "a" }, status: { boot: full } }), full, "and is read as it was written");
});

const STEP = { name: "DHCP", time: "2026-01-01T00:00:00.000Z" };
const STORED: readonly [name: string, boot: unknown, read: BootStatus | undefined][] = [
  ["nothing", undefined, undefined],
  ["null", null, undefined],
  ["a text", "boot", undefined],
  ["no number", { steps: [STEP] }, undefined],
  ["half a number", { number: 1.5, steps: [STEP] }, undefined],
  ["no steps", { number: 1, steps: [] }, undefined],
  ["steps that are none", { number: 1, steps: { DHCP: STEP } }, undefined],
  ["a step of another version", { number: 1, steps: [{ ...STEP, name: "Later" }, STEP] }, { number: 1, steps: [STEP] }],
  ["a step that is none", { number: 1, steps: [null, 1, { name: "Kernel" }, STEP] }, { number: 1, steps: [STEP] }],
  ["a time of another precision", { number: 1, steps: [{ ...STEP, time: "2026-01-01T00:00:00Z" }] }, {
    number: 1,
    steps: [STEP],
  }],
  ["a time that is none", { number: 1, steps: [{ name: "Kernel", time: "soon" }, STEP] }, { number: 1, steps: [STEP] }],
  ["a field of another type", { number: 1, image: 7, steps: [STEP] }, { number: 1, steps: [STEP] }],
];

for (const [name, boot, read] of STORED) {
  Deno.test(`bootOf() reads what it can of status.boot: ${name}`, () => {
    deepEqual(bootOf({ metadata: { name: "a" }, status: { boot: boot as BootStatus } }), read);
  });
}

Deno.test("withBoot() changes nothing where the status says all of it, and no other field", () => {
  const boot = withStep(empty(1), { name: "DHCP", facts: { firmware: "UEFI" } }, NOW);
  const object: MachineObject = { metadata: { name: "a" }, status: { phase: "Ready" } };
  const status = withBoot(object, boot)!;
  deepEqual(status, { phase: "Ready", boot });
  equal(withBoot({ ...object, status }, boot), undefined);
  const earlier = (ms: number) => withStep(empty(1), { name: "DHCP" }, NOW - ms);
  equal(withBoot({ ...object, status }, earlier(999)), undefined, "replicas that see one packet");
  equal(withBoot({ ...object, status }, earlier(1000))?.boot?.steps[0]?.time, "2025-12-31T23:59:59.000Z");
  const other = withStep(empty(1), { name: "DHCP", message: "another" }, NOW - 1);
  equal(withBoot({ ...object, status }, other)?.boot?.steps[0]?.message, "another");
  equal(withBoot({ ...object, status: { boot: withStep(empty(2), { name: "DHCP" }, NOW) } }, boot), undefined);
  ok(sameBoot(undefined, undefined) && !sameBoot(boot, undefined));
});
