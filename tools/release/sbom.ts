/** What a release contains, as a software bill of materials: CycloneDX 1.5 in JSON, from deno.lock. */

/** The part of deno.lock (version 5) that is read. */
export interface Lock {
  /** Of the format. */
  readonly version: string;
  /** By `name@version`. */
  readonly npm: Readonly<Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>>;
}

/** What the bill is about. */
export interface SbomSubject {
  /** `v1.2.3`. */
  readonly version: string;
  /** RFC 3339. */
  readonly built: string;
  /** Of the Deno that is part of every executable. */
  readonly denoVersion: string;
  /** Packages that the program imports, `name@version`. */
  readonly imported: readonly string[];
}

/** Something that is part of the program, or the program. */
export interface Component {
  /** What it is. */
  readonly type: "application" | "library" | "platform";
  /** Its name in this bill. */
  readonly "bom-ref": string;
  /** Without its scope. */
  readonly name: string;
  /** As it is written where it comes from. */
  readonly version: string;
  /** Package-URL. */
  readonly purl: string;
  /** An npm package's scope, with its @. */
  readonly group?: string;
  /** Of the archive that it came in. */
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  /** Where they are known. */
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
}

/** A bill in CycloneDX. */
export interface Sbom {
  /** The format. */
  readonly bomFormat: "CycloneDX";
  /** Of the format. */
  readonly specVersion: "1.5";
  /** Of this bill of this release. */
  readonly version: 1;
  /** When, and of what. */
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  /** All that is in it. */
  readonly components: readonly Component[];
  /** What needs what, by `bom-ref`. */
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Package-URL of an npm package (purl-spec): the `@` of a scope is escaped. */
function purl(id: string): string {
  return `pkg:npm/${id.replace(/^@/, "%40")}`;
}

/** `sha512-BASE64` as W3C's Subresource Integrity writes it. */
function hash(integrity: string): { alg: string; content: string } {
  const [, bits, base64] = /^sha(256|384|512)-([\w+/]+=*)$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`deno.lock: not an integrity: ${integrity}`);
  return { alg: `SHA-${bits}`, content: Uint8Array.fromBase64(base64).toHex() };
}

function component(id: string, { npm }: Lock): Component {
  const [, group, name, version] = /^(?:(@[^/]+)\/)?([^@]+)@(.+)$/.exec(id) ?? [];
  if (name === undefined || version === undefined) throw new Error(`deno.lock: not a package: ${id}`);
  const scope = group === undefined ? {} : { group };
  return {
    type: "library",
    "bom-ref": purl(id),
    ...scope,
    name,
    version,
    purl: purl(id),
    hashes: [hash(npm[id]!.integrity)],
  };
}

/** Dependencies are written without their version where there is only one of the name. */
function resolve(dependency: string, { npm }: Lock): string {
  if (npm[dependency] !== undefined) return dependency;
  const found = Object.keys(npm).filter((id) => id.startsWith(`${dependency}@`));
  if (found.length !== 1) throw new Error(`deno.lock: ${dependency} is in it ${found.length} times, not once`);
  return found[0]!;
}

/**
 * The bill: what is imported and what that needs; tests' packages are not in it.
 * @throws where the lock has not what it has to
 */
export function sbom({ version, built, denoVersion, imported }: SbomSubject, lock: Lock): Sbom {
  if (lock.version !== "5") throw new Error(`deno.lock has version ${lock.version}: only 5 is understood`);
  const needs = new Map<string, string[]>();
  for (const waiting = imported.map((id) => resolve(id, lock)); waiting.length > 0;) {
    const id = waiting.pop()!;
    if (needs.has(id)) continue;
    needs.set(id, (lock.npm[id]!.dependencies ?? []).map((dependency) => resolve(dependency, lock)));
    waiting.push(...needs.get(id)!);
  }
  const deno = `pkg:github/denoland/deno@v${denoVersion}`;
  const own = `pkg:generic/metalman@${version}`;
  const ids = [...needs.keys()].sort();
  const mit = [{ license: { id: "MIT" } }];
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: built,
      component: { type: "application", "bom-ref": own, name: "metalman", version, purl: own, licenses: mit },
    },
    components: [
      { type: "platform", "bom-ref": deno, name: "deno", version: denoVersion, purl: deno, licenses: mit },
      ...ids.map((id) => component(id, lock)),
    ],
    dependencies: [
      { ref: own, dependsOn: [deno, ...imported.map((id) => purl(resolve(id, lock))).sort()] },
      ...ids.map((id) => ({ ref: purl(id), dependsOn: needs.get(id)!.map(purl) })),
    ],
  };
}
