/** The recorded BMCs, for tests; where a document was not recorded, the least that a client needs stands in. */
import type { Recording } from "../../../dev/bmc/families.ts";
import type { Json } from "../../../dev/bmc/override.ts";

const HERE = new URL("./", import.meta.url);
const ROOT = "/redfish/v1";

/** One write or refusal that was recorded or reported. */
export interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly headers?: Json; readonly body?: unknown };
  readonly response: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };
  readonly source: string;
}

interface Index {
  readonly resources: Readonly<Record<string, string>>;
  readonly exchanges: readonly Exchange[];
}

/** All folders: one for each family. */
export const FOLDERS: readonly string[] = [...Deno.readDirSync(HERE)].filter((entry) => entry.isDirectory)
  .map((entry) => entry.name).sort();

export function readRecorded(folder: string, file: string): Json {
  return JSON.parse(Deno.readTextFileSync(new URL(`${folder}/${file}`, HERE)));
}

export function exchangesOf(folder: string): readonly Exchange[] {
  return (readRecorded(folder, "index.json") as unknown as Index).exchanges;
}

/** Every recorded document, by folder and file. */
export function allDocuments(): readonly { readonly name: string; readonly document: Json }[] {
  return FOLDERS.flatMap((folder) => {
    const { resources } = readRecorded(folder, "index.json") as unknown as Index;
    return Object.values(resources).map((file) => ({ name: `${folder}/${file}`, document: readRecorded(folder, file) }));
  });
}

/** A second document for a path of a family: another power state, or another firmware. */
interface Variant {
  readonly name: string;
  readonly folder: string;
  /** Replaces documents of these paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** Put over what was recorded. */
  readonly documents?: Readonly<Record<string, Json>>;
  readonly bootAt?: string;
  readonly system: string;
}

const IDRAC = `${ROOT}/Systems/System.Embedded.1`;

/** iDRAC10's system was recorded in part; its lists are on the settings (openstack/sushy release note). */
function idrac10(): Readonly<Record<string, Json>> {
  const { Boot, ...system } = readRecorded("dell-idrac9", "system.json") as { Boot: Json };
  const fragment = readRecorded("dell-idrac10", "system-fragment.json");
  const settings = { ...readRecorded("dell-idrac9", "system-settings.json"), Boot };
  const own = { BootSourceOverrideTarget: "None", BootSourceOverrideEnabled: "Disabled", BootSourceOverrideMode: "UEFI" };
  return { [IDRAC]: { ...system, ...fragment, Boot: own }, [`${IDRAC}/Settings`]: settings };
}

/** Newer Gigabyte firmware has the override on /SD, and says so only when it is set elsewhere (metal-operator #188). */
function futureState(): Readonly<Record<string, Json>> {
  const path = `${ROOT}/Systems/Self/SD`;
  return { [path]: { ...readRecorded("ami-gigabyte", "system.json"), "@odata.id": path } };
}

