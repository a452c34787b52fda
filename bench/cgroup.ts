/**
 * What a server costs, counted by a control group (cgroups(7), version 2): all its threads and children, those too
 * that ended without being waited for, which /proc/PID/stat forgets (tftpd-hpa's children are such).
 */
import { run } from "../tests/peers/peer.ts";

/** The field of a file such as cpu.stat: a name and a number on each line. */
export function flatField(text: string, name: string): number {
  const value = new RegExp(`^${name}:?\\s+(\\d+)`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`no ${name} in:\n${text}`);
  return Number(value);
}

/** The control groups of a run, below one that is named after it. */
export class ControlGroups {
  readonly #root: string;
  #count = 0;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Mounts the hierarchy at a new folder inside `folder`; the mount ends with the run's mount namespace. */
  static async mount(folder: string): Promise<ControlGroups> {
    const mountPoint = `${folder}/cgroup`;
    await Deno.mkdir(mountPoint);
    await run("mount", ["-t", "cgroup2", "none", mountPoint]);
    const root = `${mountPoint}/${groupName(folder)}`;
    await Deno.mkdir(root);
    return new ControlGroups(root);
  }

  /** A new group with nobody in it. */
  create(): ControlGroup {
    const path = `${this.#root}/${++this.#count}`;
    Deno.mkdirSync(path);
    return new ControlGroup(path);
  }
}

function groupName(folder: string): string {
  return folder.slice(folder.lastIndexOf("/") + 1);
}

/** Removes the groups of a run whose processes have all ended. */
export async function removeGroups(folder: string): Promise<void> {
  const script =
    'mount -t cgroup2 none "$1" || exit 0; [ ! -d "$1/$2" ] || find "$1/$2" -depth -type d -exec rmdir {} +';
  await run("unshare", ["--mount", "sh", "-c", script, "sh", folder, groupName(folder)]);
}

/** One group. */
export class ControlGroup {
  readonly #path: string;

  /** Made by {@link ControlGroups}. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A process that writes its id here is in it. */
  get joinFile(): string {
    return `${this.#path}/cgroup.procs`;
  }

  /** Processor seconds of everything that was ever in it. */
  cpuSeconds(): number {
    return flatField(Deno.readTextFileSync(`${this.#path}/cpu.stat`), "usage_usec") / 1e6;
  }

  /**
   * Seconds that the first threads of its processes (of a program of Deno the one that is no worker) ran, and that they
   * could have and had no processor: what others do to a measurement.
   */
  mainThreadSeconds(): { readonly ran: number; readonly waited: number } {
    const pids = Deno.readTextFileSync(this.joinFile).split("\n").filter((line) => line !== "");
    const spent = pids.map((pid) => Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`));
    const sum = (field: number) => spent.reduce((all, text) => all + Number(text.split(" ")[field]) / 1e9, 0);
    return { ran: sum(0), waited: sum(1) };
  }

  /** Has its threads go before those of others; one that ends meanwhile needs nothing. */
  async favour(): Promise<void> {
    const script = 'for pid in $(cat "$1"); do renice -n -10 -p $(ls "/proc/$pid/task"); done >&2; true';
    await run("sh", ["-c", script, "sh", this.joinFile]);
  }

  /** Resident memory of its processes in MB (10^6 bytes), as the kernel counts it for each: now, and at its highest. */
  residentMB(): { now: number; peak: number } {
    const pids = Deno.readTextFileSync(this.joinFile).split("\n").filter((line) => line !== "");
    const statuses = pids.map((pid) => Deno.readTextFileSync(`/proc/${pid}/status`));
    const sum = (name: string) => statuses.reduce((kB, status) => kB + flatField(status, name), 0) * 1024 / 1e6;
    return { now: sum("VmRSS"), peak: sum("VmHWM") };
  }
}
