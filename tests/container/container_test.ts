/** The container: built, pushed, pulled, and started as a cluster starts it (issue 7, part 6). */
import { deepEqual, equal, fail, match, ok, rejects } from "node:assert/strict";
import { wantedObjects } from "../../cmd/site/deployment.ts";
import { deploySettings } from "../../cmd/site/settings.ts";
import { LEASE, Scratch } from "../peers/dhcp_network.ts";
import { startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { NetNamespace } from "../peers/netns.ts";
import { Peer, peerTest, run } from "../peers/peer.ts";
import { pushFolder, REGISTRY_PROGRAMS, startRegistry } from "../peers/registry.ts";
import { Container, CONTAINER_PROGRAMS, pullImage, startContainer, type Unpacked } from "./container.ts";

const NEEDS = {
  programs: [...CONTAINER_PROGRAMS, ...REGISTRY_PROGRAMS, "kube-apiserver", "dhclient", "curl", "ip"],
  root: true,
} as const;
const TOOL = new URL("../../tools/image.ts", import.meta.url).pathname;
const SERVER = "192.0.2.1";
const FILE = "not really a boot loader";
/** A container of a Pod, as far as its start needs it. */
interface PodContainer {
  readonly args: readonly string[];
  readonly securityContext: {
    readonly capabilities: { readonly drop: readonly string[]; readonly add: readonly string[] };
  };
}

/** What `site deploy-pxe` deploys. */
function deployed(): PodContainer {
  const [{ object } = fail("no object")] = wantedObjects(deploySettings({ site: "here" }, "metalman:test"));
  const { spec } = object as unknown as { spec: { template: { spec: { containers: PodContainer[] } } } };
  return spec.template.spec.containers[0]!;
}

/** Builds the image, pushes it, pulls it again. */
async function image(folder: string): Promise<Unpacked> {
  await using registry = await startRegistry();
  const reference = `${registry.host}/metalman:test`;
  const env = { SOURCE: "https://example.com/metalman" };
  await run(Deno.execPath(), ["run", "-A", TOOL, `--output=${folder}/layout`, `--push=${reference}`], { env });
  return await pullImage(reference, folder);
}

/** The image's labels, by the last part of their names. */
function facts({ image }: Unpacked): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(image.config.Labels).map(([name, value]) => [name.replace("org.opencontainers.image.", ""), value]),
  );
}

/** A wire with a server's and a client's end, and the API at the server's. */
class Site implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    readonly server: NetNamespace,
    readonly client: NetNamespace,
    readonly api: TestApiServer,
    readonly folder: string,
  ) {
    this.#stack = stack;
  }

  static async create(folder: string): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await NetNamespace.create("ct"));
    const client = stack.use(await NetNamespace.create("cc"));
    await NetNamespace.link(
      { ns: server, dev: "eth0", address: `${SERVER}/24` },
      { ns: client, dev: "eth0", mac: LEASE.mac },
    );
    const api = stack.use(await startApiServer({ netns: server.name, bindAddress: SERVER }));
    await api.createFixtures();
    return new Site(stack.move(), server, client, api, folder);
  }

  /** What a kubelet puts into every container of the ServiceAccount. */
  async account(): Promise<string> {
    const path = "/api/v1/namespaces/unbounded-kube/serviceaccounts/metalman-controller/token";
    const { status } = await this.api.request("POST", path, { spec: { expirationSeconds: 7200 } });
    const folder = `${this.folder}/account`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/token`, status.token);
    await Deno.writeTextFile(`${folder}/ca.crt`, this.api.ca);
    await Deno.writeTextFile(`${folder}/namespace`, "unbounded-kube");
    return folder;
  }

  /** The environment of a Pod. */
  get env(): Record<string, string> {
    const { hostname, port } = new URL(this.api.url);
    return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** dhclient on the wire until it has the lease. */
async function lease(site: Site): Promise<void> {
  await using scratch = new Scratch();
  const files = ["-lf", `${scratch.path}/leases`, "-pf", `${scratch.path}/pid`, "-sf", scratch.script()];
  await using dhclient = new Peer("dhclient", ["-d", "-1", "-4", ...files, "eth0"], { netns: site.client.name });
  await dhclient.waitFor(new RegExp(`bound to ${LEASE.ipv4}`));
}

/** A Machine of the site with an image to boot. */
async function machine(site: Site): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const netns = site.server.name;
  const registry = stack.use(await startRegistry({ netns }));
  const disk = `${site.folder}/disk`;
  await Deno.mkdir(disk);
  await Deno.writeTextFile(`${disk}/metadata.yaml`, "dhcpBootImageName: shimx64.efi\n");
  await Deno.writeTextFile(`${disk}/shimx64.efi`, FILE);
  await pushFolder(disk, `${registry.host}/boot:v1`, { netns });
  await site.api.apply({
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "node-01", labels: { "unbounded-cloud.io/site": "here" } },
    spec: { pxe: { image: `${registry.host}/boot:v1`, dhcpLeases: [LEASE] } },
  });
  return stack.move();
}

async function serves(site: Site, container: Container): Promise<void> {
  await using _boot = await machine(site);
  await container.waitFor(/ ready /);
  equal(await run("curl", ["-sf", "http://127.0.0.1:8081/readyz"], { netns: site.server.name }), "ok");
  await container.waitFor(/image ready/);
  await lease(site);
  const fetched = await run("curl", ["-s", `tftp://${SERVER}/shimx64.efi`], { netns: site.client.name });
  equal(fetched, FILE, container.output);
}