const VARIANTS: readonly Variant[] = [
  { name: "ami-gigabyte", folder: "ami-gigabyte", system: `${ROOT}/Systems/Self` },
  {
    name: "ami-gigabyte new",
    folder: "ami-gigabyte",
    system: `${ROOT}/Systems/Self`,
    documents: futureState(),
    bootAt: `${ROOT}/Systems/Self/SD`,
  },
  { name: "cisco-cimc-m4", folder: "cisco-cimc-m4", system: `${ROOT}/Systems/FCH00000000` },
  { name: "cisco-cimc-m5", folder: "cisco-cimc-m5", system: `${ROOT}/Systems/WZP00000000` },
  { name: "cray-ex235a", folder: "cray-ex235a", system: `${ROOT}/Systems/Node0` },
  { name: "dell-idrac8", folder: "dell-idrac8", system: IDRAC },
  { name: "dell-idrac9", folder: "dell-idrac9", system: IDRAC },
  { name: "dell-idrac10", folder: "dell-idrac9", system: IDRAC, documents: idrac10(), bootAt: `${IDRAC}/Settings` },
  { name: "fujitsu-irmc-s4", folder: "fujitsu-irmc-s4", system: `${ROOT}/Systems/0` },
  { name: "hpe-ilo4", folder: "hpe-ilo4", system: `${ROOT}/Systems/1` },
  { name: "hpe-ilo5", folder: "hpe-ilo5", system: `${ROOT}/Systems/1` },
  {
    name: "hpe-ilo5 1.30",
    folder: "hpe-ilo5",
    system: `${ROOT}/Systems/1`,
    files: { [`${ROOT}/Systems/1`]: "system-1.30.json", [`${ROOT}/Systems`]: "systems-1.30.json" },
  },
  { name: "hpe-ilo6", folder: "hpe-ilo6", system: `${ROOT}/Systems/1` },
  { name: "huawei-ibmc", folder: "huawei-ibmc", system: `${ROOT}/Systems/1` },
  {
    name: "huawei-ibmc v3",
    folder: "huawei-ibmc",
    system: `${ROOT}/Systems/1`,
    files: { [`${ROOT}/Systems/1`]: "system-v3.json" },
  },
  { name: "lenovo-xcc", folder: "lenovo-xcc", system: `${ROOT}/Systems/1` },
  { name: "lenovo-xcc3", folder: "lenovo-xcc3", system: `${ROOT}/Systems/1` },
  { name: "nvidia-bluefield3", folder: "nvidia-bluefield3", system: `${ROOT}/Systems/Bluefield` },
  {
    name: "nvidia-bluefield3 empty strings",
    folder: "nvidia-bluefield3",
    system: `${ROOT}/Systems/Bluefield`,
    files: { [`${ROOT}/Systems/Bluefield`]: "system-empty-strings.json" },
  },
  {
    name: "nvidia-dgx-h100",
    folder: "nvidia-dgx-h100",
    system: `${ROOT}/Systems/DGX`,
    bootAt: `${ROOT}/Systems/DGX/SD`,
  },
  { name: "nvidia-gb200", folder: "nvidia-gb200", system: `${ROOT}/Systems/System_0` },
  { name: "openbmc-qemu", folder: "openbmc-qemu", system: `${ROOT}/Systems/system` },
  { name: "supermicro-x10", folder: "supermicro-x10", system: `${ROOT}/Systems/1` },
  { name: "supermicro-x11", folder: "supermicro-x11", system: `${ROOT}/Systems/1` },
  { name: "supermicro-x12", folder: "supermicro-x12", system: `${ROOT}/Systems/1` },
  {
    name: "supermicro-x12 1.9",
    folder: "supermicro-x12",
    system: `${ROOT}/Systems/1`,
    files: { [ROOT]: "service-root-1.9.json", [`${ROOT}/Systems/1`]: "system-older.json" },
  },
  { name: "sushy-tools", folder: "sushy-tools", system: `${ROOT}/Systems/22222222-1111-1111-0000-000000000010` },
];

/** Every family and variant, as something that can be asked. */
export function recordings(): readonly Recording[] {
  return VARIANTS.map(({ name, folder, system, files = {}, documents = {}, bootAt }) => {
    const { resources } = readRecorded(folder, "index.json") as unknown as Index;
    const plain = Object.entries(resources).filter(([path]) => !path.includes("#"));
    const read = [...plain, ...Object.entries(files)].map(([path, file]) => [path.replace(/\/$/, ""), readRecorded(folder, file)]);
    const known: Record<string, Json> = { ...Object.fromEntries(read), ...documents };
    const sessions = { "@odata.id": `${ROOT}/SessionService/Sessions` };
    known[ROOT] ??= { "@odata.id": ROOT, Systems: { "@odata.id": `${ROOT}/Systems` }, Links: { Sessions: sessions } };
    known[`${ROOT}/Systems`] ??= { Members: [{ "@odata.id": system }] };
    return { name, documents: known, system, ...(bootAt === undefined ? {} : { bootAt }) };
  });
}
