/** (client, path) -> what TFTP and HTTP send: contract 6 and 7, 11.7, 11.13, 11.14. */
import { hash } from "node:crypto";
import type { Directory } from "../machine/directory.ts";
import type { Machine, ObjectKeyRef } from "../machine/types.ts";
import type { FileAnswer, FileResolver } from "./answer.ts";
import type { ImageDirectory } from "./image.ts";
import { cleanPath } from "./paths.ts";
import type { TemplateFile } from "./templates.ts";

/** What a reference to a ConfigMap's key leads to. */
export type UserDataAnswer =
  | { readonly kind: "found"; readonly body: Uint8Array }
  /** There is no such ConfigMap: the machine gets an empty `#cloud-config`. */
  | { readonly kind: "noConfigMap" }
  /** The ConfigMap lacks the key. */
  | { readonly kind: "noKey" }
  /** ConfigMaps are not known yet. */
  | { readonly kind: "notYet" };

/** Answers from memory, at once. */
export type UserDataSource = (ref: ObjectKeyRef) => UserDataAnswer;

/** What a resolver asks; all of it answers from memory, but a template's first reading. */
export interface FilesOptions {
  /** Whose address it is. */
  readonly directory: Directory;
  /** What the machine boots. */
  readonly images: ImageDirectory;
  /** ConfigMaps. */
  readonly userData: UserDataSource;
  /**
   * Renders a template for a machine.
   * @throws with a message for operators and for the client, without paths of this host
   */
  readonly render: (template: TemplateFile, machine: Machine) => Uint8Array | Promise<Uint8Array>;
  /** Told of each failure; the caller limits what it says about it. */
  readonly onTemplateFailure: (machine: Machine, path: string, reason: string) => void;
}

/** Where cloud-init's NoCloud source looks for user-data. */
const USER_DATA_PATH = "cloud-init/user-data";
/** What a machine without user-data of its own is told. */
const EMPTY_USER_DATA = new TextEncoder().encode("#cloud-config\n");

/** The resolver that TFTP and HTTP ask. */
export function createFileResolver(options: FilesOptions): FileResolver {
  return (client, rawPath) => {
    const hit = options.directory.byIp(client);
    if (hit === undefined) return notFound("no Machine has a lease with this address");
    const path = cleanPath(rawPath);
    if (path === undefined) return notFound("not a path of a file");
    if (path === USER_DATA_PATH) return userDataFor(hit.machine, options.userData);
    return fileFor(hit.machine, path, options);
  };
}

function notFound(reason: string): FileAnswer {
  return { kind: "notFound", reason };
}

function bytes(body: Uint8Array): FileAnswer {
  return { kind: "bytes", body, etag: `"${hash("sha256", body, "hex").slice(0, 32)}"` };
}

function userDataFor({ userData }: Machine, source: UserDataSource): FileAnswer {
  const found = userData === undefined ? { kind: "noConfigMap" as const } : source(userData);
  switch (found.kind) {
    case "found":
      return bytes(found.body);
    case "noConfigMap":
      return bytes(EMPTY_USER_DATA);
    case "noKey":
      return notFound(`ConfigMap ${userData?.namespace}/${userData?.name} has no key ${userData?.key}`);
    case "notYet":
      return { kind: "notYet", reason: "ConfigMaps are not read yet" };
  }
}

function fileFor(machine: Machine, path: string, options: FilesOptions): FileAnswer | Promise<FileAnswer> {
  const image = options.images.imageFor(machine, false);
  if ("reason" in image) return { kind: "notYet", reason: image.reason };
  const template = image.file(`${path}.tmpl`);
  if (template !== undefined) {
    return rendered({ ...template, key: `${image.digest}/${path}` }, path, machine, options);
  }
  const file = image.file(path);
  if (file === undefined) return notFound("the image has no such file");
  // An image never changes under its digest, so the digest tells any two versions of a path apart.
  return { kind: "file", ...file, etag: `"${image.digest.replace(/^sha256:/, "").slice(0, 32)}"` };
}

function rendered(
  template: TemplateFile,
  path: string,
  machine: Machine,
  { render, onTemplateFailure }: FilesOptions,
): FileAnswer | Promise<FileAnswer> {
  const failed = (error: unknown): FileAnswer => {
    const reason = error instanceof Error ? error.message : String(error);
    onTemplateFailure(machine, path, reason);
    return { kind: "failed", reason };
  };
  try {
    const body = render(template, machine);
    return body instanceof Promise ? body.then(bytes, failed) : bytes(body);
  } catch (error) {
    return failed(error);
  }
}
