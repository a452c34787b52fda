/** What has to be changed in the text of a bundle: `deno bundle` leaves addresses of modules as they were. */

/** `new URL("./x.ts", import.meta.url)`: how a module names one that is loaded by itself, such as a worker. */
const MODULE_URL = /new URL\("(\.{1,2}\/[^"]+)",\s*import\.meta\.url\)/g;
/** The comment above each module, a path from wherever the bundle was made. */
const PATH_COMMENT = /^\/\/ (?:[\w@.-]+\/)+[\w@.+-]+$\n?|^\/\/ [\w-]+\.(?:ts|js|json)$\n?/gm;
/** Where cmd/version.ts leaves room. */
const BUILD_FACTS = /commit: "unknown",\s*built: "unknown"(?:,\s*image: ("[^"]*"))?/g;

/** What a program is to say of its build. */
export interface BuildFacts {
  /** Of git; `-dirty` where the tree was. */
  readonly commit: string;
  /** RFC 3339. */
  readonly built: string;
  /** Container image of the same build. @default what cmd/version.ts has */
  readonly image?: string;
}

/** Modules that this source loads by themselves, as it names them. */
export function moduleUrls(source: string): string[] {
  return [...source.matchAll(MODULE_URL)].map(([, url]) => url!);
}

/**
 * Puts other addresses in the place of those that modules are loaded by.
 * @throws when one of them is not known: it would be missing at run time
 */
export function withModuleUrls(text: string, urlOf: (named: string) => string | undefined): string {
  return text.replaceAll(MODULE_URL, (_, named: string) => {
    const url = urlOf(named);
    if (url === undefined) {
      throw new Error(`"${named}" is read beside a module: import it, with { type: "text" } where it is no module`);
    }
    return `new URL(${JSON.stringify(url)}, import.meta.url)`;
  });
}

/** Without the paths of the machine that it was made on. */
export function withoutPaths(text: string): string {
  return text.replaceAll(PATH_COMMENT, "");
}

/** How often the text has room for the facts of a build. */
export function roomForFacts(text: string): number {
  return [...text.matchAll(BUILD_FACTS)].length;
}

/** Writes the facts of a build where cmd/version.ts leaves room. */
export function withFacts(text: string, { commit, built, image }: BuildFacts): string {
  return text.replaceAll(BUILD_FACTS, (_, ownImage?: string) => {
    const facts = `commit: ${JSON.stringify(commit)}, built: ${JSON.stringify(built)}`;
    return ownImage === undefined
      ? facts
      : `${facts}, image: ${image === undefined ? ownImage : JSON.stringify(image)}`;
  });
}

/** Names that `deno bundle` gives: of what is in it, and of the paths that it was read from. */
const CHUNK = /\b([\w.-]+)-[0-9A-Z]{8}\.js\b/g;

/**
 * Gives the files of a bundle names that depend on nothing but what is in them.
 * @param files text by path
 */
export function withPlainNames(files: ReadonlyMap<string, string>): Map<string, string> {
  const masked = (text: string) => text.replaceAll(CHUNK, "$1.js");
  const chunks = [...files].flatMap(([path, text]) => {
    const stem = path.replace(CHUNK, "$1");
    return stem === path ? [] : [{ path, stem, masked: masked(text) }];
  });
  chunks.sort((a, b) => a.stem !== b.stem ? (a.stem < b.stem ? -1 : 1) : a.masked < b.masked ? -1 : 1);
  const names = new Map(chunks.map(({ path, stem }, i) => [path, `${stem}-${i + 1}.js`]));
  const renamed = (text: string) => text.replaceAll(CHUNK, (name) => names.get(name) ?? name);
  return new Map([...files].map(([path, text]) => [names.get(path) ?? path, renamed(text)]));
}
