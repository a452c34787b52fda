import assert from "node:assert/strict";
import { BmcError, type BmcFault, type BootWish } from "../../redfish/types.ts";
import type { Answer, Ask } from "../../redfish/wire.ts";
import { exchangesOf, readRecorded, recordings } from "../golden/redfish/recorded.ts";
import { clientOf, FamilyWire, never } from "./family_wire.ts";

const PXE: BootWish = { kind: "network", target: "Pxe" };
const HTTP: BootWish = { kind: "network", target: "UefiHttp", httpUri: "http://192.0.2.10/boot.efi" };
const OWN: BootWish = { kind: "own order" };

const recordingOf = (name: string) => recordings().find((recording) => recording.name === name)!;
const wireOf = (name: string) => new FamilyWire(recordingOf(name));

const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const message = (MessageId: string, Message = MessageId) => ({
  error: { "@Message.ExtendedInfo": [{ MessageId, Message }] },
});

const fails = (fault: BmcFault, words: RegExp = /^BMC https:\/\/bmc\.test: /) => (error: unknown) => {
  assert.ok(error instanceof BmcError, String(error));
  assert.equal(error.fault, fault, error.message);
  assert.match(error.message, words);
  return true;
};

/** The recorded answer to such a request. */
function recorded(folder: string, method: string, uri: RegExp, nth = 0): Answer {
  const found = exchangesOf(folder).filter(({ request }) => request.method === method && uri.test(request.uri))[nth]!;
  return json(found.response.status, found.response.body);
}

/** A wire on which requests of a method get this answer. */
function answering(family: string, method: string, answer: Answer | ((ask: Ask) => Answer | undefined)): FamilyWire {
  const wire = wireOf(family);
  wire.instead = (ask) => ask.method !== method ? undefined : typeof answer === "function" ? answer(ask) : answer;
  return wire;
}

const patchOf = (ask: Ask) => (ask.body as { Boot: Record<string, unknown> }).Boot;

Deno.test("contract 11.12: which system is meant", async (t) => {
  const two = { Members: [{ "@odata.id": "/redfish/v1/Systems/A" }, { "@odata.id": "/redfish/v1/Systems/B" }] };
  const cases: readonly [string, string, string, string | RegExp][] = [
    ["the one that is named", "hpe-ilo5", "1", "/redfish/v1/Systems/1"],
    ["the one that is named, with a slash", "hpe-ilo5 1.30", "1", "/redfish/v1/Systems/1/"],
    ["1 and a serial number: the only one", "cisco-cimc-m5", "1", "/redfish/v1/Systems/WZP00000000"],
    ["1 and a GPU board: the only one that can be reset", "nvidia-gb200", "1", "/redfish/v1/Systems/System_0"],
    ["1 and a GPU board, AMI", "nvidia-dgx-h100", "1", "/redfish/v1/Systems/DGX"],
    ["a GPU board, by name", "nvidia-gb200", "HGX_Baseboard_0", "/redfish/v1/Systems/HGX_Baseboard_0"],
    ["no such system", "nvidia-gb200", "2", /no system 2; spec\.pxe\.redfish\.deviceID may be one of: System_0, HGX/],
    ["never another by guess", "cisco-cimc-m5", "WZP1", /no system WZP1/],
  ];
  for (const [name, family, deviceId, wanted] of cases) {
    await t.step(name, async () => {
      const { bmc } = clientOf(wireOf(family), deviceId);
      if (typeof wanted === "string") assert.equal((await bmc.look(never)).system, wanted);
      else await assert.rejects(bmc.look(never), fails("no system", wanted));
    });
  }
  await t.step("1 and two that can be reset: none", async () => {
    const resettable = { Actions: { "#ComputerSystem.Reset": { target: "/x" } } };
    const wire = answering("hpe-ilo5", "GET", ({ path }) => {
      if (path.endsWith("/Systems")) return json(200, two);
      return /Systems\/[AB]$/.test(path) ? json(200, { ...resettable, Id: path.at(-1) }) : undefined;
    });
    await assert.rejects(clientOf(wire).bmc.look(never), fails("no system", /one of: A, B/));
    assert.equal((await clientOf(wire, "B").bmc.look(never)).system, "/redfish/v1/Systems/B");
  });
  await t.step("a list in parts", async () => {
    const wire = answering("hpe-ilo5", "GET", ({ path }) => {
      if (path.endsWith("/Systems")) {
        return json(200, { ...two, "Members@odata.nextLink": "/redfish/v1/Systems?$skip=2" });
      }
      return path.endsWith("skip=2") ? json(200, { Members: [{ "@odata.id": "/redfish/v1/Systems/1" }] }) : undefined;
    });
    assert.equal((await clientOf(wire).bmc.look(never)).system, "/redfish/v1/Systems/1");
  });
  await t.step("none at all", async () => {
    const wire = answering(
      "hpe-ilo5",
      "GET",
      ({ path }) => path.endsWith("/Systems") ? json(200, { Members: [] }) : undefined,
    );
    await assert.rejects(clientOf(wire).bmc.look(never), fails("no system", /shows no systems/));
  });
});

