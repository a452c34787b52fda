/** The manifest by which krew installs the kubectl plugin, and krew's rules for it. */
import { dump } from "js-yaml";
import { archiveName, executableName, TARGETS } from "./targets.ts";

/** A release as krew sees it. */
export interface KrewRelease {
  /** `v1.2.3`. */
  readonly version: string;
  /** The repository's page. */
  readonly homepage: string;
  /** Where the archives are, without a slash at its end. */
  readonly downloads: string;
  /** SHA-256 by archive name. */
  readonly checksums: ReadonlyMap<string, string>;
}

/** As `sha256sum` writes it; the checksum by the file's name. */
export function readChecksums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) throw new Error(`not a line of sha256sum: ${JSON.stringify(line)}`);
    return [name, sum];
  }));
}

/** The manifest, an object of kind Plugin. */
export interface KrewManifest {
  /** krew's only one. */
  readonly apiVersion: "krew.googlecontainertools.github.com/v1alpha2";
  /** krew's only one. */
  readonly kind: "Plugin";
  /** Who it is. */
  readonly metadata: { readonly name: string };
  /** What it is. */
  readonly spec: {
    readonly version: string;
    readonly homepage: string;
    readonly shortDescription: string;
    readonly description: string;
    readonly platforms: readonly KrewPlatform[];
  };
}

/** What is downloaded where. */
export interface KrewPlatform {
  /** Which machines it is for. */
  readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
  /** Of the archive. */
  readonly uri: string;
  /** Of the archive. */
  readonly sha256: string;
  /** The executable in it. */
  readonly bin: string;
}

/**
 * The manifest of a release.
 * @throws where an archive has no checksum
 */
export function krewManifest({ version, homepage, downloads, checksums }: KrewRelease): KrewManifest {
  const platforms = TARGETS.map((target) => {
    const name = archiveName(target, version);
    const sha256 = checksums.get(name);
    if (sha256 === undefined) throw new Error(`there is no checksum of ${name}`);
    const selector = { matchLabels: { os: target.os, arch: target.arch } };
    return { selector, uri: `${downloads}/${name}`, sha256, bin: executableName(target) };
  });
  return {
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "unbounded" },
    spec: {
      version,
      homepage,
      shortDescription: "Network boot of bare-metal machines",
      description:
        "Lists, reboots and repaves the bare-metal machines that a cluster's Machine objects stand for, and " +
        "deploys the controller that boots them over the network.\n",
      platforms,
    },
  };
}

/** As YAML. */
export function krewYaml(manifest: KrewManifest): string {
  return dump(manifest, { lineWidth: 120 });
}
