/** A virtual machine of `metalman dev --vm` before the sample image, in the rig's network. */
import { systemClock } from "../../base/clock.ts";
import { sampleTexts } from "../../dev/image/sample_store.ts";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { vmPrograms } from "../../dev/vm/disk_image.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { requireParts } from "../../dev/vm/requirements.ts";
import { VmRack } from "../../dev/vm/vm_rack_host.ts";
import { BOOT_FILES_STAMP, UNPACKED } from "./boot_image.ts";
import { machineObject, RIG_MAC } from "./machine_object.ts";
import { enter } from "./network.ts";
import { Site, SITE_PROGRAMS } from "./site.ts";
import { VM_PROGRAMS } from "./vm.ts";
import { Watched } from "./watched.ts";

/** What it takes. */
export const VM_STAND = { programs: [...VM_PROGRAMS, ...SITE_PROGRAMS], files: [BOOT_FILES_STAMP], root: true };

/** A site, and a rack on its network with one machine that is off and whose Machine is in the API. */
export class VmStand implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly site: Site;
  readonly rack: VmRack;
  readonly machine: ReturnType<VmRack["add"]>;
  readonly watched: Watched;
  /** Its Machine. */
  readonly object: ReturnType<typeof machineObject>;
  /** What the image holds besides texts, by path. */
  readonly programs: ReturnType<typeof vmPrograms>;

  private constructor(
    stack: AsyncDisposableStack,
    parts: Pick<VmStand, "site" | "rack" | "machine" | "watched" | "object" | "programs">,
  ) {
    this.#stack = stack;
    this.site = parts.site;
    this.rack = parts.rack;
    this.machine = parts.machine;
    this.watched = parts.watched;
    this.object = parts.object;
    this.programs = parts.programs;
  }

  static async start(): Promise<VmStand> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "metalman-vm-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const found = await probe({ folder: UNPACKED });
    const programs = vmPrograms(await readBootChain(requireParts(found)));
    const site = stack.use(await Site.create(folder, new Map([...sampleTexts(), ...programs])));
    const watched = new Watched();
    const rack = stack.use(
      await VmRack.start({
        ...{ probe: found, folder: `${folder}/vm`, onEvent: watched.take, clock: systemClock },
        enter: enter(site.network.netns),
      }),
    );
    const object = machineObject(site.image, rack);
    await site.api.apply(object);
    const machine = rack.add({ mac: RIG_MAC });
    return new VmStand(stack.move(), { site, rack, machine, watched, object, programs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
