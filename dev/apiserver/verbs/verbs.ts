/** What can be done with the objects of a kind. */
import { createObject } from "./create_verb.ts";
import { deleteObject, deleteObjects } from "./delete_verb.ts";
import { patchObject } from "./patch_verb.ts";
import { getObject, listObjects } from "./read_verbs.ts";
import { updateObject } from "./update_verb.ts";
import type { VerbAnswer, VerbContext, VerbRequest, WatchEvent } from "./verb_types.ts";
import { watchObjects } from "./watch_verb.ts";

/** The verbs of the API. All answer at once, all throw StatusError; only a watch goes on. */
export class Verbs {
  readonly #context: VerbContext;

  /** Over a store. */
  constructor(context: VerbContext) {
    this.#context = context;
  }

  /** GET of one object, or of its status. */
  get(request: VerbRequest): VerbAnswer {
    return getObject(this.#context.store, request);
  }

  /** GET of a collection. */
  list(request: VerbRequest): VerbAnswer {
    return listObjects(this.#context.store, request);
  }

  /**
   * GET of a collection with `watch=true`.
   * What is wrong with the request is thrown by this call; later trouble is an ERROR event, the last one.
   * It ends with the signal or after timeoutSeconds, and whoever stops reading earlier must abort the signal.
   */
  watch(request: VerbRequest, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const { store, clock } = this.#context;
    return watchObjects(store, clock, request, signal);
  }

  /** POST to a collection. The body becomes the object. */
  create(request: VerbRequest): VerbAnswer {
    return createObject(this.#context, request);
  }

  /** PUT of one object, or of its status. The body becomes the object. */
  update(request: VerbRequest): VerbAnswer {
    return updateObject(this.#context, request);
  }

  /** PATCH of one object, or of its status; with `application/apply-patch+yaml` it may create the object. */
  patch(request: VerbRequest): VerbAnswer {
    return patchObject(this.#context, request);
  }

  /** DELETE of one object. */
  delete(request: VerbRequest): VerbAnswer {
    return deleteObject(this.#context, request);
  }

  /** DELETE of a collection. */
  deleteCollection(request: VerbRequest): VerbAnswer {
    return deleteObjects(this.#context, request);
  }
}