Deno.test("a system that has got another URI is found again, one that is gone is said to be", async () => {
  const wire = wireOf("cisco-cimc-m5");
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  let lost = 2;
  wire.instead = ({ path }) => path.includes("/WZP00000000") && lost-- > 0 ? json(404) : undefined;
  assert.equal((await bmc.look(never)).system, "/redfish/v1/Systems/WZP00000000");
  assert.equal(wire.asked.filter((line) => line === "GET /redfish/v1/Systems").length, 2);
  wire.instead = ({ path }) => path.includes("/WZP00000000") ? json(404) : undefined;
  await assert.rejects(bmc.look(never), fails("no system"));
  const named = answering("hpe-ilo5", "GET", ({ path }) => path.includes("/Systems/1") ? json(404) : undefined);
  await assert.rejects(clientOf(named).bmc.look(never), fails("no system"));
});

Deno.test("recorded refusals become what a condition can say", async (t) => {
  const cases: readonly [string, FamilyWire, RegExp][] = [
    [
      "iLO 6 1.58 does no override",
      answering("hpe-ilo6", "PATCH", recorded("hpe-ilo6", "PATCH", /Systems/, 1)),
      /iLO\.2\.30\.UnsupportedOperation/,
    ],
    [
      "a licence is missing",
      answering("supermicro-x11", "PATCH", recorded("supermicro-x11", "GET", /SecureBoot/)),
      /licenses DCMS were needed/,
    ],
    [
      "a privilege is missing",
      answering("lenovo-xcc", "PATCH", json(403, message("Base.1.8.InsufficientPrivilege"))),
      /403.*InsufficientPrivilege/,
    ],
    ["nothing is said", answering("supermicro-x11", "PATCH", json(400, "")), /400 bad request$/],
    [
      "text typed as JSON",
      answering("supermicro-x11", "PATCH", recorded("sushy-tools", "PATCH", /Systems/, 2)),
      /Failed to download/,
    ],
  ];
  for (const [name, wire, reason] of cases) {
    await t.step(name, async () => {
      const outcome = await clientOf(wire).bmc.setBoot(PXE, never);
      assert.equal(outcome.kind, "not supported");
      assert.match(outcome.kind === "not supported" ? outcome.reason : "", reason);
      assert.ok(wire.count("PATCH") <= 8);
    });
  }
});

Deno.test("a BMC that is busy is no BMC that cannot", async (t) => {
  const cases: readonly [string, string, Answer][] = [
    ["iDRAC not ready", "GET", recorded("dell-idrac9", "GET", /Systems$/)],
    ["iLO during POST", "PATCH", json(400, message("iLO.2.14.UnableToModifyDuringSystemPOST"))],
    ["iLO just after a power change", "PATCH", json(400, message("iLO.2.14.InvalidOperationForSystemState"))],
    ["an overloaded web server", "PATCH", json(503, "<html>busy</html>")],
  ];
  for (const [name, method, answer] of cases) {
    await t.step(name, async () => {
      const wire = answering("hpe-ilo5", method, (ask) => ask.path.includes("Systems") ? answer : undefined);
      await assert.rejects(clientOf(wire).bmc.setBoot(PXE, never), fails("busy"));
    });
  }
});

