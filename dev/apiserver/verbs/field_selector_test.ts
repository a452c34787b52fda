import assert from "node:assert/strict";
import { parseFieldSelector } from "./field_selector.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import { StatusError } from "../status_error.ts";

function kindOf(kind: string, plural: string, rest: Partial<Kind> = {}): Kind {
  const names = { singular: "", shortNames: [], categories: [] };
  const shape = { namespaced: true, status: false, builtIn: true, schema: {}, columns: [] };
  return { group: "", version: "v1", kind, plural, ...names, ...shape, ...rest };
}

const EVENTS = kindOf("Event", "events");
const SECRETS = kindOf("Secret", "secrets");
const NODES = kindOf("Node", "nodes", { namespaced: false });
const NAMESPACES = kindOf("Namespace", "namespaces", { namespaced: false });
const SERVICES = kindOf("Service", "services");
const CONFIG_MAPS = kindOf("ConfigMap", "configmaps");
const MACHINES = kindOf("Machine", "machines", { group: "unbounded-cloud.io", namespaced: false, builtIn: false });

const object = (rest: Partial<ApiObject>): ApiObject => ({
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "a", namespace: "b" },
  ...rest,
});
const EVENT = object({
  involvedObject: { kind: "Machine", name: "m", uid: "u" },
  reason: "Booted",
  type: "Normal",
  source: { component: "metalman" },
});

const MATCHES: [kind: Kind, selector: string, object: ApiObject, matches: boolean][] = [
  [CONFIG_MAPS, "", object({}), true],
  [CONFIG_MAPS, ",,", object({}), true],
  [CONFIG_MAPS, "metadata.name=a", object({}), true],
  [CONFIG_MAPS, "metadata.name==a", object({}), true],
  [CONFIG_MAPS, "metadata.name!=a", object({}), false],
  [CONFIG_MAPS, "metadata.name!=x,metadata.namespace=b", object({}), true],
  [CONFIG_MAPS, "metadata.name=a,metadata.namespace=x", object({}), false],
  [CONFIG_MAPS, "metadata.name=a\\,b", object({ metadata: { name: "a,b" } }), true],
  [CONFIG_MAPS, "metadata.name=a\\=b", object({ metadata: { name: "a=b" } }), true],
  [MACHINES, "metadata.name=a", object({}), true],
  [SECRETS, "type=Opaque", object({ type: "Opaque" }), true],
  [SECRETS, "type!=Opaque", object({ type: "Opaque" }), false],
  [NODES, "spec.unschedulable=false", object({}), true],
  [NODES, "spec.unschedulable=", object({}), false],
  [NODES, "spec.unschedulable=true", object({ spec: { unschedulable: true } }), true],
  [NAMESPACES, "status.phase=Active", object({ status: { phase: "Active" } }), true],
  [SERVICES, "spec.type=ClusterIP,spec.clusterIP!=None", object({ spec: { type: "ClusterIP" } }), true],
  [EVENTS, "involvedObject.kind=Machine,involvedObject.name=m,involvedObject.uid=u", EVENT, true],
  [EVENTS, "involvedObject.namespace=", EVENT, true],
  [EVENTS, "reason=Booted,type=Normal,source=metalman", EVENT, true],
  [EVENTS, "reportingComponent=metalman", EVENT, true],
  [EVENTS, "source=other", EVENT, false],
  [EVENTS, "source=r", object({ reportingComponent: "r" }), true],
];

for (const [kind, selector, of, matches] of MATCHES) {
  Deno.test(`field selector ${JSON.stringify(selector)} of ${kind.plural} ${matches ? "means" : "does not mean"} ${JSON.stringify(of)}`, () => {
    assert.equal(parseFieldSelector(kind, selector)(of), matches);
  });
}

/** As kube-apiserver 1.35 was seen to answer. */
const REFUSED: [kind: Kind, selector: string, message: string][] = [
  [CONFIG_MAPS, "foo", "invalid selector: 'foo'; can't understand 'foo'"],
  [CONFIG_MAPS, "metadata.name!=a,x", "invalid selector: 'metadata.name!=a,x'; can't understand 'x'"],
  [CONFIG_MAPS, "metadata.name=a\\", "invalid field selector: invalid escape sequence: \\"],
  [CONFIG_MAPS, "metadata.name=a\\b", "invalid field selector: invalid escape sequence: \\b"],
  [CONFIG_MAPS, "metadata.name=a=b", "invalid field selector: unescaped character in value: 61"],
  [CONFIG_MAPS, "metadata.name===a", "invalid field selector: unescaped character in value: 61"],
  [CONFIG_MAPS, "foo=1", '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  [SECRETS, "a!b=c", "field label not supported: a!b"],
  [SECRETS, "=c", "field label not supported: "],
  [SECRETS, "metadata\\.name=a", "field label not supported: metadata\\.name"],
  [EVENTS, "involvedObject.labels=x", "field label not supported: involvedObject.labels"],
  [NODES, "metadata.namespace=x", "field label not supported: metadata.namespace"],
  [MACHINES, "metadata.namespace=x", "field label not supported: metadata.namespace"],
  [MACHINES, "spec.foo=1", "field label not supported: spec.foo"],
];

for (const [kind, selector, message] of REFUSED) {
  Deno.test(`field selector ${JSON.stringify(selector)} of ${kind.plural} is refused in the words of kube-apiserver`, () => {
    assert.throws(() => parseFieldSelector(kind, selector), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.message, message);
      return error.code === 400;
    });
  });
}
