import assert from "node:assert/strict";
import {
  bootFacts,
  isAsWished,
  plainAttempts,
  settingsOf,
  settingsOwnBoot,
  wantsSettings,
  whyNot,
} from "../../redfish/boot.ts";
import type { BootWish } from "../../redfish/types.ts";
import { parseDocument } from "../../redfish/document.ts";
import { readFailure } from "../../redfish/failure.ts";
import { quirksOf } from "../../redfish/quirks.ts";
import { loginFrom } from "../../redfish/session.ts";
import {
  actionInfoTypes,
  describe,
  managerOf,
  membersOf,
  powerOf,
  resetAction,
  resetTypesFor,
} from "../../redfish/system.ts";
import { readTask } from "../../redfish/task.ts";
import { allDocuments, exchangesOf, FOLDERS, readRecorded } from "../golden/redfish/recorded.ts";
import { mutations } from "../mutate.ts";

const FULL = "On ForceOff ForceRestart GracefulRestart GracefulShutdown PushPowerButton Nmi PowerCycle";
const BMCWEB = "None Pxe Hdd Cd Diags BiosSetup Usb";
const AMI =
  "None Pxe Floppy Cd Usb Hdd BiosSetup Utilities Diags UefiShell UefiTarget SDCard UefiHttp RemoteDrive UefiBootNext";
const ILO = "None Cd Hdd Usb SDCard Utilities Diags BiosSetup Pxe UefiShell UefiHttp UefiTarget";
const SMC = "None Pxe Floppy Cd Usb Hdd BiosSetup UsbCd";
const XCC = "None Pxe Cd Usb Hdd BiosSetup Diags UefiTarget";
const CIMC = "None Pxe Floppy Cd Hdd BiosSetup Diags";