Deno.test("UefiHttp: set with its URI where the BMC has a place for it, Once on Dell, refused where it is not offered", async (t) => {
  const cases: readonly [string, string][] = [
    ["dell-idrac9", "UefiHttp Once"],
    ["supermicro-x12", "UefiHttp Continuous"],
    ["nvidia-bluefield3", "UefiHttp Continuous http://192.0.2.10/boot.efi"],
    ["nvidia-dgx-h100", "UefiHttp Continuous http://192.0.2.10/boot.efi"],
    ["hpe-ilo5", "UefiHttp Continuous"],
  ];
  for (const [family, wanted] of cases) {
    await t.step(family, async () => {
      const wire = wireOf(family);
      assert.deepEqual(await clientOf(wire).bmc.setBoot(HTTP, never), { kind: "set" });
      const { BootSourceOverrideTarget, BootSourceOverrideEnabled, HttpBootUri } = wire.boot;
      assert.equal(
        [BootSourceOverrideTarget, BootSourceOverrideEnabled, HttpBootUri].filter(Boolean).join(" "),
        wanted,
      );
    });
  }
  for (const family of ["lenovo-xcc", "supermicro-x10", "cisco-cimc-m5"]) {
    await t.step(family, async () => {
      const wire = wireOf(family);
      const outcome = await clientOf(wire).bmc.setBoot(HTTP, never);
      assert.equal(outcome.kind, "not supported");
      assert.match(outcome.kind === "not supported" ? outcome.reason : "", /UefiHttp/);
    });
  }
  await t.step("another URI is written, the same one is not", async () => {
    const wire = wireOf("nvidia-bluefield3");
    const { bmc } = clientOf(wire);
    for (const httpUri of ["http://a/", "http://a/", "http://b/"]) await bmc.setBoot({ ...HTTP, httpUri }, never);
    assert.equal(wire.count("PATCH"), 2);
    assert.equal(wire.boot["HttpBootUri"], "http://b/");
  });
  await t.step("iLO 6: an HttpBootUri that cannot be written is left out", async () => {
    const refusal = recorded("hpe-ilo6", "PATCH", /Systems/, 0);
    const wire = answering("nvidia-bluefield3", "PATCH", (ask) => "HttpBootUri" in patchOf(ask) ? refusal : undefined);
    assert.deepEqual(await clientOf(wire).bmc.setBoot(HTTP, never), { kind: "set" });
  });
});

Deno.test("Mode is left out for those that do not know it, and sent to those that want it", async () => {
  const wire = answering(
    "openbmc-qemu",
    "PATCH",
    (ask) => "BootSourceOverrideMode" in patchOf(ask) ? json(400) : undefined,
  );
  assert.deepEqual(await clientOf(wire).bmc.setBoot(PXE, never), { kind: "set" });
  assert.equal(wire.count("PATCH"), 2);
  const required = recorded("unattributed", "PATCH", /Systems/);
  const other = answering(
    "cisco-cimc-m5",
    "PATCH",
    (ask) => "BootSourceOverrideMode" in patchOf(ask) ? undefined : required,
  );
  assert.deepEqual(await clientOf(other).bmc.setBoot(PXE, never), { kind: "set" });
  assert.equal(other.boot["BootSourceOverrideMode"], "UEFI");
});

Deno.test("what is known of a BMC spares it refusals", async () => {
  const patched = async (family: string, wish: BootWish) => {
    const wire = wireOf(family);
    assert.deepEqual(await clientOf(wire).bmc.setBoot(wish, never), { kind: "set" });
    const bodies = wire.asked.filter((line) => line.startsWith("PATCH")).map((line) => line.slice(line.indexOf("{")));
    return [...new Set(bodies.map((body) => Object.values(JSON.parse(body).Boot).join(" ")))].join(", ");
  };
  assert.equal(await patched("hpe-ilo4", PXE), "Pxe Continuous");
  assert.equal(await patched("hpe-ilo5", PXE), "Pxe Continuous");
  assert.equal(await patched("hpe-ilo6", PXE), "Pxe Continuous");
  // Its tag changes between GET and PATCH: the same is sent again, once.
  assert.equal(await patched("lenovo-xcc3", PXE), "Pxe Once UEFI");
});

Deno.test("a change that is taken and not made is no success", async () => {
  const wire = answering("cisco-cimc-m5", "PATCH", json(200));
  const outcome = await clientOf(wire).bmc.setBoot(PXE, never);
  assert.deepEqual(outcome, {
    kind: "not supported",
    reason: "the BMC takes the change of what boots and does not make it: it says None Disabled",
  });
});

Deno.test("an error that names a place sends there only below the system", async () => {
  const error = (path: string) =>
    json(400, message("Ami.1.0.OperationSupportedInFutureStateURI", `moved to (${path})`));
  for (const path of ["/redfish/v1/Systems/Other/SD", "/redfish/v1/Systems/Self/../Other", "/redfish/v1/Managers/1"]) {
    const wire = answering("ami-gigabyte", "PATCH", error(path));
    assert.equal((await clientOf(wire).bmc.setBoot(PXE, never)).kind, "not supported");
    assert.ok(
      !wire.asked.some((line) => line.includes("Other") || line.startsWith("PATCH /redfish/v1/Managers")),
      path,
    );
  }
});

