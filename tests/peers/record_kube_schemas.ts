/**
 * Writes dev/apiserver/kinds/built_in.json: fields, types and list keys of the built-in kinds of `metalman dev`, as a real
 * kube-apiserver publishes them under /openapi/v3, without descriptions. Run it after a new kube-apiserver:
 * `deno run -A tests/peers/record_kube_schemas.ts`.
 *
 * @module
 */
import { startApiServer } from "./apiserver.ts";
import { run } from "./peer.ts";

/** A schema as the server writes it. */
// deno-lint-ignore no-explicit-any
type Published = Record<string, any>;

const FILE = new URL("../../dev/apiserver/kinds/built_in.json", import.meta.url);
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  "api/v1": ["Secret", "ConfigMap", "Event", "Namespace", "ServiceAccount", "Node", "Service"].map((k) =>
    `core.v1.${k}`
  ),
  "apis/apps/v1": ["apps.v1.Deployment"],
  "apis/coordination.k8s.io/v1": ["coordination.v1.Lease"],
};

/** `core.v1.Container`, `meta.v1.ObjectMeta`, `api.resource.Quantity`. */
function shortName(name: string): string {
  return name.replace(/^.*\//, "").replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis|apimachinery\.pkg)\./, "");
}

/** Zero values are only how Go writes absent fields. */
function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false || JSON.stringify(value) === "{}";
}

/** Without descriptions; a reference that stands alone in `allOf` in place of it. */
function compact(schema: Published): Published {
  const { allOf = [], ...rest } = schema;
  const out: Published = {};
  for (const [key, value] of Object.entries({ ...rest, ...(allOf.length === 1 ? allOf[0] : {}) })) {
    if (key === "description" || key === "x-kubernetes-unions" || key === "default" && isZero(value)) continue;
    if (key === "$ref") out[key] = shortName(value as string);
    else if (key === "items" || key === "additionalProperties") out[key] = compact(value as Published);
    else if (key === "properties") {
      out[key] = Object.fromEntries(Object.entries(value as Published).map(([name, of]) => [name, compact(of)]));
    } else out[key] = value;
  }
  return out;
}

function* references(schema: Published): Iterable<string> {
  if (schema.$ref !== undefined) yield schema.$ref;
  const inner: Published[] = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
  for (const one of inner) if (typeof one === "object") yield* references(one);
}

await using server = await startApiServer();
const found = new Map<string, Published>();
for (const [path, roots] of Object.entries(ROOTS)) {
  const { components } = await server.request("GET", `/openapi/v3/${path}`);
  const all = new Map(Object.entries<Published>(components.schemas).map(([name, of]) => [shortName(name), of]));
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    const schema = compact(all.get(name)!);
    found.set(name, schema);
    queue.push(...references(schema));
  }
}
const { gitVersion } = await server.request("GET", "/version");
const lines = [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([name, of]) =>
  `${JSON.stringify(name)}: ${JSON.stringify(of)}`
);
await Deno.writeTextFile(
  FILE,
  `{\n"from": "kube-apiserver ${gitVersion}",\n"definitions": {\n${lines.join(",\n")}\n}\n}\n`,
);
await run(Deno.execPath(), ["fmt", "-q", FILE.pathname]);