/** What each recorded ComputerSystem says: power, reset types (AI: in its ActionInfo), targets, Enabled's list, override, mode. */
const SYSTEMS: readonly [
  file: string,
  power: string,
  reset: string,
  targets: string,
  enabled: string,
  override: string,
][] = [
  [
    "dell-idrac9/system.json",
    "On",
    FULL,
    "None Pxe Floppy Cd Hdd BiosSetup Utilities UefiTarget SDCard UefiHttp",
    "",
    "None Disabled UEFI",
  ],
  [
    "dell-idrac8/system.json",
    "On",
    "On ForceOff GracefulRestart PushPowerButton Nmi",
    "None Pxe Cd Floppy Hdd BiosSetup Utilities UefiTarget SDCard",
    "",
    "None Once -",
  ],
  [
    "hpe-ilo5/system.json",
    "On",
    "On ForceOff GracefulShutdown ForceRestart Nmi PushPowerButton GracefulRestart",
    ILO,
    "",
    "None Disabled UEFI",
  ],
  ["hpe-ilo5/system-1.30.json", "On", "On ForceOff ForceRestart Nmi PushPowerButton", ILO, "", "None Disabled UEFI"],
  [
    "hpe-ilo6/system.json",
    "On",
    "On ForceOff GracefulShutdown ForceRestart Nmi PushPowerButton GracefulRestart",
    ILO,
    "",
    "None Disabled UEFI",
  ],
  [
    "hpe-ilo4/system.json",
    "On",
    "On ForceOff ForceRestart Nmi PushPowerButton",
    "None Cd Hdd Usb Utilities Diags BiosSetup Pxe UefiShell UefiTarget",
    "",
    "None Disabled -",
  ],
  [
    "supermicro-x10/system.json",
    "On",
    "On ForceOff GracefulShutdown GracefulRestart ForceRestart Nmi ForceOn",
    "None Pxe Hdd Diags CD/DVD BiosSetup FloppyRemovableMedia UsbKey UsbHdd UsbFloppy UsbCd UefiUsbKey UefiCd UefiHdd UefiUsbHdd UefiUsbCd",
    "",
    "None Disabled -",
  ],
  ["supermicro-x11/system.json", "On", "AI", SMC, "", "Cd Once UEFI"],
  [
    "supermicro-x12/system.json",
    "On",
    "On ForceOff GracefulShutdown GracefulRestart ForceRestart Nmi ForceOn",
    `${SMC} UefiBootNext UefiHttp`,
    "",
    "Hdd Continuous UEFI",
  ],
  ["supermicro-x12/system-older.json", "On", "AI", `${SMC} UefiBootNext UefiHttp`, "", "Hdd Once UEFI"],
  [
    "lenovo-xcc/system.json",
    "On",
    "On Nmi GracefulShutdown GracefulRestart ForceOn ForceOff ForceRestart",
    XCC,
    "Once Disabled",
    "None Disabled UEFI",
  ],
  ["lenovo-xcc3/system.json", "On", "AI", "None Pxe Hdd Cd Diags BiosSetup Usb UefiTarget", "", "None Disabled UEFI"],
  ["ami-gigabyte/system.json", "On", "AI", AMI, "Disabled Once Continuous", "None Disabled Legacy"],
  ["nvidia-dgx-h100/system.json", "On", "AI", "", "", "None Disabled -"],
  ["nvidia-gb200/system.json", "On", "AI", BMCWEB, "Once Continuous Disabled", "None Disabled -"],
  [
    "nvidia-bluefield3/system.json",
    "On",
    "AI",
    "None Pxe UefiHttp UefiShell UefiTarget UefiBootNext",
    "Once Continuous Disabled",
    "UefiHttp Disabled UEFI",
  ],
  [
    "nvidia-bluefield3/system-empty-strings.json",
    "On",
    "AI",
    "None Pxe UefiHttp UefiShell UefiTarget UefiBootNext",
    "Once Continuous Disabled",
    "None Disabled -",
  ],
  ["openbmc-qemu/system.json", "Off", "AI", BMCWEB, "", "None Disabled UEFI"],
  [
    "fujitsu-irmc-s4/system-off.json",
    "Off",
    "On",
    "None Pxe Floppy Cd Hdd BiosSetup",
    "Once Continuous",
    "None Disabled -",
  ],
  [
    "fujitsu-irmc-s4/system-on.json",
    "On",
    "ForceOff ForceRestart Nmi PushPowerButton",
    "None Pxe Floppy Cd Hdd BiosSetup",
    "Once Continuous",
    "None Disabled -",
  ],
  [
    "cisco-cimc-m5/system.json",
    "On",
    "On ForceOff GracefulShutdown GracefulRestart ForceRestart Nmi PowerCycle",
    CIMC,
    "Once Continuous Disabled",
    "None Disabled -",
  ],
  [
    "cisco-cimc-m4/system.json",
    "Off",
    "On ForceOff GracefulShutdown ForceRestart Nmi PowerCycle",
    CIMC,
    "Once Continuous Disabled",
    "None Disabled -",
  ],
  ["huawei-ibmc/system.json", "On", "AI", "None Pxe Floppy Cd Hdd BiosSetup", "", "None Disabled Legacy"],
  ["huawei-ibmc/system-v3.json", "On", "AI", "None Pxe Floppy Cd Hdd BiosSetup", "", "None Disabled Legacy"],
  ["cray-ex235a/system.json", "On", "AI", "none", "none", "none"],
  [
    "sushy-tools/system.json",
    "Off",
    "On ForceOff GracefulShutdown GracefulRestart ForceRestart Nmi ForceOn",
    "Pxe Cd Hdd",
    "",
    "Pxe Continuous Legacy",
  ],
  ["nvidia-dgx-h100/system-hgx.json", "On", "none", "none", "none", "none"],
  ["nvidia-gb200/system-hgx.json", "On", "none", "none", "none", "none"],
  [
    "dell-idrac10/system-fragment.json",
    "Unknown",
    "On ForceOff GracefulRestart GracefulShutdown ForceRestart Nmi PowerCycle PushPowerButton",
    "none",
    "none",
    "none",
  ],
];

/** What is read of documents; damage to anything else would find nothing. */
const READ = [
  "@odata.id",
  "Id",
  "Boot",
  "Actions",
  "PowerState",
  "Links",
  "Manufacturer",
  "Model",
  "FirmwareVersion",
  "Members",
]
  .concat(["Parameters", "TaskState", "Messages", "Vendor", "@Redfish.Settings", "SessionService", "Sessions"]);

const systemOf = (file: string) => readRecorded(...file.split("/") as [string, string]);

