/** Image references as docker and containerd read them: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. */
import { ImageReferenceError } from "./errors.ts";

/** A reference in its parts. */
export interface Reference {
  /** As credentials and mirrors name it: `docker.io`, `10.0.0.1:5000`. */
  readonly registry: string;
  /** `library/debian`. */
  readonly repository: string;
  /** Absent only beside a digest. */
  readonly tag?: string;
  /** Decides, when there is a tag too. */
  readonly digest?: string;
}

const DEFAULT_REGISTRY = "docker.io";
/** distribution/reference: letters, digits, and single separators (`.`, `_`, `__`, dashes) between them. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const TAG = /^[\w][\w.-]{0,127}$/;
const MAX_NAME = 255;

/** Bytes in the digest of each algorithm, as hex characters. */
const DIGESTS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** Whether the text is `sha256:HEX` or `sha512:HEX`. */
export function isDigest(text: string): boolean {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  return match !== null && match[2]!.length === DIGESTS[match[1]!];
}

/** Whether the text is a repository's name as registries keep it: without a host. */
export function isRepository(name: string): boolean {
  return name.length <= MAX_NAME && name.split("/").every((part) => COMPONENT.test(part));
}

/** Whether the text is a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Splits off the host: a first part with a dot, a port or capitals, or `localhost`. */
function splitHost(name: string): [registry: string, path: string] {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  const isHost = slash > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  if (!isHost) return [DEFAULT_REGISTRY, name];
  return [first === "index.docker.io" ? DEFAULT_REGISTRY : first, name.slice(slash + 1)];
}

function checkHost(registry: string, wrong: (why: string) => ImageReferenceError): void {
  if (!HOST.test(registry)) throw wrong(`"${registry}" is not a host name or address`);
  const port = /:(\d+)$/.exec(registry.replace(/^\[.*\]/, ""))?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) throw wrong(`${port} is not a port`);
}

/**
 * Reads a reference; `debian` means docker.io/library/debian:latest.
 * @throws {ImageReferenceError} that says what part is wrong
 */
export function parseReference(text: string): Reference {
  const shown = text.length > 300 ? text.slice(0, 300) + "..." : text;
  const wrong = (why: string) =>
    new ImageReferenceError(
      `"${shown}" is not an image reference (want HOST/NAME:TAG or HOST/NAME@sha256:...): ${why}`,
    );
  if (text.length > 4096) throw wrong("it is too long");
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw wrong(`"${digest}" is not a digest`);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const tag = tagged ? named.slice(colon + 1) : digest === undefined ? "latest" : undefined;
  if (tag !== undefined && !isTag(tag)) throw wrong(`"${tag}" is not a tag`);
  const [registry, path] = splitHost(tagged ? named.slice(0, colon) : named);
  checkHost(registry, wrong);
  const repository = registry === DEFAULT_REGISTRY && !path.includes("/") ? `library/${path}` : path;
  if (repository.length > MAX_NAME) throw wrong(`the name is longer than ${MAX_NAME} characters`);
  if (path === "") throw wrong("the name is empty");
  const bad = repository.split("/").find((part) => !COMPONENT.test(part));
  if (bad !== undefined) throw wrong(`"${bad}" is not a part of a name (lower-case letters, digits, . _ -)`);
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The reference written out in full: the same for all spellings of it. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
