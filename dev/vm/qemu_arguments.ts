/** QEMU's command line for a UEFI machine with one network card and, where wanted, one disk and a TPM. */
import type { BootDevice } from "../rack/types.ts";

/** The firmware's code and the variables that a new machine begins with. */
export interface Firmware {
  /** Of OVMF, read only. */
  readonly code: string;
  /** Copied for each machine; which keys are in it decides what Secure Boot believes. */
  readonly variables: string;
  /** Whether the code checks signatures. */
  readonly isSecure: boolean;
}

/** What a machine is made of. */
export interface Hardware {
  /** Its MAC address. */
  readonly mac: string;
  /** SMBIOS system UUID. */
  readonly uuid: string;
  /** The interface that is its cable. */
  readonly tap: string;
  /** What it starts with. */
  readonly firmware: Firmware;
  /** What the firmware speaks. @default "pxe" */
  readonly bootFrom?: "pxe" | "http";
  /** `kvm` where the processor can. @default "tcg" */
  readonly accelerator?: "tcg" | "kvm";
  /** Its memory. @default 1024 */
  readonly memoryMiB?: number;
  /** Size of its disk, empty when new. @default no disk */
  readonly diskMiB?: number;
  /** Whether it has a TPM 2.0, which listens at {@link MachineFiles.tpmSocket}. @default false */
  readonly hasTpm?: boolean;
}

/** Files of one machine; they outlive a power cycle. */
export interface MachineFiles {
  /** Its firmware variables. */
  readonly variables: string;
  /** Its disk. */
  readonly disk: string;
  /** All that its serial console ever said. */
  readonly serialLog: string;
  /** Where QEMU connects to be controlled. */
  readonly qmpSocket: string;
  /** Where its TPM is controlled. */
  readonly tpmSocket: string;
}

/** QEMU's ids of what can be booted from: how its network card boots is the firmware's matter. */
export const DEVICE_ID: Readonly<Record<BootDevice, string>> = { network: "net0", http: "net0", disk: "disk0" };

/** QEMU's boot index of a device: -1 is never. */
export function bootIndex(device: BootDevice, order: readonly BootDevice[]): number {
  return order.findIndex((other) => DEVICE_ID[other] === DEVICE_ID[device]);
}

function bootArgument(device: BootDevice, order: readonly BootDevice[]): string {
  const index = bootIndex(device, order);
  return `id=${DEVICE_ID[device]}${index < 0 ? "" : `,bootindex=${index}`}`;
}

type Arguments = readonly (readonly string[])[];

function board({ accelerator = "tcg", memoryMiB = 1024, uuid, firmware }: Hardware): Arguments {
  return [
    ["-machine", `q35,smm=${firmware.isSecure ? "on" : "off"}`],
    ["-accel", accelerator === "tcg" ? "tcg,thread=multi" : accelerator],
    ["-cpu", "max"],
    ["-smp", "2"],
    ["-m", String(memoryMiB)],
    ["-uuid", uuid],
    ["-nodefaults"],
    ["-display", "none"],
    ["-device", "virtio-rng-pci"],
  ];
}

function firmwareParts({ firmware, bootFrom = "pxe" }: Hardware, { variables }: MachineFiles): Arguments {
  // PXE and HTTP are both options of the network card: HTTP comes first only where PXE is switched off.
  const skipped = bootFrom === "http" ? ["IPv4", "IPv6"] : ["IPv6"];
  return [
    ["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${firmware.code}`],
    ["-drive", `if=pflash,unit=1,format=raw,file=${variables}`],
    ...(firmware.isSecure ? [["-global", "driver=cfi.pflash01,property=secure,value=on"]] : []),
    ...skipped.map((family) => ["-fw_cfg", `name=opt/org.tianocore/${family}PXESupport,string=n`]),
  ];
}

function bootDevices({ mac, tap, diskMiB }: Hardware, { disk }: MachineFiles, order: readonly BootDevice[]): Arguments {
  return [
    ["-netdev", `tap,id=cable0,ifname=${tap},script=no,downscript=no`],
    // Without romfile= QEMU's iPXE takes the place of the firmware's own PXE.
    ["-device", `virtio-net-pci,netdev=cable0,mac=${mac},romfile=,${bootArgument("network", order)}`],
    ...(diskMiB === undefined ? [] : [
      ["-drive", `if=none,id=image0,format=raw,discard=unmap,file=${disk}`],
      ["-device", `virtio-blk-pci,drive=image0,${bootArgument("disk", order)}`],
    ]),
  ];
}

function tpm({ hasTpm = false }: Hardware, { tpmSocket }: MachineFiles): Arguments {
  return !hasTpm ? [] : [
    ["-chardev", `socket,id=control0,path=${tpmSocket}`],
    ["-tpmdev", "emulator,id=tpm0,chardev=control0"],
    ["-device", "tpm-tis,tpmdev=tpm0"],
  ];
}

function lines({ serialLog, qmpSocket }: MachineFiles): Arguments {
  return [
    ["-chardev", `stdio,id=serial0,signal=off,logfile=${serialLog},logappend=on`],
    ["-serial", "chardev:serial0"],
    ["-qmp", `unix:${qmpSocket}`],
  ];
}

/** QEMU's command line; a device that is not in the order is never booted from. */
export function qemuArguments(hardware: Hardware, files: MachineFiles, order: readonly BootDevice[]): string[] {
  return [
    ...board(hardware),
    ...firmwareParts(hardware, files),
    ...bootDevices(hardware, files, order),
    ...tpm(hardware, files),
    ...lines(files),
  ].flat();
}