Deno.test("every recorded system is read as its documents say", () => {
  for (const [file, power, reset, targets, enabled, override] of SYSTEMS) {
    const system = systemOf(file);
    const action = resetAction(system);
    const facts = bootFacts(system);
    assert.equal(powerOf(system), power, file);
    const types = action === undefined
      ? "none"
      : action.types.length > 0
      ? action.types.join(" ")
      : action.info && "AI";
    assert.equal(types, reset, file);
    assert.equal(facts?.targets.join(" ") ?? "none", targets, file);
    assert.equal(facts?.enabledValues.join(" ") ?? "none", enabled, file);
    const { target, enabled: is, mode = "-" } = facts?.override ?? { target: "none", enabled: "" };
    assert.equal(facts === undefined ? "none" : `${target} ${is} ${mode}`, override, file);
  }
  const read = new Set(SYSTEMS.map(([file]) => file));
  const left = allDocuments().map(({ name }) => name).filter((name) => /\/system(-|\.)/.test(name) && !read.has(name));
  assert.deepEqual(left.sort(), [
    "dell-idrac9/system-settings.json",
    "lenovo-xcc/system-pending.json",
    "nvidia-bluefield3/system-settings.json",
    "nvidia-dgx-h100/system-sd.json",
    "nvidia-gb200/system-settings.json",
  ]);
});

Deno.test("every system with a Reset action can be switched off and on", () => {
  const infos: Readonly<Record<string, string>> = {
    "ami-gigabyte": "ForceRestart On ForceOff GracefulShutdown",
    "cray-ex235a": "On ForceOff Off",
    "lenovo-xcc": "On ForceOff GracefulShutdown GracefulRestart ForceRestart Nmi ForceOn",
    "nvidia-bluefield3": "ForceOff PowerCycle Nmi GracefulShutdown On ForceOn GracefulRestart ForceRestart",
    "nvidia-dgx-h100": "ForceOff ForceRestart GracefulShutdown On",
    "nvidia-gb200": "ForceOff PowerCycle Nmi GracefulShutdown On ForceOn GracefulRestart ForceRestart",
  };
  for (const [family, types] of Object.entries(infos)) {
    const offered = actionInfoTypes(readRecorded(family, "reset-action-info.json"));
    assert.equal(offered.join(" "), types, family);
    assert.equal(resetTypesFor("Off", { offered, power: "On" })[0], "ForceOff", family);
    assert.equal(resetTypesFor("On", { offered, power: "Off" })[0], "On", family);
  }
});

Deno.test("resetTypesFor() takes what is offered, and presses the button only where the state is known", () => {
  const cases: readonly [Parameters<typeof resetTypesFor>, string][] = [
    [["Off", { offered: [], power: "On" }], "ForceOff GracefulShutdown"],
    [["On", { offered: [], power: "Off" }], "On ForceOn"],
    [
      ["Off", { offered: ["GracefulShutdown", "PushPowerButton"], power: "On", tried: "GracefulShutdown" }],
      "PushPowerButton GracefulShutdown",
    ],
    [
      ["Off", { offered: ["GracefulShutdown", "PushPowerButton"], power: "On", tried: "PushPowerButton" }],
      "GracefulShutdown PushPowerButton",
    ],
    [["Off", { offered: ["GracefulShutdown"], power: "On", tried: "GracefulShutdown" }], "GracefulShutdown"],
    [
      ["Off", { offered: ["ForceOff", "GracefulShutdown"], power: "On", tried: "GracefulShutdown" }],
      "ForceOff GracefulShutdown",
    ],
    [
      ["Off", { offered: ["On", "GracefulShutdown", "PushPowerButton"], power: "On" }],
      "GracefulShutdown PushPowerButton",
    ],
    [["Off", { offered: ["On", "PushPowerButton"], power: "On" }], "PushPowerButton"],
    [["Off", { offered: ["On", "PushPowerButton"], power: "Unknown" }], ""],
    [["Off", { offered: ["On", "PushPowerButton"], power: "Off" }], ""],
    [["On", { offered: ["ForceOn", "PushPowerButton"], power: "Off" }], "ForceOn"],
    [["On", { offered: ["PushPowerButton"], power: "Off" }], "PushPowerButton"],
    [["On", { offered: ["PushPowerButton"], power: "PoweringOff" }], ""],
    [["On", { offered: ["ForceOff", "Nmi"], power: "Off" }], ""],
  ];
  for (const [given, wanted] of cases) assert.equal(resetTypesFor(...given).join(" "), wanted, JSON.stringify(given));
});

Deno.test("the override is set in the settings only where the system does not list its targets", () => {
  const owners: readonly [string, string | undefined, boolean][] = [
    ["dell-idrac9", "system-settings.json", false],
    ["lenovo-xcc", "system-pending.json", false],
    ["nvidia-gb200", "system-settings.json", false],
    ["nvidia-bluefield3", "system-settings.json", false],
    ["nvidia-dgx-h100", "system-sd.json", true],
    ["hpe-ilo5", undefined, false],
  ];
  for (const [family, settings, isOwner] of owners) {
    const system = readRecorded(family, "system.json");
    assert.equal(settingsOf(system) !== undefined, settings !== undefined, family);
    assert.equal(wantsSettings(system), isOwner, family);
    if (isOwner) assert.ok(settingsOwnBoot(system, readRecorded(family, settings!)), family);
  }
});

