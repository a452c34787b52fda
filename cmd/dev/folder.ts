/** The folder of one `metalman dev`: temporary, or kept with --state. */
import { StartError } from "../usage.ts";

/** Grows when a folder of an older metalman can no longer be used. */
const VERSION = 1;
const MARK = "metalman-dev.json";
/** Ends the name of a file while it is being written. */
const PART = ".part";
/** A file of its own: each start replaces the mark, and a lock stays with what was replaced. */
const LOCK = "metalman-dev.lock";

/** Ports of an earlier run in the same folder, so that URLs and image references stay true. */
export type Ports = Readonly<Record<string, number>>;

/** An open folder; removed when disposed, unless it is kept. */
export class DevFolder implements AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** Whether it outlives this run. */
  readonly isKept: boolean;
  /** What the last run in it used. */
  readonly ports: Ports;
  /** A user who cannot wait for the end (a second Ctrl-C) leaves no folder behind either. */
  readonly #onExit = () => Deno.removeSync(this.path, { recursive: true });

  /** Held while this run goes on; undefined: nobody else knows of the folder. */
  readonly #lock: Deno.FsFile | undefined;

  private constructor(path: string, kept?: { readonly ports: Ports; readonly lock: Deno.FsFile }) {
    this.path = path;
    this.isKept = kept !== undefined;
    this.ports = kept?.ports ?? {};
    this.#lock = kept?.lock;
    if (!this.isKept) addEventListener("unload", this.#onExit);
  }

  /**
   * Opens the folder of an earlier run or makes a new one.
   * @throws {StartError} when it cannot be written, is something else's, in use, or of another version
   */
  static async open(state: string | undefined): Promise<DevFolder> {
    if (state === undefined) return new DevFolder(await temporary());
    refuseColon(`--state ${state}`);
    try {
      await Deno.mkdir(state, { recursive: true, mode: 0o700 });
      const path = await Deno.realPath(state);
      refuseColon(`--state ${path}`);
      await refuseOthers(path);
      const held = await lock(path);
      try {
        return new DevFolder(path, { ports: await readMark(path), lock: held });
      } catch (error) {
        held.close();
        throw error;
      }
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new StartError(`cannot use --state ${state}: ${reason(error)}; name a folder that you may write to`);
    }
  }

  /** A path in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Remembers the ports of this run. */
  async keep(ports: Ports): Promise<void> {
    await writeMark(this.path, ports);
  }

  /** Removes it unless it is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lock?.close();
    if (this.isKept) return;
    try {
      await Deno.remove(this.path, { recursive: true });
    } catch (error) {
      // What clears /tmp of old files has been here.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    removeEventListener("unload", this.#onExit);
  }
}

/** A folder that the user alone may look into. */
async function temporary(): Promise<string> {
  refuseColon(`TMPDIR=${Deno.env.get("TMPDIR")}`);
  try {
    return await Deno.makeTempDir({ prefix: "metalman-dev-" });
  } catch (error) {
    throw new StartError(
      `cannot make a temporary folder: ${
        reason(error)
      }; set TMPDIR to a folder that you may write to, or name one with --state`,
    );
  }
}

/** KUBECONFIG is a list: kubectl would look for two files, and say nothing of either. */
function refuseColon(named: string): void {
  if (!named.includes(":")) return;
  throw new StartError(`${named}: a path with a colon cannot be used, as KUBECONFIG is a list; rename it`);
}

async function lock(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${path}/${LOCK}`, { create: true, write: true, mode: 0o600 });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new StartError(`--state ${path} is in use by another metalman dev: end that one, or name another folder`);
}

function reason(error: unknown): string {
  // Deno itself keeps a program out of /proc and the like.
  const isRefused = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
  if (isRefused) return "no permission";
  if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
    return "it is not a folder";
  }
  return error instanceof Error ? error.message : String(error);
}

/** Writes nothing into a folder that is not ours. */
async function refuseOthers(path: string): Promise<void> {
  const names = new Set((await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name));
  if (names.has(MARK)) return;
  // Of a first start that goes on, or was cut off.
  const [other] = names.difference(new Set([LOCK, MARK + PART]));
  if (other === undefined) return;
  throw new StartError(`--state ${path} holds something else (${other}): name an empty or a new folder`);
}

/** Writes a file that the user alone may read, in one step: a loss of power leaves the old one or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const part = path + PART;
  await Deno.writeTextFile(part, text, { mode: 0o600 });
  using file = await Deno.open(part, { read: true, write: true });
  await file.sync();
  await Deno.rename(part, path);
}

async function writeMark(path: string, ports: Ports): Promise<void> {
  await replaceFile(`${path}/${MARK}`, `${JSON.stringify({ version: VERSION, ports })}\n`);
}

async function readMark(path: string): Promise<Ports> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${path}/${MARK}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await writeMark(path, {});
    return {};
  }
  const { version, ports } = parseMark(text);
  if (version === VERSION) return ports;
  throw new StartError(
    `--state ${path} is of another version of metalman (${version}, this one writes ${VERSION}): name a new folder, or remove it`,
  );
}

function isNamedPort(entry: [name: string, port: unknown]): entry is [string, number] {
  const [, port] = entry;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536;
}

function parseMark(text: string): { readonly version: unknown; readonly ports: Ports } {
  try {
    const { version = "unreadable", ports = {} } = JSON.parse(text);
    return { version, ports: Object.fromEntries(Object.entries(ports).filter(isNamedPort)) };
  } catch {
    return { version: "unreadable", ports: {} };
  }
}
