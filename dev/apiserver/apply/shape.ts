/** How appliers share the parts of an object: what of a schema merging and managedFields ask for, compiled once. */
import type { Kind } from "../kind.ts";
import { OBJECT_META } from "../kinds/definitions.ts";
import { isJsonObject, type Json, type JsonObject } from "../object.ts";
import { own } from "../patch/json_value.ts";
import type { Schema } from "../schema/schema.ts";

/** A value of no parts. */
export interface LeafShape {
  /** Which. */
  readonly form: "leaf";
  /** What is allowed. */
  readonly scalar: "string" | "numeric" | "boolean" | "any scalar";
}

/** An object. */
export interface MapShape {
  /** Which. */
  readonly form: "map";
  /** Whether it has one owner. */
  readonly atomic: boolean;
  /** Fields with names of their own. */
  readonly fields: ReadonlyMap<string, Field>;
  /** All other fields; absent: there are none. */
  readonly rest?: Shape;
}

/** An array. */
export interface ListShape {
  /** Which. */
  readonly form: "list";
  /** `one`: it has one owner; `set`: its values are shared; `map`: its elements are, by their keys. */
  readonly sharing: "one" | "set" | "map";
  /** Fields that name an element, with what they are where absent. */
  readonly keys: readonly (readonly [name: string, absent: Json | undefined])[];
  /** An element. */
  readonly item: Shape;
}

/** A value that no schema describes. */
export interface AnyShape {
  /** Which. */
  readonly form: "any";
}

/** How a value is shared. */
export type Shape = LeafShape | MapShape | ListShape | AnyShape;

/** A named field. */
export interface Field {
  /** Its value. */
  readonly shape: Shape;
  /** What kube-apiserver sees where it is absent: fields of built-in kinds that are never left out. */
  readonly absent: Json | undefined;
}

const ANY: AnyShape = { form: "any" };
const leaf = (scalar: LeafShape["scalar"]): LeafShape => ({ form: "leaf", scalar });
const STRING: Field = { shape: leaf("string"), absent: undefined };

/** What kube-apiserver sees where nothing was written: in Go these fields are no pointers, and never left out. */
const WRITTEN: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  Deployment: {
    "spec": {},
    "status": {},
    "spec.strategy": {},
    "spec.template": {},
    "spec.template.metadata": {},
    "spec.template.spec": {},
    "spec.template.spec.containers": null,
    "spec.template.spec.containers.resources": {},
    "spec.template.spec.initContainers.resources": {},
    "spec.template.spec.ephemeralContainers.resources": {},
  },
  Event: {
    "involvedObject": {},
    "source": {},
    "eventTime": null,
    "firstTimestamp": null,
    "lastTimestamp": null,
    "reportingComponent": "",
    "reportingInstance": "",
  },
  Lease: { "spec": {} },
  Namespace: { "spec": {}, "status": {} },
  Node: {
    "spec": {},
    "status": {},
    "status.daemonEndpoints": {},
    "status.daemonEndpoints.kubeletEndpoint": {},
    "status.nodeInfo": {},
  },
  Service: { "spec": {}, "status": {}, "status.loadBalancer": {} },
};

const compiled = new WeakMap<Schema, MapShape>();

/** The shape of a kind's objects; the same one each time. */
export function shapeOf({ schema, builtIn, kind }: Pick<Kind, "schema" | "builtIn" | "kind">): MapShape {
  let shape = compiled.get(schema);
  if (shape === undefined) {
    const whole = new Compiler(builtIn ? WRITTEN[kind] ?? {} : {}, builtIn);
    const fields = new Map(whole.map(schema, "").fields);
    const metadata = { shape: new Compiler({}, true).map(OBJECT_META, ""), absent: undefined };
    fields.set("apiVersion", STRING).set("kind", STRING).set("metadata", metadata);
    shape = { form: "map", atomic: false, fields };
    compiled.set(schema, shape);
  }
  return shape;
}

/** Makes shapes of the schemas of one kind. */
class Compiler {
  readonly #written: Readonly<Record<string, Json>>;
  readonly #builtIn: boolean;

  constructor(written: Readonly<Record<string, Json>>, builtIn: boolean) {
    this.#written = written;
    this.#builtIn = builtIn;
  }

  #any(schema: Schema, path: string): Shape {
    if (schema["x-kubernetes-int-or-string"]) return leaf("any scalar");
    switch (schema.type) {
      case "string":
        return STRING.shape;
      case "integer":
      case "number":
        return leaf("numeric");
      case "boolean":
        return leaf("boolean");
      case "array":
        return this.#list(schema, path);
      case "object": {
        const bare = schema.properties === undefined && typeof schema.additionalProperties !== "object";
        return bare ? ANY : this.map(schema, path);
      }
    }
    return ANY;
  }

  map(schema: Schema, path: string): MapShape {
    const { properties = {}, additionalProperties } = schema;
    const fields = new Map<string, Field>();
    for (const [name, property] of Object.entries(properties)) {
      const below = path === "" ? name : `${path}.${name}`;
      const absent = Object.hasOwn(this.#written, below) ? this.#written[below] : undefined;
      fields.set(name, { shape: this.#any(property, below), absent });
    }
    const rest = typeof additionalProperties === "object"
      ? this.#any(additionalProperties, path)
      : additionalProperties === true || schema["x-kubernetes-preserve-unknown-fields"]
      ? ANY
      : undefined;
    const atomic = schema["x-kubernetes-map-type"] === "atomic";
    return { form: "map", atomic, fields, ...(rest === undefined ? {} : { rest }) };
  }

  #list(schema: Schema, path: string): ListShape {
    const items = schema.items ?? {};
    const item = this.#any(items, path);
    const type = schema["x-kubernetes-list-type"] ?? "atomic";
    if (type !== "map") return { form: "list", sharing: type === "set" ? "set" : "one", keys: [], item };
    const names = schema["x-kubernetes-list-map-keys"] ?? [];
    const keys = names.map((name) => [name, this.#keyWhereAbsent(items, name)] as const);
    return { form: "list", sharing: "map", keys, item };
  }

  /** Keys of built-in kinds are never left out either. */
  #keyWhereAbsent({ properties }: Schema, name: string): Json | undefined {
    const key = properties?.[name];
    if (key?.default !== undefined || !this.#builtIn) return key?.default;
    return key?.type === "string" ? "" : 0;
  }
}

/** What a value is shared by: what nothing describes, by its own look. */
export function formOf(shape: Shape, ...values: (Json | undefined)[]): Exclude<Shape, AnyShape> {
  if (shape.form !== "any") return shape;
  if (values.some((value) => isJsonObject(value))) return ANY_MAP;
  return values.some((value) => Array.isArray(value)) ? ANY_LIST : ANY_SCALAR;
}

const ANY_MAP: MapShape = { form: "map", atomic: false, fields: new Map(), rest: ANY };
const ANY_LIST: ListShape = { form: "list", sharing: "one", keys: [], item: ANY };
const ANY_SCALAR = leaf("any scalar");

/** A field of an object as kube-apiserver sees it. */
export function valueAt(object: JsonObject | undefined, name: string, shape: MapShape): Json | undefined {
  const value = object === undefined ? undefined : own(object, name);
  return value === undefined && object !== undefined ? shape.fields.get(name)?.absent : value;
}

/** The shape of a field. */
export function shapeAt(shape: MapShape, name: string): Shape {
  return shape.fields.get(name)?.shape ?? shape.rest ?? ANY;
}