Deno.test("describe() names machine and BMC, and leaves out what is blank", () => {
  const cases: readonly [string, string, string][] = [
    ["hpe-ilo5", "manager.json", "HPE ProLiant DL385 Gen10 Plus v2, BMC iLO 5 iLO 5 v2.72"],
    ["dell-idrac8", "manager.json", "BMC 13G Monolithic 2.40.40.40"],
    ["nvidia-gb200", "manager.json", "BMC OpenBmc GB200Nvl-24.12-8"],
    ["openbmc-qemu", "", "unknown hardware"],
  ];
  for (const [family, manager, wanted] of cases) {
    const system = readRecorded(family, "system.json");
    assert.equal(describe(system, manager === "" ? undefined : readRecorded(family, manager)), wanted);
  }
  assert.equal(managerOf(readRecorded("huawei-ibmc", "system.json")), "/redfish/v1/Managers/1");
});

Deno.test("a document as deep as one can be sent is read like any other", () => {
  const deep = '{"error":'.repeat(400_000) + "1" + "}".repeat(400_000);
  assert.equal(readFailure(400, deep).sentence, "400 bad request");
  assert.equal(bootFacts(parseDocument(deep)), undefined);
  assert.equal(readTask(parseDocument(deep)).kind, "running");
});

Deno.test("every recorded error becomes one readable line", () => {
  for (const folder of FOLDERS) {
    for (const { request, response } of exchangesOf(folder)) {
      if (response.status < 400) continue;
      const { body } = response;
      const { sentence, ids } = readFailure(
        response.status,
        typeof body === "string" ? body : JSON.stringify(body ?? ""),
      );
      assert.match(sentence, new RegExp(`^${response.status} [\\P{C}]+$`, "u"), `${folder} ${request.uri}`);
      assert.ok(sentence.length <= 400);
      if (JSON.stringify(body ?? "").includes("MessageI")) assert.notEqual(ids.length, 0, folder);
    }
  }
});

Deno.test("no pure reader falls over 200,000 damaged documents, and none is led astray by names that objects have", () => {
  const texts = [
    ...allDocuments().map(({ document }) =>
      JSON.stringify(Object.fromEntries(READ.filter((name) => name in document).map((name) => [name, document[name]])))
    ),
    ...FOLDERS.flatMap((folder) => exchangesOf(folder).map(({ response }) => JSON.stringify(response.body ?? {}))),
  ];
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "-0",
    '"__proto__":',
    '"constructor":{}',
    "\\u0000",
    "\\",
    '""',
    "toString",
    "{}",
    "[]",
  ];
  const wishes: readonly BootWish[] = [{ kind: "own order" }, { kind: "network", target: "Pxe" }];
  let parsed = 0;
  for (const text of mutations({ texts, pieces, count: 200_000, seed: 5 })) {
    readFailure(400, text);
    const document = parseDocument(text);
    if (document === undefined) continue;
    parsed++;
    const types = [...(resetAction(document)?.types ?? []), ...actionInfoTypes(document)];
    for (const type of types) assert.equal(typeof type, "string");
    assert.equal(typeof describe(document, document), "string");
    assert.ok(powerOf(document).length > 0);
    for (const member of membersOf(document).members) assert.match(member, /^\/[\x21-\x7e]*$/);
    const facts = bootFacts(document);
    if (facts !== undefined) {
      for (const wish of wishes) {
        const setting = {
          facts,
          uri: "/s",
          system: "/s",
          settings: settingsOf(document),
          wish,
          quirks: quirksOf(document),
        };
        whyNot(setting);
        isAsWished(facts.override, wish);
        for (const attempt of plainAttempts(setting)) {
          assert.ok(Object.values(attempt).every((part) => typeof part === "string"));
        }
      }
    }
    wantsSettings(document);
    readTask(document);
    loginFrom({ status: 201, headers: { "x-auth-token": "t" }, text }, "u");
  }
  assert.ok(parsed > 20_000, `only ${parsed} were JSON`);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  assert.equal(bootFacts(JSON.parse('{"__proto__":{"Boot":{"BootSourceOverrideTarget":"Pxe"}}}')), undefined);
  assert.equal(resetAction({ Actions: Object.create({ "#ComputerSystem.Reset": { target: "/x" } }) }), undefined);
});
