/** Answers without what differs from one run to the next, and without what they say twice. */
import { isDeepStrictEqual } from "node:util";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIMES = new Set(["creationTimestamp", "deletionTimestamp", "time", "expirationTimestamp"]);

/** Brings the answers of one conversation into normal form. */
export class Normaliser {
  readonly #names: ReadonlyMap<string, string>;

  /** `names` are what the conversation's `$name`s stand for; their values become names again. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  /** The value with `$uid`, `$rv`, `$time`, `$continue` and the names; `keepManagers`: also metadata.managedFields. */
  of(value: unknown, keepManagers: boolean): unknown {
    return this.#walk(value, "", keepManagers);
  }

  #walk(value: unknown, key: string, keepManagers: boolean): unknown {
    if (typeof value === "string") return this.#text(value, key);
    if (Array.isArray(value)) {
      const elements = value.map((element) => this.#walk(element, key, keepManagers));
      return key === "managedFields" ? elements.sort(byManager) : elements;
    }
    if (typeof value !== "object" || value === null) return value;
    const fields: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(value)) {
      if (name === "managedFields" && !keepManagers || name === "storageVersionHash") continue;
      fields[name] = this.#walk(field, name, keepManagers);
    }
    const { generateName, name } = fields;
    if (typeof generateName === "string" && typeof name === "string" && name.startsWith(generateName)) {
      fields.name = generateName + name.slice(generateName.length).replace(/^[a-z0-9]{5}$/, "$random");
    }
    return fields;
  }

  #text(text: string, key: string): string {
    if (key === "resourceVersion" && text !== "" && text !== "0") return "$rv";
    if (key === "continue" && text !== "") return "$continue";
    if (key === "cells" && /^\d+m?s$/.test(text)) return "$age";
    if (TIMES.has(key) && /^\d{4}-/.test(text)) return "$time";
    if (/^clusterIPs?$/.test(key) && text.startsWith("10.96.")) return "$ip";
    const plain = text.replace(UUID, "$uid")
      .replace(/(resource ?version[^\d"]{1,24})\d+/gi, (_, before) => `${before}$rv`)
      .replace(/(\$rv, current: |\$rv \()\d+/g, (_, before) => `${before}$rv`);
    const ns = this.#names.get("ns");
    return ns === undefined ? plain : plain.replaceAll(ns, "$ns");
  }
}

/** The server orders them by second, then by name: in tests by chance. */
function byManager(a: unknown, b: unknown): number {
  const key = (entry: unknown) => {
    const { manager, operation, subresource = "" } = entry as Record<string, string>;
    return `${operation} ${manager} ${subresource}`;
  };
  return key(a) < key(b) ? -1 : 1;
}

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/**
 * A Status that refuses a request, without what is the same in all of them: `{Failure: ...}`. One that names wrong fields
 * as usual becomes `{Invalid: 'Kind "name"', causes: ["reason field: message"]}`.
 */
export function shortened(body: unknown, status: number): unknown {
  const { kind, apiVersion, metadata, status: outcome, code, ...why } = { ...body as Record<string, unknown> };
  const usual = { kind, apiVersion, metadata, outcome, code };
  const expected = { kind: "Status", apiVersion: "v1", metadata: {}, outcome: "Failure", code: status };
  return isDeepStrictEqual(usual, expected) ? invalid(why) ?? { Failure: sorted(why) } : body;
}

/** Causes come in the order of Go's maps, which is none. */
function sorted(why: Record<string, unknown>): Record<string, unknown> {
  const details = why.details as { causes?: Cause[] } | undefined;
  if (details?.causes === undefined) return why;
  const causes = details.causes.toSorted((a, b) => a.field < b.field ? -1 : 1);
  return { ...why, details: { ...details, causes } };
}

function invalid(why: Record<string, unknown>): unknown {
  const details = why.details as { name?: string; group?: string; kind: string; causes?: Cause[] } | undefined;
  if (why.reason !== "Invalid" || details?.causes === undefined) return undefined;
  const { name = "", group, kind, causes } = details;
  const who = `${kind}${group === undefined ? "" : `.${group}`} "${name}"`;
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const message = `${who} is invalid: ${texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`}`;
  const whole = {
    message,
    reason: "Invalid",
    details: { ...(name && { name }), ...(group && { group }), kind, causes },
  };
  if (!isDeepStrictEqual(why, whole)) return undefined;
  return { Invalid: who, causes: causes.map((cause, i) => `${cause.reason} ${texts[i]}`).sort() };
}
