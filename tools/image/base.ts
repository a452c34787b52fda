/** The files of gcr.io/distroless/cc-debian12:nonroot, from the Debian packages that it is made of. */
import type { ImageConfig } from "./config.ts";
import { BuildError, run } from "./program.ts";

/** What stands for this image. */
export const DISTROLESS = "gcr.io/distroless/cc-debian12:nonroot";

/** Its packages: those of distroless/static, libc6 and libssl3 of distroless/base, the rest of distroless/cc. */
const PACKAGES = [
  ...["base-files", "ca-certificates", "media-types", "netbase", "tzdata"],
  ...["libc6", "libssl3"],
  ...["gcc-12-base", "libgcc-s1", "libgomp1", "libstdc++6"],
] as const;

/** The configuration that it comes with. */
export const DISTROLESS_CONFIG: ImageConfig = {
  user: "65532",
  workdir: "/home/nonroot",
  stopSignal: "SIGTERM",
  entrypoint: [],
  env: {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  },
  labels: {},
  ports: [],
  volumes: [],
};

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\n" +
    "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n" +
    "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  "etc/group": "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};
/** Removed from what the packages hold, as in the original: only licences stay of the documentation. */
const DROPPED = [
  ...["usr/share/man", "usr/share/lintian", "usr/share/locale", "usr/share/info", "usr/share/bug"],
  ...["usr/share/ca-certificates", "usr/sbin", "etc/update-motd.d", "etc/ca-certificates"],
];
const DAY_MS = 24 * 60 * 60_000;

async function modifiedMs(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

/** Debian's name of an architecture is the one that images have. */
async function download(cache: string, architecture: string): Promise<string[]> {
  const state = `${cache}/apt-${architecture}`;
  const archive = `${cache}/debs-${architecture}`;
  for (const folder of [`${state}/lists/partial`, `${state}/cache`, archive]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const options = [
    ...["-q", "-o", "APT::Sandbox::User=root"],
    ...["-o", `APT::Architecture=${architecture}`, "-o", `APT::Architectures::=${architecture}`],
    ...["-o", `Dir::State::lists=${state}/lists`, "-o", `Dir::Cache=${state}/cache`],
  ];
  // The lists are our own: what this machine has installed, and for which architectures, means nothing here.
  const stamp = `${state}/updated`;
  if (Date.now() - await modifiedMs(stamp) > DAY_MS) {
    await run("apt-get", [...options, "update"]);
    await Deno.writeTextFile(stamp, "");
  }
  const named = PACKAGES.map((name) => `${name}:${architecture}`);
  await run("apt-get", [...options, "download", ...named], { cwd: archive });
  // Nothing is named that lies in the folder already, so this looks from another one.
  const uris = await run("apt-get", [...options, "download", "--print-uris", ...named], { cwd: state });
  const files = [...uris.matchAll(/^'\S+' (\S+)/gm)].map(([, file]) => `${archive}/${file}`);
  if (files.length !== PACKAGES.length) throw new BuildError(`apt-get does not name all of: ${PACKAGES.join(" ")}`);
  return files.sort();
}

/** The record of the package that vulnerability scanners read where there is no dpkg. */
async function writeStatus(root: string, deb: string): Promise<void> {
  const control = await run("dpkg-deb", ["--field", deb]);
  const name = /^Package: (\S+)$/m.exec(control)?.[1];
  await Deno.mkdir(`${root}/var/lib/dpkg/status.d`, { recursive: true });
  await Deno.writeTextFile(`${root}/var/lib/dpkg/status.d/${name}`, control);
}

/** One file with all authorities, as update-ca-certificates makes it. */
async function writeAuthorities(root: string): Promise<void> {
  const folder = `${root}/usr/share/ca-certificates/mozilla`;
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  await Deno.mkdir(`${root}/etc/ssl/certs`, { recursive: true });
  await Deno.writeTextFile(`${root}/etc/ssl/certs/ca-certificates.crt`, texts.join(""));
}

async function writeFiles(root: string): Promise<void> {
  // What the script of base-files does when it is installed.
  for (const [link, to] of [["var/run", "/run"], ["var/lock", "/run/lock"]] as const) {
    await Deno.remove(`${root}/${link}`);
    await Deno.symlink(to, `${root}/${link}`);
  }
  for (const [path, text] of Object.entries(FILES)) await Deno.writeTextFile(`${root}/${path}`, text);
  await Deno.mkdir(`${root}/home/nonroot`, { recursive: true });
  await Deno.chmod(`${root}/home/nonroot`, 0o700);
  await Deno.chown(`${root}/home/nonroot`, 65532, 65532);
  await Deno.mkdir(`${root}/tmp`, { recursive: true });
  await Deno.chmod(`${root}/tmp`, 0o1777);
}

/**
 * Fills the empty folder `root` with the base's files for an architecture (`amd64`, `arm64`).
 * @param cache where packages are kept between runs
 */
export async function makeBase(root: string, cache: string, architecture: string): Promise<void> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (!/^VERSION_CODENAME=bookworm$/m.test(release)) {
    throw new BuildError(
      `${DISTROLESS} is made of Debian 12's packages: build on Debian 12, or with a container engine`,
    );
  }
  for (const deb of await download(cache, architecture)) {
    await run("dpkg-deb", ["--extract", deb, root]);
    await writeStatus(root, deb);
  }
  await writeAuthorities(root);
  for (const path of DROPPED) {
    await Deno.remove(`${root}/${path}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await writeFiles(root);
}
