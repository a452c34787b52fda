/** An OpenAPI v3 schema as Kubernetes uses it (structural schemas of CustomResourceDefinitions), in its own field names. */
import type { Json } from "../object.ts";

/** What a value may be. */
export interface Schema {
  /** `object`, `array`, `string`, `integer`, `number`, `boolean`; absent: anything. */
  readonly type?: string;
  /** For people. */
  readonly description?: string;
  /** `int64`, `date-time`, `byte`. */
  readonly format?: string;
  /** Fields of an object. */
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Values of the fields that `properties` does not name. */
  readonly additionalProperties?: Schema | boolean;
  /** Fields that must be there. */
  readonly required?: readonly string[];
  /** Elements of an array. */
  readonly items?: Schema;
  /** What it is when it is absent. */
  readonly default?: Json;
  /** Whether null is a value. @default false */
  readonly nullable?: boolean;
  /** All values allowed. */
  readonly enum?: readonly Json[];
  /** RE2, unanchored. */
  readonly pattern?: string;
  /** In characters. */
  readonly minLength?: number;
  /** In characters. */
  readonly maxLength?: number;
  /** Of a number. */
  readonly minimum?: number;
  /** Of a number. */
  readonly maximum?: number;
  /** Whether `minimum` itself is excluded. */
  readonly exclusiveMinimum?: boolean;
  /** Whether `maximum` itself is excluded. */
  readonly exclusiveMaximum?: boolean;
  /** Of a number. */
  readonly multipleOf?: number;
  /** Of an array. */
  readonly minItems?: number;
  /** Of an array. */
  readonly maxItems?: number;
  /** Of an array. */
  readonly uniqueItems?: boolean;
  /** Of an object. */
  readonly minProperties?: number;
  /** Of an object. */
  readonly maxProperties?: number;
  /** Every one must hold. */
  readonly allOf?: readonly Schema[];
  /** At least one must hold. */
  readonly anyOf?: readonly Schema[];
  /** Exactly one must hold. */
  readonly oneOf?: readonly Schema[];
  /** Must not hold. */
  readonly not?: Schema;
  /** Unknown fields are kept. */
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  /** Rules in CEL; kept, and not evaluated. */
  readonly "x-kubernetes-validations"?: Json;
  /** Holds a whole object with apiVersion, kind and metadata. */
  readonly "x-kubernetes-embedded-resource"?: boolean;
  /** An integer or a string. */
  readonly "x-kubernetes-int-or-string"?: boolean;
  /** How appliers share an array: as one value, as a set, or element by element. @default "atomic" */
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  /** The fields that name an element of a `map` list. */
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  /** How appliers share an object. @default "granular" */
  readonly "x-kubernetes-map-type"?: "granular" | "atomic";
  /** `merge`, `replace`, `retainKeys`, comma-separated: of built-in kinds, for strategic merge patch. */
  readonly "x-kubernetes-patch-strategy"?: string;
  /** The field that names an element, for strategic merge patch. */
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** Of a whole object: its kinds. */
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}
