/** POST of an object to a collection. */
import { admit, mustBeValid, type Sent } from "./admission.ts";
import { trackUpdate } from "../apply/track_update.ts";
import { isNamespaces, labelNamespace, prepareForCreate } from "./built_in_rules.ts";
import type { Kind } from "../kind.ts";
import { metadataWarnings } from "../schema/metadata_validate.ts";
import type { ApiObject } from "../object.ts";
import { scopeOf } from "../store/scope_of.ts";
import { alreadyExists, notFound, StatusError } from "../status_error.ts";
import { timeText } from "./time_text.ts";
import type { VerbAnswer, VerbContext, VerbRequest } from "./verb_types.ts";
import { readWriteOptions, type WriteOptions } from "./write_options.ts";

/** No vowels and no digits that look like them: generated names are never words. */
const NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const NAME_RANDOM_LENGTH = 5;
/** A label's value has 63 characters, and names become such. */
const MAX_PREFIX_LENGTH = 63 - NAME_RANDOM_LENGTH;
/** Names that are tried before a generated one counts as taken. */
const MAX_TRIES = 8;

/** POST. */
export function createObject(context: VerbContext, request: VerbRequest): VerbAnswer {
  const options = readWriteOptions("CreateOptions", request.query, request);
  const { resourceVersion } = (request.body as ApiObject).metadata;
  mustHaveNamespace(context, request);
  if ((resourceVersion ?? "") !== "") {
    throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  }
  return createSent(context, request, options);
}

/** Creates the object that was sent, by POST or by a PUT that finds none. */
export function createSent(context: VerbContext, request: VerbRequest, options: WriteOptions): VerbAnswer {
  const { kind } = request;
  const object = request.body as ApiObject;
  const warnings = admit(kind, object, sentAs(request, options));
  warnings.push(...metadataWarnings(kind, object));
  if (isNamespaces(kind)) labelNamespace(object);
  const time = timeText(context.clock.now());
  setMetadata(context, request, object, time);
  const { manager } = options;
  const tracked = trackUpdate({ kind, before: undefined, after: object, manager, subresource: "", time });
  return { code: 201, body: storeNew(context, request, tracked, options), warnings };
}

/** How the object of a POST or PUT is to be admitted. */
export function sentAs({ text }: VerbRequest, { fieldValidation }: WriteOptions): Sent {
  return { fieldValidation, ...(text === undefined ? {} : { text }) };
}

/** The namespace of the path, where there is one, is there. */
export function mustHaveNamespace(
  { store }: VerbContext,
  { kind, namespace }: Pick<VerbRequest, "kind" | "namespace">,
): void {
  const namespaces: Pick<Kind, "group" | "plural"> = { group: "", plural: "namespaces" };
  if (!kind.namespaced || namespace === undefined) return;
  if (store.get({ resource: namespaces.plural }, namespace) === undefined) throw notFound(namespaces, namespace);
}

/** What the server alone says of a new object; in place. */
export function setMetadata(
  context: VerbContext,
  { kind, namespace }: VerbRequest,
  { metadata }: ApiObject,
  time: string,
): void {
  delete metadata["resourceVersion"];
  delete metadata["deletionTimestamp"];
  delete metadata["deletionGracePeriodSeconds"];
  if (kind.namespaced && namespace !== undefined) metadata["namespace"] = namespace;
  else delete metadata["namespace"];
  metadata["uid"] = context.newUid();
  metadata["creationTimestamp"] = time;
}

/** Stores an object whose metadata is complete but for a generated name. */
export function storeNew(
  { store, random }: VerbContext,
  { kind, namespace }: VerbRequest,
  object: ApiObject,
  { dryRun }: WriteOptions,
): ApiObject {
  const { generateName } = object.metadata;
  const prefix = typeof generateName === "string" && !object.metadata.name ? generateName : undefined;
  for (let tries = 1;; tries++) {
    if (prefix !== undefined) object.metadata.name = generatedName(prefix, random);
    prepareForCreate(kind, object);
    mustBeValid(kind, object);
    const { name } = object.metadata;
    const scope = scopeOf(kind, namespace);
    const stored = dryRun && store.get(scope, name) === undefined ? object : store.put(scope, name, object, "absent");
    if (stored !== undefined) return stored;
    if (prefix === undefined || tries === MAX_TRIES) {
      throw alreadyExists(kind, name, store.get(scope, name)?.metadata["deletionTimestamp"] !== undefined);
    }
  }
}

function generatedName(prefix: string, random: () => number): string {
  const letters = Array.from(
    { length: NAME_RANDOM_LENGTH },
    () => NAME_LETTERS[Math.floor(random() * NAME_LETTERS.length)],
  );
  return prefix.slice(0, MAX_PREFIX_LENGTH) + letters.join("");
}
