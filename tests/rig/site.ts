/** A site in a network namespace: registry, API server, `metalman serve-pxe` from the checkout, and a wire to boot from. */
import type { ImageFiles } from "../../dev/image/build.ts";
import { type KubeObject, objectPath, startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { Peer } from "../peers/peer.ts";
import { pushFolder, REGISTRY_PROGRAMS, startRegistry } from "../peers/registry.ts";
import { NETWORK_PROGRAMS, RIG_BRIDGE, RIG_SERVER, RigNetwork } from "./network.ts";

/** What a test with a site needs installed. */
export const SITE_PROGRAMS: readonly string[] = [...NETWORK_PROGRAMS, ...REGISTRY_PROGRAMS, "kube-apiserver", "curl"];

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** How metalman is started. */
export interface ServeOptions {
  /** Where it serves DHCP. @default the rig's bridge */
  readonly interfaceName?: string;
}

/** A running site; everything ends when it is disposed. */
export class Site implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #folder: string;
  #metalman: Peer | undefined;
  /** The wire. */
  readonly network: RigNetwork;
  /** The API, beside metalman. */
  readonly api: TestApiServer;
  /** Reference of the netboot image, as a Machine names it. */
  readonly image: string;

  private constructor(
    stack: AsyncDisposableStack,
    folder: string,
    parts: { network: RigNetwork; api: TestApiServer; image: string },
  ) {
    this.#stack = stack;
    this.#folder = folder;
    this.network = parts.network;
    this.api = parts.api;
    this.image = parts.image;
  }

  /**
   * Makes the wire, the API with its fixtures and the registry with one netboot image.
   * @param folder an empty folder for the image and metalman's cache
   * @param files what is below /disk in the image
   */
  static async create(folder: string, files: ImageFiles): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await RigNetwork.create());
    const { netns } = network;
    const registry = stack.use(await startRegistry({ netns }));
    const api = stack.use(await startApiServer({ netns, bindAddress: RIG_SERVER }));
    for (const [path, bytes] of files) {
      const file = `${folder}/image/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(file, bytes);
    }
    const image = `${registry.host}/netboot/rig:v1`;
    await pushFolder(`${folder}/image`, image, { netns });
    await api.createFixtures();
    return new Site(stack.move(), folder, { network, api, image });
  }

  /** Starts `metalman serve-pxe` with the rights of its ServiceAccount, and waits until it is ready. */
  async serve({ interfaceName = RIG_BRIDGE }: ServeOptions = {}): Promise<Peer> {
    const args = [
      ...["run", "-A", MAIN, "serve-pxe"],
      `--dhcp-interface=${interfaceName}`,
      `--kubeconfig=${await this.api.serviceAccountKubeconfig()}`,
      `--cache-dir=${this.#folder}/cache`,
    ];
    this.#metalman = this.#stack.use(new Peer(Deno.execPath(), args, { netns: this.network.netns }));
    await this.#metalman.waitFor(/INFO +ready /);
    return this.#metalman;
  }

  /** Everything metalman has printed. */
  get log(): string {
    return this.#metalman?.output ?? "";
  }

  /**
   * Reads an object until `wanted` holds of it: what metalman reports is written after it has answered the machine.
   * @throws with the object as it is after 15 s
   */
  async until(object: KubeObject, wanted: (now: KubeObject) => boolean): Promise<KubeObject> {
    for (let tries = 0;; tries++) {
      const now = await this.api.request("GET", objectPath(object));
      if (wanted(now)) return now;
      if (tries === 150) throw new Error(`after 15 s the status is still ${JSON.stringify(now.status)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends metalman, registry, API server and the namespace, in this order. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
