/** What is said in an Event about a step of a boot. */
import type { BootStatus, BootStep } from "../machine/boot_status.ts";
import type { BootStepName } from "../machine/boot_timeline.ts";
import type { EventReason } from "../machine/event_reasons.ts";

/** An Event's reason and message. */
interface BootEvent {
  readonly reason: EventReason;
  readonly message: string;
}

/** The Event about a step; undefined for steps whose report has one of its own. */
export function bootEvent({ name, message = "" }: BootStep, boot: BootStatus): BootEvent | undefined {
  const { firmware, architecture, image } = boot;
  switch (name as BootStepName) {
    case "PoweredOn":
      return { reason: "PoweredOn", message: "its BMC is told to switch it on" };
    case "DHCP": {
      const what = ["firmware", ...[architecture, firmware].filter((fact) => fact !== undefined)].join(" ");
      return { reason: "DhcpAnswered", message: `${what} asked for an address and has its lease` };
    }
    case "FirstFile":
      return { reason: "FirstFileServed", message: image === undefined ? message : `${message}, of image ${image}` };
    case "Kernel":
      return { reason: "KernelServed", message };
    case "Installer":
      return { reason: "InstallerStarted", message: `the installer asked for ${message}` };
    case "CloudInitStarted":
      return { reason: "CloudInitStarted", message: "cloud-init has started" };
    case "CloudInitFinished":
      return message === "SUCCESS" ? { reason: "CloudInitFinished", message: "cloud-init has finished" } : undefined;
    case "PXEDisabled":
    case "Attested":
      return undefined;
  }
}
