/** What can be done with the objects of a kind. */
import type { VerbAnswer, VerbContext, VerbRequest, WatchEvent } from "./verb_types.ts";
import { noSuchPath } from "./status_error.ts";

/** The verbs of the API. All answer at once, all throw StatusError; only a watch goes on. */
export class Verbs {
  readonly #context: VerbContext;

  /** Over a store. */
  constructor(context: VerbContext) {
    this.#context = context;
  }

  /** GET of one object, or of its status. */
  get(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /** GET of a collection. */
  list(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /**
   * GET of a collection or (with a name) of one object with `watch=true`.
   * What is wrong with the request is thrown by this call; later trouble is an ERROR event. Ends with the signal or after timeoutSeconds.
   */
  watch(_request: VerbRequest, _signal: AbortSignal): AsyncIterable<WatchEvent> {
    throw noSuchPath();
  }

  /** POST to a collection. */
  create(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /** PUT of one object, or of its status. */
  update(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /** PATCH of one object, or of its status; with `application/apply-patch+yaml` it may create the object. */
  patch(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /** DELETE of one object. */
  delete(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }

  /** DELETE of a collection. */
  deleteCollection(_request: VerbRequest): VerbAnswer {
    throw noSuchPath();
  }
}
