/** Random writes by several managers, to a real kube-apiserver and to dev/apiserver: the answers must be the same. */
import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { MemoryLogger } from "../../base/log.ts";
import type { JsonObject } from "../../dev/apiserver/object.ts";
import { startDevApiServer } from "../../dev/apiserver/server.ts";
import { API_SERVER, startApiServer } from "./apiserver.ts";
import { inOrder, record, type Recorded, type Step } from "./kube_apply_record.ts";
import { manifest } from "./manifest.ts";
import { peerTest } from "./peer.ts";

// deno-lint-ignore no-explicit-any
type Body = fc.Arbitrary<any>;
const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const some = (...values: (string | number)[]) => fc.shuffledSubarray(values, { minLength: 1 });
/**
 * At least one of the fields: of a custom object whose applier gives up the last field of a map that stays, kube-apiserver makes a
 * null, and refuses it.
 */
const part = (fields: Record<string, Body>): Body =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true }).filter((some) => Object.keys(some).length > 0);
const whole = (fields: Record<string, Body>): Body => fc.record(fields, { noNullPrototype: true });
const map = fc.dictionary(oneOf("a", "b", "c"), oneOf("1", "2"), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
/** Elements with different keys. */
const named = (key: string, keys: (string | number)[], rest: Body): Body =>
  fc.tuple(some(...keys), fc.array(rest, { minLength: keys.length, maxLength: keys.length })).map(([chosen, rests]) =>
    chosen.map((value, i) => ({ [key]: value, ...rests[i] }))
  );

const CONFIG_MAP = part({
  data: map,
  metadata: part({ labels: map, annotations: map, finalizers: some("e.com/a", "e.com/b", "e.com/c") }),
});
const LEASES = whole({
  ipv4: oneOf("10.0.0.1", "10.0.0.2"),
  mac: oneOf("aa:bb:cc:dd:ee:01"),
  subnetMask: oneOf("255.0.0.0"),
  gateway: oneOf(""),
});
const MACHINE = part({
  metadata: part({ labels: map }),
  spec: part({
    operations: part({ rebootCounter: oneOf(1, 2), repaveCounter: oneOf(1, 2) }),
    kubernetes: fc.tuple(whole({ bootstrapTokenRef: oneOf({ name: "t" }) }), part({ nodeLabels: map }))
      .map(([must, may]) => ({ ...must, ...may })),
    pxe: fc.tuple(whole({ image: oneOf("i", "j") }), part({ dhcpLeases: fc.tuple(LEASES) }))
      .map(([must, may]) => ({ ...must, ...may })),
  }),
});
const CONDITION = whole({
  status: oneOf("True", "False"),
  message: oneOf("x", "y"),
  reason: oneOf("R"),
  lastTransitionTime: oneOf("2026-01-02T03:04:05Z"),
});
const MACHINE_STATUS = whole({
  status: part({ phase: oneOf("Ready", "Pending"), conditions: named("type", ["A", "B", "C"], CONDITION) }),
});
const CONTAINER = fc.tuple(
  whole({ image: oneOf("x", "y") }),
  part({
    args: some("1", "2"),
    env: named("name", ["E", "F"], whole({ value: oneOf("1", "2") })),
    ports: named("containerPort", [80, 81], part({ protocol: oneOf("TCP") })),
    resources: whole({ limits: whole({ cpu: oneOf("1", "2") }) }),
  }),
).map(([must, may]) => ({ ...must, ...may }));
const MUST = { selector: { matchLabels: { app: "w" } }, labels: { app: "w" } };
const DEPLOYMENT = fc.tuple(
  named("name", ["a", "b", "c"], CONTAINER),
  part({ volumes: named("name", ["v", "w"], oneOf({ emptyDir: {} })), nodeSelector: map }),
  part({ replicas: oneOf(1, 2), strategy: oneOf({ type: "Recreate" }, { type: "RollingUpdate" }) }),
).map(([containers, pod, rest]) => ({
  spec: {
    ...rest,
    selector: MUST.selector,
    template: { metadata: { labels: MUST.labels }, spec: { ...pod, containers } },
  },
}));
const DIRECTED = fc.tuple(
  named("name", ["a", "b", "c"], fc.oneof(CONTAINER, oneOf({ $patch: "delete" }))),
  fc.shuffledSubarray(["a", "b", "c"], { minLength: 3 }),
  fc.boolean(),
  part({ strategy: oneOf({ $retainKeys: ["type"], type: "Recreate" }, { $patch: "replace", type: "RollingUpdate" }) }),
).map(([containers, order, isOrdered, rest]) => {
  const names: string[] = containers.map(({ name }: { name: string }) => name);
  // An order that is not that of the patch is refused, as recorded.
  const all = [...names, ...order.filter((name) => !names.includes(name))].map((name) => ({ name }));
  const spec = { containers, ...(isOrdered ? { "$setElementOrder/containers": all } : {}) };
  return { spec: { ...rest, template: { spec } } };
});
/** What a client may set managedFields to. Which entry comes first depends on the second, so none is taken by its place. */
const owners = (apiVersion: string): Body =>
  fc.oneof(
    oneOf([], [{}], [{ manager: "odd" }]),
    fc.tuple(oneOf("m1", "m2"), oneOf("Apply", "Update"), oneOf({ "f:data": { "f:a": {} } }, { "f:spec": { ".": {} } }))
      .map(([manager, operation, fieldsV1]) => [{ manager, operation, apiVersion, fieldsType: "FieldsV1", fieldsV1 }]),
  ).map((value) => [{ op: "add", path: "/metadata/managedFields", value }]);

const manager = oneOf("m1", "m2", "m3");
const step = (verb: Step["verb"], body: Body, rest: Record<string, Body> = {}): fc.Arbitrary<Step> =>
  whole({ verb: oneOf(verb), manager, body, ...rest });
const applying = (body: Body, rest: Record<string, Body> = {}) =>
  step("apply", fc.oneof({ weight: 5, arbitrary: body }, { weight: 1, arbitrary: oneOf({}) }), {
    force: oneOf(true, true, false),
    ...rest,
  });
const STATUS = { status: oneOf(true) };
const writes = (apiVersion: string, body: Body) =>
  [
    applying(body),
    applying(body),
    step("merge", body),
    step("update", body),
    step("json", owners(apiVersion)),
  ] as const;

const SEQUENCES = fc.oneof(
  fc.tuple(
    oneOf(["v1", "ConfigMap"]),
    step("create", CONFIG_MAP),
    steps(...writes("v1", CONFIG_MAP), step("strategic", CONFIG_MAP)),
  ),
  fc.tuple(
    oneOf(["unbounded-cloud.io/v1alpha3", "Machine"]),
    applying(MACHINE),
    steps(
      ...writes("unbounded-cloud.io/v1alpha3", MACHINE),
      applying(MACHINE_STATUS, STATUS),
      step("merge", MACHINE_STATUS, STATUS),
    ),
  ),
  fc.tuple(
    oneOf(["apps/v1", "Deployment"]),
    step("create", DEPLOYMENT),
    steps(...writes("apps/v1", DEPLOYMENT), step("strategic", DEPLOYMENT), step("strategic", DIRECTED)),
  ),
);

function steps(...kinds: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...kinds), { minLength: 4, maxLength: 8 });
}

/** What is wrong with an object, kube-apiserver says in any order. */
function comparable(answer: Recorded): unknown {
  const { message: _, ...rest } = answer;
  return inOrder(answer.code === 422 ? rest : answer);
}

peerTest("random writes are answered alike by a real kube-apiserver and by dev/apiserver", API_SERVER, async () => {
  await using real = await startApiServer();
  await real.installCrd();
  const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];
  await using dev = await startDevApiServer({ crds, log: new MemoryLogger() });
  let objects = 0;
  await fc.assert(
    fc.asyncProperty(SEQUENCES, async ([type, first, rest]) => {
      const name = `random-${objects++}`;
      const sequence = () => ({
        name,
        from: "",
        type: type as [string, string],
        steps: structuredClone([first, ...rest]) as Recorded[],
      });
      const wanted = await record(real, sequence());
      const found = await record({ url: dev.url, ca: dev.caPem, token: dev.token }, sequence());
      deepEqual(found.map(comparable), wanted.map(comparable));
    }),
    { numRuns: 40 },
  );
});