Deno.test("If-Match: a tag that never fits is left out in the end, and no change is sent without end", async () => {
  let sent: string[] = [];
  const wire = answering("ami-gigabyte", "PATCH", ({ headers }) => {
    sent.push(headers?.["If-Match"] ?? "none");
    return headers?.["If-Match"] === undefined ? json(200) : json(412);
  });
  await clientOf(wire).bmc.setBoot(PXE, never);
  assert.deepEqual(sent.slice(0, 4), ['W/"1"', 'W/"1"', '"1"', "none"]);
  sent = [];
  const never412 = answering("fujitsu-irmc-s4", "PATCH", ({ headers }) => {
    sent.push(headers?.["If-Match"] ?? "none");
    return json(412);
  });
  assert.equal((await clientOf(never412).bmc.setBoot(PXE, never)).kind, "not supported");
  assert.deepEqual(sent.slice(0, 3), ["1", "1", "none"]);
  assert.ok(sent.length <= 24);
});

Deno.test("power: asked for where it is there meanwhile, a refusal is none (400, 409, 500 by vendor)", async () => {
  for (const status of [400, 409, 500, 501]) {
    const wire = wireOf("hpe-ilo5");
    wire.instead = ({ method, path }) => {
      if (method !== "POST" || !path.includes("Reset")) return undefined;
      wire.power = "Off";
      return json(status, message("Base.1.0.GeneralError"));
    };
    await clientOf(wire).bmc.power("Off", never);
  }
  const wire = answering("hpe-ilo5", "POST", ({ path }) => path.includes("Reset") ? json(409, "conflict") : undefined);
  await assert.rejects(clientOf(wire).bmc.power("Off", never), fails("busy", /409 conflict: conflict/));
});

Deno.test("power: a type that is refused is followed by the next that is offered", async () => {
  const wire = answering("hpe-ilo5", "POST", ({ body, path }) => {
    if (!path.includes("Reset")) return undefined;
    return (body as { ResetType: string }).ResetType === "ForceOff"
      ? json(400, message("ActionParameterNotSupported"))
      : undefined;
  });
  await clientOf(wire).bmc.power("Off", never);
  assert.equal(wire.power, "Off");
  assert.match(wire.asked.at(-1)!, /POST .*GracefulShutdown/);
});

Deno.test("power: a system without a Reset action, or without a way there, says so", async () => {
  await assert.rejects(
    clientOf(wireOf("nvidia-gb200"), "HGX_Baseboard_0").bmc.power("Off", never),
    fails("refused", /no Reset action/),
  );
  const wire = wireOf("cisco-cimc-m5");
  const system = JSON.parse(JSON.stringify(recordingOf("cisco-cimc-m5").documents["/redfish/v1/Systems/WZP00000000"]));
  system.Actions["#ComputerSystem.Reset"]["ResetType@Redfish.AllowableValues"] = ["Nmi"];
  wire.instead = ({ method, path }) => method === "GET" && path.endsWith("WZP00000000") ? json(200, system) : undefined;
  await assert.rejects(clientOf(wire).bmc.power("Off", never), fails("refused", /offers only Nmi/));
});

Deno.test("power: actions carry no If-Match, and a task is followed to its end", async (t) => {
  const task = (state: string, more = {}) => json(200, { "@odata.id": "/t/1", TaskState: state, ...more });
  const failed = { Messages: [{ MessageId: "Base.1.0.InternalError", Message: "no power supply" }] };
  const cases: readonly [string, readonly Answer[], RegExp | undefined][] = [
    ["completed", [task("New"), task("Running"), task("Completed")], undefined],
    ["vanished", [task("Running"), json(404)], undefined],
    ["not shown to this user: no other type is tried", [json(403, message("InsufficientPrivilege"))], undefined],
    ["a monitor that answers 202 until it is done", [json(202), json(204, "")], undefined],
    [
      "failed",
      [task("Running"), task("Exception", failed)],
      /ended Exception: no power supply \[Base\.1\.0\.InternalError\]/,
    ],
  ];
  for (const [name, answers, error] of cases) {
    await t.step(name, async () => {
      const left = [...answers];
      const wire = wireOf("nvidia-dgx-h100");
      wire.instead = ({ path, method, headers }) => {
        if (path.includes("Reset") && method === "POST") {
          assert.equal(headers?.["If-Match"], undefined);
          return json(202, {}, { location: "https://bmc.test/t/1" });
        }
        return path === "/t/1" ? left.shift() ?? assert.fail("asked after its end") : undefined;
      };
      const asked = clientOf(wire).bmc.power("Off", never);
      if (error === undefined) await asked;
      else await assert.rejects(asked, fails("busy", error));
      assert.equal(left.length, 0);
    });
  }
  await t.step("endless: left to itself", async () => {
    const wire = wireOf("nvidia-dgx-h100");
    wire.instead = ({ path }) => path.endsWith("/Tasks/1") ? task("Running") : undefined;
    await clientOf(wire).bmc.power("Off", never);
    assert.equal(wire.asked.filter((line) => line.includes("/Tasks/1")).length, 10);
  });
});