peerTest(
  "the container serves DHCP and TFTP on their ports as 65532 from a read-only root (contract 4)",
  NEEDS,
  async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-container-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const unpacked = await image(folder);
    const site = stack.use(await Site.create(folder));
    const { args, securityContext: { capabilities: { drop, add } } } = deployed();
    deepEqual(drop, ["ALL"]);
    const capabilities = add.map((name) => `cap_${name.toLowerCase()}`);
    const plain = { capabilities, env: site.env, netns: site.server.name, serviceAccount: await site.account() };

    await t.step("its facts are labels", async () => {
      const { source, revision } = facts(unpacked);
      equal(source, "https://example.com/metalman");
      match(revision!, /^[0-9a-f]{40}(-dirty)?$|^unknown$/);
      equal(
        (await run("getcap", ["-r", unpacked.root])).trim(),
        `${unpacked.root}/usr/lib/metalman/deno cap_net_bind_service=ep`,
      );
    });

    await t.step("`version` is an argument like another", async () => {
      await using container = await startContainer(unpacked, { ...plain, args: ["version"] });
      equal(await container.end(), 0, container.output);
      const { version, revision } = facts(unpacked);
      ok(container.output.startsWith(`${version} (commit: ${revision}, built: 20`), container.output);
    });

    await t.step("it answers, and ends with 0 on the stop signal", async () => {
      await using container = await startContainer(unpacked, { ...plain, args });
      await serves(site, container);
      const status = await container.status();
      deepEqual([status.get("Uid"), status.get("Groups")?.trim()], ["65532\t65532\t65532\t65532", ""]);
      // CAP_NET_BIND_SERVICE is bit 10 (capability.h): all that it has, and all that it could get.
      deepEqual(["CapEff", "CapPrm", "CapBnd", "CapAmb"].map((set) => parseInt(status.get(set)!, 16)), [
        1024,
        1024,
        1024,
        0,
      ]);
      // It has given up what it does not need, and still is the process that the runtime started.
      const grants = (await container.commandLine()).filter((flag) => /^--allow-(write|run|ffi)/.test(flag));
      deepEqual(grants, ["--allow-write=/var/cache/metalman"]);
      equal(await container.stop(), 0, container.output);
    });

    await t.step("without the right to low ports it says so in one line", async () => {
      await using container = await startContainer(unpacked, { ...plain, args, noNewPrivileges: true });
      equal(await container.end(), 1, container.output);
      const lines = container.output.split("\n").filter((line) => /^Error/.test(line));
      deepEqual(lines.length, 1, container.output);
      match(lines[0]!, /^Error: cannot serve (DHCP|TFTP): UDP port (67|69) .*CAP_NET_BIND_SERVICE/);
      ok(!/\n {4}at /.test(container.output), container.output);
    });

    await t.step("with the capability dropped from the Pod the kernel does not start it", async () => {
      await using container = await startContainer(unpacked, { ...plain, args, capabilities: [] });
      ok(await container.end() !== 0);
      match(container.output, /^execve '\/usr\/lib\/metalman\/deno' failed!$/m);
    });
  },
);

/** The start of a program for 64-bit ARM, as `file` and the kernel know it, and nothing more. */
const ARM64_HEADER = Uint8Array.fromHex("7f454c460201010000000000000000000200b7000100000000000000");

peerTest("the image of the other architecture has its Deno and its libraries, and the same bundle", NEEDS, async () => {
  const folder = await Deno.makeTempDir({ prefix: "metalman-arm64-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeFile(`${folder}/deno`, ARM64_HEADER);
  const tool = ["run", "-A", TOOL, `--deno=${folder}/deno`, `--output=${folder}/layout`];
  await rejects(run(Deno.execPath(), [...tool, "--arch=amd64"]), /is no program for linux\/amd64/);

  await run(Deno.execPath(), [...tool, "--arch=arm64"]);
  const tag = JSON.parse(await Deno.readTextFile(`${folder}/layout/index.json`)).manifests[0].annotations;
  const layout = `${folder}/layout:${tag["org.opencontainers.image.ref.name"]}`;
  const { architecture, os } = JSON.parse(await run("skopeo", ["inspect", "--config", "--raw", `oci:${layout}`]));
  deepEqual([os, architecture], ["linux", "arm64"]);
  await run("umoci", ["unpack", "--image", layout, `${folder}/bundle`]);
  const root = `${folder}/bundle/rootfs`;
  deepEqual(await Deno.readFile(`${root}/usr/lib/metalman/deno`), ARM64_HEADER);
  const library = await Deno.readFile(`${root}/lib/aarch64-linux-gnu/libc.so.6`);
  deepEqual([...library.subarray(18, 20)], [183, 0]);
  ok((await Deno.readTextFile(`${root}/usr/lib/metalman/bundle/flags`)).includes("--no-prompt\n"));
});
