/** Go types, as far as templates can tell them apart. */
import { MACHINE_TYPES } from "./machine_types.ts";

/** Go's reflect kinds that values here can have. */
export type Kind =
  | "bool"
  | "int"
  | "int64"
  | "uint8"
  | "uint64"
  | "float64"
  | "complex128"
  | "string"
  | "struct"
  | "map"
  | "slice"
  | "ptr";

/** A field of a struct. */
export interface Field {
  /** As templates spell it. */
  readonly name: string;
  /** The field's type. */
  readonly type: GoType;
  /** Key in the Machine's JSON; undefined where the JSON has no such key. */
  readonly json: string | undefined;
  /** The fields of this field's type stand in the same JSON object. */
  readonly inline: boolean;
  /** Its type's fields can be named without it. */
  readonly embedded: boolean;
}

/** A method that a template can name. */
export interface Method {
  /** As templates spell it. */
  readonly name: string;
  /** Whether it can be called on addressable values and pointers only. */
  readonly onPointer: boolean;
  /** Of its arguments. */
  readonly params: readonly GoType[];
  /** Names of the types it returns. */
  readonly results: readonly string[];
}

/** What a name after a dot means for a struct type: fields to walk through, embedded ones included. */
export type FieldPath = readonly Field[];

/** A type. There is one object for each. */
export class GoType {
  /** As %T prints it. */
  readonly name: string;
  /** What it is made like. */
  readonly kind: Kind;
  /** What a pointer points to, what a slice or map holds. */
  readonly elem: GoType | undefined;
  /** In Go's order. */
  readonly fields: readonly Field[] = [];
  /** Methods of a pointer to the type. */
  readonly methods: ReadonlyMap<string, Method> = new Map();
  #paths: Map<string, FieldPath> | undefined;

  /** Use {@link goType}. */
  constructor(name: string, kind: Kind, elem?: GoType) {
    this.name = name;
    this.kind = kind;
    this.elem = elem;
  }

  /** Who prints the type: String() on the value, on a pointer only, or nobody. */
  get stringer(): "value" | "pointer" | null {
    return receiverOf(this.methods.get("String"));
  }

  /** The same for GoString(), which %#v calls. */
  get goStringer(): "value" | "pointer" | null {
    return receiverOf(this.methods.get("GoString"));
  }

  /** Whether Go's == takes it. */
  get comparable(): boolean {
    return this.kind !== "map" && this.kind !== "slice" && this.fields.every((field) => field.type.comparable);
  }

  /** Where the field of that name is, undefined where there is none. */
  fieldPath(name: string): FieldPath | undefined {
    this.#paths ??= this.#findPaths();
    return this.#paths.get(name);
  }

  #findPaths(): Map<string, FieldPath> {
    const paths = new Map<string, FieldPath>(this.fields.map((field) => [field.name, [field]]));
    for (const outer of this.fields.filter((field) => field.embedded)) {
      for (const inner of outer.type.fields) {
        if (!paths.has(inner.name)) paths.set(inner.name, [outer, ...outer.type.fieldPath(inner.name)!]);
      }
    }
    return paths;
  }
}

function receiverOf(method: Method | undefined): "value" | "pointer" | null {
  return method === undefined ? null : method.onPointer ? "pointer" : "value";
}

const BASIC: readonly Kind[] = ["bool", "int", "int64", "uint8", "uint64", "float64", "complex128", "string"];
const types = new Map<string, GoType>(BASIC.map((kind) => [kind, new GoType(kind, kind)]));

/** The type of that name, as %T prints it. A name that no table knows is an opaque struct. */
export function goType(name: string): GoType {
  const known = types.get(name);
  if (known !== undefined) return known;
  const made = name.startsWith("*")
    ? new GoType(name, "ptr", goType(name.slice(1)))
    : name.startsWith("[]")
    ? new GoType(name, "slice", goType(name.slice(2)))
    : name.startsWith("map[string]")
    ? new GoType(name, "map", goType(name.slice("map[string]".length)))
    : new GoType(name, "struct");
  types.set(name, made);
  return made;
}

function readField(line: string): Field {
  const [name, type, json, embedded] = line.trim().split(" ");
  return {
    name: name!,
    type: goType(type!),
    json: json === "-" || json === "inline" ? undefined : json,
    inline: json === "inline",
    embedded: embedded === "embedded" || json === "inline",
  };
}

function readMethod(written: string, self: string): Method {
  const [, name, pointer, params, results] = /^(\w+)(\*?)\((.*?)\)(.*)$/.exec(written.replace("*T", `*${self}`))!;
  return {
    name: name!,
    onPointer: pointer === "*",
    params: params === "" ? [] : params!.split(",").map(goType),
    results: results === "" ? [] : results!.split(","),
  };
}

function loadTypes(table: string): void {
  const groups = new Map<string, string[]>();
  let current: { type: GoType; fields: Field[]; methods: Map<string, Method> } | undefined;
  for (const line of table.trim().split("\n")) {
    const [first, ...rest] = line.trim().split(" ");
    if (line.startsWith("@")) {
      groups.set(first!, [...groups.get(first!) ?? [], ...rest]);
    } else if (line.startsWith(" :")) {
      for (const word of rest.flatMap((word) => groups.get(word) ?? [word])) {
        const method = readMethod(word, current!.type.name);
        current!.methods.set(method.name, method);
      }
    } else if (line.startsWith(" ")) {
      current!.fields.push(readField(line));
    } else {
      const fields: Field[] = [];
      const methods = new Map<string, Method>();
      const known = types.get(first!);
      const type = known ?? new GoType(first!, rest[0] as Kind);
      Object.assign(type, { fields, methods, kind: rest[0] });
      types.set(first!, type);
      current = { type, fields, methods };
    }
  }
}
loadTypes(MACHINE_TYPES);
