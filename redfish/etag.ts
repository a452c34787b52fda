/** If-Match: which tag to send with a PATCH, and what to send where it is refused. */

/** What is sent with a PATCH. */
export type TagForm =
  /** The tag as the document or the header gave it, unchanged: iRMC wants it without quotes. */
  | "as given"
  /** Without the `W/` of a weak one, which some refuse though they sent it (community.general PR #6434). */
  | "strong"
  /** No If-Match: for those that never agree (ironcore-dev/metal-operator #1015). */
  | "none";

/** A tag to try. */
export interface TagTry {
  /** How it is written. */
  readonly form: TagForm;
  /** How often the resource was read again because of a refusal. */
  readonly rereads: number;
}

/** As many times a PATCH is sent at most, before its refusal counts. */
const MAX_REREADS = 4;

/**
 * What to try after a refusal; undefined: nothing is left. The resource is read again before each.
 * 428 to a PATCH without a tag: the tag had been missing. 412: it had changed meanwhile (Lenovo), so once again, then
 * in the other forms.
 */
export function nextTag(tried: TagTry, status: number, tag: string | undefined): TagTry | undefined {
  const rereads = tried.rereads + 1;
  if (rereads > MAX_REREADS) return undefined;
  if (status === 428) return tried.rereads === 0 ? { form: "as given", rereads } : undefined;
  if (status !== 412) return undefined;
  if (tried.form === "as given" && tried.rereads === 0) return { form: "as given", rereads };
  if (tried.form === "as given" && tag?.startsWith("W/") === true) return { form: "strong", rereads };
  return tried.form === "none" ? undefined : { form: "none", rereads };
}

/** The headers that carry it; an empty tag is none (openstack/sushy: an empty one gives 412), nor is what no header can hold. */
export function ifMatch({ form }: TagTry, tag: string | undefined): Record<string, string> {
  if (form === "none" || tag === undefined || !/^[\x20-\x7e]{1,200}$/.test(tag)) return {};
  return { "If-Match": form === "strong" ? tag.replace(/^W\//, "") : tag };
}
