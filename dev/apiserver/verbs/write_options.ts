/** How an object is to be written: the query of POST, PUT and PATCH (CreateOptions, UpdateOptions, PatchOptions). */
import { forbidden, invalidValue, notSupported, requiredValue, tooLong } from "../schema/field_error.ts";
import { type FieldError, invalid } from "../status_error.ts";

/** What becomes of fields that the schema does not know. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** The query of a write, read and checked. */
export interface WriteOptions {
  /** Whether nothing is to be stored. */
  readonly dryRun: boolean;
  /** Who writes, for managedFields. */
  readonly manager: string;
  /** Unknown fields: dropped, dropped with a warning, or refused. */
  readonly fieldValidation: FieldValidation;
  /** Of an apply: whether fields of others are taken over. */
  readonly force: boolean;
}

/** Which options they are. */
export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

const MAX_MANAGER_BYTES = 128;
const FIELD_VALIDATIONS = ["", "Ignore", "Strict", "Warn"];

/** The query's dryRun, or what is wrong with it. */
export function dryRunErrors(dryRun: readonly string[]): FieldError[] {
  if (dryRun.every((one) => one === "All")) return [];
  // Kubernetes shows the list as Go does.
  const shown = `[${dryRun.map((one) => JSON.stringify(one)).join(",")}]`;
  return [{
    reason: "FieldValueNotSupported",
    field: "dryRun",
    message: `Unsupported value: ${shown}: supported values: "All"`,
  }];
}

/** Says where a text has a character that cannot be shown. */
function unprintableAt(text: string): string | undefined {
  const found = /[\p{C}\p{Zl}\p{Zp}]/u.exec(text);
  if (found === null) return undefined;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `invalid character U+${code} (at position ${found.index})`;
}

/** Options that do not go together. */
export function optionsInvalid(kind: OptionsKind, errors: readonly FieldError[]): Error {
  return invalid({ group: "meta.k8s.io", kind }, "", errors);
}

/**
 * Reads the query of a write.
 * @param apply whether it is a server-side apply
 * @throws {StatusError} 422
 */
export function readWriteOptions(
  kind: OptionsKind,
  query: URLSearchParams,
  { userAgent, apply = false }: { readonly userAgent: string; readonly apply?: boolean },
): WriteOptions {
  const dryRun = query.getAll("dryRun");
  const manager = query.get("fieldManager") ?? "";
  const validation = query.get("fieldValidation") ?? "";
  const force = query.get("force");
  const errors: FieldError[] = [];
  if (apply && manager === "") errors.push(requiredValue("fieldManager", "is required for apply patch"));
  if (kind === "PatchOptions" && !apply && force !== null) {
    errors.push(forbidden("force", "may not be specified for non-apply patch"));
  }
  if (new TextEncoder().encode(manager).length > MAX_MANAGER_BYTES) {
    errors.push(tooLong("fieldManager", MAX_MANAGER_BYTES));
  }
  const unprintable = unprintableAt(manager);
  if (unprintable !== undefined) errors.push(invalidValue("fieldManager", manager, unprintable));
  errors.push(...dryRunErrors(dryRun));
  if (!FIELD_VALIDATIONS.includes(validation)) {
    errors.push(notSupported("fieldValidation", validation, FIELD_VALIDATIONS));
  }
  if (errors.length > 0) throw optionsInvalid(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    manager: manager === "" ? userAgent : manager,
    fieldValidation: validation === "" ? "Warn" : validation as FieldValidation,
    force: apply && !["false", "0", null].includes(force),
  };
}
