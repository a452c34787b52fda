/** Our image as a container runtime starts it: its root, user, capabilities and mounts, in a network namespace. */
import { Peer, run, which } from "../peers/peer.ts";

/** What a test with a container needs installed. */
export const CONTAINER_PROGRAMS: readonly string[] = [
  ...["skopeo", "umoci", "docker-registry", "capsh", "setcap", "unshare", "dpkg-deb", "apt-get", "tar"],
];

/** What the image's configuration says, as OCI writes it (image-spec, config.md). */
export interface OciConfig {
  /** How it is run. */
  readonly config: {
    /** `UID:GID`. */
    readonly User: string;
    /** `NAME=value`. */
    readonly Env: readonly string[];
    /** What is run, before the arguments. */
    readonly Entrypoint: readonly string[];
    /** Where it starts. */
    readonly WorkingDir: string;
    /** What ends it. */
    readonly StopSignal: Deno.Signal;
    /** Folders that are not part of it. */
    readonly Volumes: Readonly<Record<string, unknown>>;
    /** Facts about it. */
    readonly Labels: Readonly<Record<string, string>>;
  };
  /** Of its layers. */
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** An image on disk. */
export interface Unpacked {
  /** Its files. */
  readonly root: string;
  /** Its configuration. */
  readonly image: OciConfig;
}

/** Pulls an image with skopeo from a registry on loopback and unpacks it with umoci below `folder`. */
export async function pullImage(reference: string, folder: string): Promise<Unpacked> {
  const remote = ["--src-tls-verify=false", `docker://${reference}`];
  await run("skopeo", ["--insecure-policy", "copy", "-q", ...remote, `oci:${folder}/pulled:image`]);
  const image = JSON.parse(await run("skopeo", ["inspect", "--config", "--raw", `oci:${folder}/pulled:image`]));
  await run("umoci", ["unpack", "--image", `${folder}/pulled:image`, `${folder}/bundle`]);
  return { root: `${folder}/bundle/rootfs`, image };
}

/** How a container is started. */
export interface ContainerOptions {
  /** After the entry point, as `args` of a Pod. */
  readonly args: readonly string[];
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shown at /var/run/secrets/kubernetes.io/serviceaccount. */
  readonly serviceAccount: string;
  /** Its network. */
  readonly netns: string;
  /** Capabilities that it may ever have. */
  readonly capabilities: readonly string[];
  /** `allowPrivilegeEscalation: false`. @default false */
  readonly noNewPrivileges?: boolean;
}

const ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount";
/** Mounts of the contract's Deployment, the root read-only besides; devices and /proc as every runtime gives them. */
const MOUNTS = `
set -eu
root=$1 account=$2
shift 2
mount --bind "$root" "$root"
mount --bind "$account" "$root${ACCOUNT}"
mount -t tmpfs -o mode=0777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=0777 tmpfs "$root/var/cache/metalman"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root"
exec "$@"
`;

/** Names of all capabilities of this kernel but these. */
async function otherCapabilities(kept: readonly string[]): Promise<string> {
  const all = (await run("capsh", ["--print"])).match(/^Bounding set =(.*)$/m)![1]!.split(",");
  return all.filter((name) => name !== "" && !kept.includes(name)).join(",");
}

/** A running container; it is killed when disposed. */
export class Container implements AsyncDisposable {
  readonly #runtime: Peer;
  readonly #stopSignal: Deno.Signal;

  /** Use {@link startContainer}. */
  constructor(runtime: Peer, stopSignal: Deno.Signal) {
    this.#runtime = runtime;
    this.#stopSignal = stopSignal;
  }

  /** What it has written. */
  get output(): string {
    return this.#runtime.output;
  }

  /** Resolves once its output holds the pattern. */
  async waitFor(pattern: RegExp): Promise<void> {
    await this.#runtime.waitFor(pattern);
  }

  /** Process ids here of what is process 1 in it. */
  async #first(): Promise<number[]> {
    const { pid } = this.#runtime;
    // There is no such file once the runtime has ended.
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
    return children.split(" ").filter((child) => child !== "").map(Number);
  }

  /** Fields of /proc/PID/status of process 1: `Uid`, `CapEff`. */
  async status(): Promise<ReadonlyMap<string, string>> {
    const [pid] = await this.#first();
    const lines = (await Deno.readTextFile(`/proc/${pid}/status`)).split("\n");
    return new Map(lines.map((line) => line.split(":\t", 2) as [string, string]));
  }

  /** Command line of process 1. */
  async commandLine(): Promise<string[]> {
    const [pid] = await this.#first();
    return (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0");
  }

  /** Sends the image's stop signal to process 1; the code that it ends with. */
  async stop(): Promise<number> {
    for (const pid of await this.#first()) Deno.kill(pid, this.#stopSignal);
    return await this.end();
  }

  /** Waits for its end; the code. */
  async end(): Promise<number> {
    return (await this.#runtime.end()).code;
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of await this.#first()) Deno.kill(pid, "SIGKILL");
    await this.#runtime[Symbol.asyncDispose]();
  }
}

/**
 * Starts the image's entry point as a container runtime does: as process 1, with its environment and no other, its user,
 * a bounding set of capabilities, the root file system read-only.
 */
export async function startContainer({ root, image }: Unpacked, options: ContainerOptions): Promise<Container> {
  const { args, env = {}, serviceAccount, netns, capabilities } = options;
  const { User, Env, Entrypoint, StopSignal } = image.config;
  const [uid, gid] = User.split(":");
  const [program, ...rest] = Entrypoint;
  // A runtime makes the places of mounts in the root before it is read-only.
  for (const place of [ACCOUNT, "/proc", "/dev"]) await Deno.mkdir(root + place, { recursive: true });
  const variables = [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const runtime = new Peer("unshare", [
    ...["--mount", "--pid", "--fork", "--propagation=private"],
    ...["sh", "-c", MOUNTS, "sh", root, serviceAccount, "env", "-i", ...variables],
    ...[which("capsh")!, `--drop=${await otherCapabilities(capabilities)}`, `--chroot=${root}`],
    ...(options.noNewPrivileges ? ["--no-new-privs"] : []),
    ...[`--gid=${gid}`, "--groups=", `--uid=${uid}`, `--shell=${program}`, "--", ...rest, ...args],
  ], { netns });
  return new Container(runtime, StopSignal);
}