Deno.test("redirects are followed with their method on the same host only, and not without end", async () => {
  const to = (location: string, status = 307) => (ask: Ask) =>
    ask.path.endsWith("/Systems") ? json(status, {}, { location }) : undefined;
  for (
    const location of [
      "/redfish/v1/Systems/",
      "https://bmc.test/redfish/v1/Systems/",
      "https://bmc.test:443/redfish/v1/Systems/",
    ]
  ) {
    await clientOf(answering("hpe-ilo5", "GET", to(location))).bmc.look(never);
  }
  for (const location of ["https://bmc.test:8443/redfish/v1/Systems/", "http://evil.test/redfish/v1/Systems/"]) {
    const wire = answering("hpe-ilo5", "GET", to(location));
    await assert.rejects(clientOf(wire).bmc.look(never), fails("refused", /has to name that host/));
  }
  await assert.rejects(
    clientOf(answering("hpe-ilo5", "GET", to("/redfish/v1/Systems"))).bmc.look(never),
    fails("protocol", /without end/),
  );
  await assert.rejects(clientOf(answering("hpe-ilo5", "GET", to(""))).bmc.look(never), fails("protocol", /where to/));
});

Deno.test("what is set is found set by a client that starts anew, except where it is pending", async () => {
  for (const family of ["hpe-ilo5", "nvidia-dgx-h100", "dell-idrac10", "fujitsu-irmc-s4", "supermicro-x12"]) {
    const wire = wireOf(family);
    await clientOf(wire).bmc.setBoot(PXE, never);
    const patches = wire.count("PATCH");
    await clientOf(wire).bmc.setBoot(PXE, never);
    assert.equal(wire.count("PATCH"), patches, family);
    await clientOf(wire).bmc.setBoot(OWN, never);
    await clientOf(wire).bmc.setBoot(OWN, never);
  }
});

Deno.test("an aborted call ends with the signal's reason", async () => {
  const reason = new Error("stop");
  const { bmc } = clientOf(wireOf("hpe-ilo5"));
  for (const call of [bmc.look(AbortSignal.abort(reason)), bmc.power("Off", AbortSignal.abort(reason))]) {
    await assert.rejects(call, (error) => error === reason);
  }
});

Deno.test("power: where nothing is forced, the system is asked in another way each time it stays on (contract 9)", async () => {
  const { Actions, ...system } = readRecorded("hpe-ilo5", "system.json") as { Actions: Record<string, object> };
  const reset = "#ComputerSystem.Reset";
  const offer = { "ResetType@Redfish.AllowableValues": ["On", "GracefulShutdown", "PushPowerButton"] };
  const sent: unknown[] = [];
  const wire = wireOf("hpe-ilo5");
  wire.instead = ({ method, path, body }) => {
    if (method === "POST" && path.includes("Reset")) {
      sent.push((body as { ResetType: string }).ResetType);
      return json(204, "");
    }
    return method === "GET" && /Systems\/1\/?$/.test(path)
      ? json(200, { ...system, Actions: { ...Actions, [reset]: { ...Actions[reset], ...offer } } })
      : undefined;
  };
  const { bmc } = clientOf(wire);
  for (let i = 0; i < 3; i++) assert.deepEqual(await bmc.power("Off", never), { isUpToSystem: true });
  assert.deepEqual(sent, ["GracefulShutdown", "PushPowerButton", "GracefulShutdown"]);
  wire.instead = () => undefined;
  assert.deepEqual(await bmc.power("Off", never), { isUpToSystem: false });
});
