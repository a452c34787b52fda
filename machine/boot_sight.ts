/** What is seen of a machine that boots, and what it means: which step it is, and whether another boot has begun. */
import type { BootStatus } from "./boot_status.ts";
import { type BootStepName, firstStepMs, hasStep, lastStepMs, type SeenStep, withStep } from "./boot_timeline.ts";
import type { CloudInitEvent } from "./reports.ts";

/** Something that a machine did, or that was done to it. */
export type Sight =
  /** It is being switched on by metalman. */
  | { readonly kind: "power on" }
  /** Its firmware was given an answer by DHCP; `architecture` as IANA's list has it, such as `x64-uefi`. */
  | { readonly kind: "dhcp"; readonly discover: boolean; readonly architecture?: string }
  /** It was given a file; `image` is the digest of the image that it is of. */
  | { readonly kind: "file"; readonly path: string; readonly over: "TFTP" | "HTTP"; readonly image?: string }
  /** It said that it is installed. */
  | { readonly kind: "installed" }
  | { readonly kind: "cloud-init"; readonly event: CloudInitEvent }
  /** It was given a bootstrap token. */
  | { readonly kind: "attested" };

/**
 * Firmware that asks for an address after so long without a sign begins a boot. Longer than a server with much memory takes from
 * the end of its installation to its firmware's next word, which still belongs to the same boot.
 */
const PAUSE_MS = 15 * 60_000;

const KERNEL = /^(vmlinu[xz]|bzimage|zimage|linux|kernel|image)([-._].*)?$/i;
/** A signature or a setting, not the kernel that it is named for. */
const BESIDE_KERNEL = /\.(sig|asc|sha\d+|txt|cfg|conf|ipxe)$/i;
/** Loaded beside a kernel or before it: by loaders, not by installers. */
const LOADERS =
  /(^|\/)(initr|ucode|.*microcode)|\.(efi|cfg|conf|mod|lst|pf2|c32|e32|e64|0|kpxe|pxe|ipxe|dtbo?|mo|gmo|png|cpio)$|(^|\/)(pxelinux|grub|locale|themes?)[^/]*\//i;
/** Names of what tells an installer what to do. */
const CONFIGURATION =
  /(^|\/)((user|meta|vendor)-data|network-config|preseed[^/]*|kickstart[^/]*|ks([-.][^/]*)?|autoinstall[^/]*|auto-?unattend[^/]*|ignition|config\.ign|[^/]*\.(ks|ign|seed))$/i;

/** The boot after a sight of it: the same where that says nothing new, another where another has begun. */
export function advance(
  boot: BootStatus | undefined,
  sight: Sight,
  { nowMs, lastMs }: {
    readonly nowMs: number;
    /** When there was a sign of the machine last, by the same clock. @default the boot's last step, by whatever clock */
    readonly lastMs?: number;
  },
): BootStatus | undefined {
  if (boot !== undefined && !begins(boot, sight, nowMs, lastMs)) return withSight(boot, sight, nowMs);
  const begun = withSight({ number: (boot?.number ?? 0) + 1, steps: [] }, sight, nowMs);
  return begun.steps.length === 0 ? boot : begun;
}

/** The boot with the steps of a sight that is known to be of it; the same where it has them. */
export function withSight(boot: BootStatus, sight: Sight, atMs: number): BootStatus {
  return stepsIn(sight, boot).reduce((sum, step) => withStep(sum, step, atMs), boot);
}

function begins(boot: BootStatus, sight: Sight, nowMs: number, lastMs = lastStepMs(boot)): boolean {
  switch (sight.kind) {
    case "power on":
      // A power action that is repeated, of a machine that has not shown itself yet.
      return boot.steps.some(({ name }) => name !== "PoweredOn") || nowMs - firstStepMs(boot) >= PAUSE_MS;
    case "dhcp":
      return sight.discover && (isPast(boot) || nowMs - lastMs >= PAUSE_MS);
    case "cloud-init":
      // Its own next start, from the disk: no firmware asked for anything.
      return isStart(sight.event) && hasStep(boot, "CloudInitFinished");
    default:
      return false;
  }
}

/** Whether firmware that speaks now cannot be of this boot: a system runs already, or it did and was never installed. */
function isPast(boot: BootStatus): boolean {
  if (hasStep(boot, "CloudInitStarted", "CloudInitFinished")) return true;
  return hasStep(boot, "Kernel", "Installer") && !hasStep(boot, "PXEDisabled");
}

/** Of cloud-init itself or one of its stages, not of a part of a stage (`modules-final/config-...`). */
function isStart({ type, name }: CloudInitEvent): boolean {
  return type === "start" && !name.includes("/");
}

function stepsIn(sight: Sight, boot: BootStatus): SeenStep[] {
  switch (sight.kind) {
    case "power on":
      return [{ name: "PoweredOn" }];
    case "dhcp":
      return [{ name: "DHCP", facts: firmwareFacts(sight.architecture) }];
    case "file":
      return fileSteps(sight, boot);
    case "installed":
      return [{ name: "PXEDisabled" }];
    case "cloud-init":
      return cloudInitSteps(sight.event);
    case "attested":
      return [{ name: "Attested" }];
  }
}

/** `x64-uefi` and `x64-http` are the same firmware, which may try one after the other. */
function firmwareFacts(architecture: string | undefined): NonNullable<SeenStep["facts"]> {
  if (architecture === undefined) return {};
  const at = architecture.indexOf("-");
  if (at < 0) return { architecture };
  const [cpu, rest] = [architecture.slice(0, at), architecture.slice(at + 1)];
  const firmware = /^(uefi|http)$/.test(rest) ? "UEFI" : /^bios/.test(rest) ? "BIOS" : rest.replace(/-http$/, "");
  return { architecture: cpu, firmware };
}

function fileSteps(
  { path, over, image }: Sight & { kind: "file" },
  boot: BootStatus,
): SeenStep[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isKernel = KERNEL.test(name) && !BESIDE_KERNEL.test(name);
  const seen = (...names: BootStepName[]) => hasStep(boot, ...names);
  const message = `${JSON.stringify(path)} over ${over}`;
  const steps: SeenStep[] = [];
  // A system that was started from its disk asks for files too.
  if (over === "TFTP" || isKernel || seen("DHCP")) {
    const method = over === "TFTP" ? "PXE" : "HTTP";
    steps.push({ name: "FirstFile", message, facts: { method, ...(image === undefined ? {} : { image }) } });
  }
  if (isKernel) steps.push({ name: "Kernel", message });
  else if (seen("Kernel", "FirstFile") && !seen("PXEDisabled", "CloudInitStarted")) {
    const isOther = seen("Kernel") && !LOADERS.test(path);
    if (isOther || CONFIGURATION.test(path)) steps.push({ name: "Installer", message });
  }
  return steps;
}

function cloudInitSteps(event: CloudInitEvent): SeenStep[] {
  const { name, type, result, description } = event;
  const started: SeenStep = { name: "CloudInitStarted", message: name };
  if (type === "start") return [started];
  if (name !== "modules-final") return [];
  const message = result === "SUCCESS" ? "SUCCESS" : `${result}: ${description}`;
  return [{ name: "CloudInitFinished", message }];
}
