/** A packed file with a shell script in the place of Deno: what unpacks and starts it is the same, in milliseconds. */
import { type PackedFile, packFile } from "../../tools/pack/archive.ts";
import { Peer, which } from "../peers/peer.ts";

/** Says how it was started; `main.js` says what is to be done then. */
const DENO = `#!/bin/sh
if [ "$1" = --version ]; then exit 0; fi
echo "called as $METALMAN_CALLED_AS, pid $$\${MALLOC_ARENA_MAX:+, arenas $MALLOC_ARENA_MAX}"
while [ "\${1##*/}" != main.js ]; do echo "flag $1"; shift; done
. "$1"
`;

/** Programs that the launcher may use, which not every system has: nothing else is in its PATH. */
export const PROGRAMS = [
  ...["sh", "ls", "id", "mkdir", "mktemp", "tail", "gzip", "tar", "cat", "chmod", "mv", "rm", "find", "sha256sum"],
  ...["cut", "head", "sleep"],
];

/** What a start said. */
export interface Said {
  /** Exit code. */
  readonly code: number;
  /** Both outputs. */
  readonly output: string;
}

/** A folder with a packed file and places to unpack it to. */
export class StandIn implements AsyncDisposable {
  /** For whatever a test needs. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Packs a program: a shell script that is run in the place of the bundle. */
  static async with(program: string, more: readonly PackedFile[] = []): Promise<StandIn> {
    // Whoever may write to the folder above may put another in its place: only ours is trusted.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "pack-" }));
    const standIn = new StandIn(folder);
    for (const name of ["home", "tmp", "bin"]) await Deno.mkdir(`${folder}/${name}`, { mode: 0o700 });
    for (const name of PROGRAMS) await Deno.symlink(which(name)!, `${folder}/bin/${name}`);
    await standIn.pack("metalman", program, more);
    return standIn;
  }

  /** Packs another program beside it. @returns its path */
  async pack(name: string, program: string, more: readonly PackedFile[] = []): Promise<string> {
    const encode = (text: string) => new TextEncoder().encode(text);
    const files = [{ name: "deno", content: encode(DENO) }, { name: "main.js", content: encode(program) }, ...more];
    const bytes = packFile(files, { title: "stand-in", flags: ["--usual"] });
    await Deno.writeFile(`${this.folder}/${name}`, bytes, { mode: 0o755 });
    return `${this.folder}/${name}`;
  }

  /** Where it is unpacked to with the usual environment. */
  get cache(): string {
    return `${this.folder}/home/.cache/metalman`;
  }

  /** Where it is unpacked to where that cannot be. */
  get temporary(): string {
    return `${this.folder}/tmp/metalman-${Deno.uid()}`;
  }

  /** Starts it with nothing but HOME, TMPDIR, PATH and these variables; an empty one is left out. */
  start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}, name = "metalman"): Peer {
    const { folder } = this;
    const all = { HOME: `${folder}/home`, TMPDIR: `${folder}/tmp`, PATH: `${folder}/bin`, ...env };
    const variables = Object.entries(all).flatMap(([key, value]) => value === "" ? [] : [`${key}=${value}`]);
    return new Peer("env", ["-i", ...variables, name.startsWith("/") ? name : `${folder}/${name}`, ...args]);
  }

  /** Starts it and waits for its end. */
  async run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}, name?: string): Promise<Said> {
    await using peer = this.start(args, env, name);
    const { code } = await peer.end();
    return { code, output: peer.output };
  }

  /** Names of what is in a folder, sorted; none where there is no such folder. */
  async names(folder: string): Promise<string[]> {
    try {
      return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** The one copy below a folder. @throws when there is another number of them, or anything else */
  async copy(folder: string): Promise<string> {
    const [name = "", ...others] = await this.names(folder);
    if (!/^run-[0-9a-f]{64}$/.test(name) || others.length > 0) throw new Error(`not one copy: ${[name, ...others]}`);
    return `${folder}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
