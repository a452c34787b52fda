import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { request as send } from "node:https";
import type { TLSSocket } from "node:tls";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { PortInUse } from "../../pxe/bind_error.ts";
import type { BootDevice } from "../rack/types.ts";
import { bmcCertificate, type BmcOptions, type EmulatedBmc, startBmc } from "./server.ts";

const USER = { username: "admin", password: "secret" };
const SYSTEM = "/redfish/v1/Systems/1";
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
const BASIC = { authorization: `Basic ${btoa("admin:secret")}` };

/** A machine that says what is done to it. */
class Switched {
  bootOrder: readonly BootDevice[] = ["disk", "network"];
  bootOnce: BootDevice | undefined = undefined;
  readonly done: string[] = [];
  #told = Promise.withResolvers<void>();

  constructor(public isOn = false) {}

  powerOn(): void {
    this.isOn = true;
    this.#tell("on");
  }
  powerOff(): Promise<void> {
    this.isOn = false;
    this.#tell("off");
    return Promise.resolve();
  }
  #tell(what: string): void {
    this.done.push(what);
    this.#told.resolve();
    this.#told = Promise.withResolvers();
  }
  /** Resolves when so much was done. */
  async does(count: number): Promise<void> {
    while (this.done.length < count) await this.#told.promise;
  }
}

interface Asked {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly fingerprint: string;
}

/** One call over a connection of its own. */
function call(
  bmc: EmulatedBmc,
  method: string,
  path: string,
  { body, headers = BASIC, signal }: Asked = {},
): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const options = {
    method,
    headers,
    agent: false,
    rejectUnauthorized: false,
    ...(signal === undefined ? {} : { signal }),
  };
  const sent = send(bmc.url + path, options, async (response) => {
    try {
      const fingerprint = (response.socket as TLSSocket).getPeerCertificate().fingerprint256.toLowerCase();
      const text = (await Array.fromAsync(response.setEncoding("utf8"))).join("");
      const parsed = text.startsWith("{") ? JSON.parse(text) : {};
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed, fingerprint });
    } catch (error) {
      reject(error);
    }
  });
  sent.on("error", reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

const bmcOf = (machine: Switched, more: Partial<BmcOptions> = {}) =>
  startBmc({ machine, ...USER, log: new MemoryLogger(), ...more });

Deno.test("a BMC shows the certificate that it has signed itself, and another one when told to", async () => {
  await using bmc = await bmcOf(new Switched());
  const first = await call(bmc, "GET", "/redfish/v1/", { headers: {} });
  equal(first.status, 200);
  equal(first.fingerprint, bmc.fingerprint);
  const { url } = bmc;
  await bmc.show(await bmcCertificate(Date.now()));
  equal(bmc.url, url);
  const second = await call(bmc, "GET", "/redfish/v1/", { headers: {} });
  equal(second.fingerprint, bmc.fingerprint);
  ok(first.fingerprint !== second.fingerprint);
});

Deno.test("a session lasts from its login to its DELETE (DSP0266 13.3.4); Basic goes too", async () => {
  await using bmc = await bmcOf(new Switched());
  const sessions = "/redfish/v1/SessionService/Sessions";
  const wrong = await call(bmc, "POST", sessions, { headers: {}, body: { UserName: "admin", Password: "guess" } });
  equal(wrong.status, 401);
  const made = await call(bmc, "POST", sessions, { headers: {}, body: { UserName: "admin", Password: "secret" } });
  equal(made.status, 201);
  const headers = { "x-auth-token": String(made.headers["x-auth-token"]) };
  equal((await call(bmc, "GET", SYSTEM, { headers })).status, 200);
  equal(bmc.stats.sessions, 1);
  equal((await call(bmc, "DELETE", String(made.headers.location), { headers })).status, 204);
  equal((await call(bmc, "GET", SYSTEM, { headers })).status, 401);
  equal((await call(bmc, "GET", SYSTEM)).status, 200);
  equal((await call(bmc, "GET", SYSTEM, { headers: {} })).status, 401);
  equal(bmc.stats.sessions, 0);
});

Deno.test("a session ends when it was not used for the announced time (DSP0266 SessionTimeout): there is room again", async () => {
  let nowMs = Date.now();
  await using bmc = await bmcOf(new Switched(), { clock: { ...systemClock, now: () => nowMs } });
  const service = (await call(bmc, "GET", "/redfish/v1/SessionService")).body;
  const idleMs = Number(service.SessionTimeout) * 1000;
  const logIn = () =>
    call(bmc, "POST", `${service["@odata.id"]}/Sessions`, {
      headers: {},
      body: { UserName: "admin", Password: "secret" },
    });
  const made = await Promise.all(Array.from({ length: 8 }, logIn));
  deepEqual(made.map(({ status }) => status), Array(8).fill(201));
  nowMs += idleMs - 1;
  equal((await logIn()).status, 503);
  const [used, idle] = made.map(({ headers }) => ({ "x-auth-token": String(headers["x-auth-token"]) }));
  equal((await call(bmc, "GET", SYSTEM, { headers: used! })).status, 200);
  nowMs += 1;
  equal((await call(bmc, "GET", SYSTEM, { headers: idle! })).status, 401);
  equal((await logIn()).status, 201);
  nowMs += idleMs - 2;
  equal((await call(bmc, "GET", SYSTEM, { headers: used! })).status, 200);
  equal(bmc.stats.sessions, 2);
});

Deno.test("a reset switches the machine, and a second one is lost while the first is under way", async () => {
  const machine = new Switched();
  await using bmc = await bmcOf(machine, { times: { offMs: 50 } });
  const reset = async (ResetType: string) => (await call(bmc, "POST", RESET, { body: { ResetType } })).status;
  equal(await reset("ForceOff"), 409);
  equal(await reset("On"), 204);
  await machine.does(1);
  equal((await call(bmc, "GET", SYSTEM)).body.PowerState, "On");
  equal(await reset("ForceOff"), 204);
  equal((await call(bmc, "GET", SYSTEM)).body.PowerState, "On");
  equal(await reset("On"), 204);
  await machine.does(2);
  equal((await call(bmc, "GET", SYSTEM)).body.PowerState, "Off");
  deepEqual(machine.done, ["on", "off"]);
  equal(await reset("On"), 204);
  equal(await reset("ForceRestart"), 204);
  await machine.does(5);
  deepEqual(machine.done, ["on", "off", "on", "off", "on"]);
  equal(await reset("Explode"), 400);
});

for (
  const { target, enabled, order, once } of [
    { target: "Pxe", enabled: "Continuous", order: ["network", "disk"], once: undefined },
    { target: "Pxe", enabled: "Once", order: ["disk", "network"], once: "network" },
    { target: "UefiHttp", enabled: "Once", order: ["disk", "network"], once: "http" },
    { target: "UefiHttp", enabled: "Continuous", order: ["http", "disk", "network"], once: undefined },
    { target: "Hdd", enabled: "Continuous", order: ["disk", "network"], once: undefined },
    { target: "Pxe", enabled: "Disabled", order: ["disk", "network"], once: undefined },
  ]
) {
  Deno.test(`Boot override ${target}, ${enabled}: the machine tries ${once ?? ""} ${order}`, async () => {
    const machine = new Switched();
    await using bmc = await bmcOf(machine);
    const Boot = { BootSourceOverrideTarget: target, BootSourceOverrideEnabled: enabled };
    equal((await call(bmc, "PATCH", SYSTEM, { body: { Boot } })).status, 200);
    deepEqual([machine.bootOrder, machine.bootOnce], [order, once]);
    const { Boot: now } = (await call(bmc, "GET", SYSTEM)).body as { Boot: Record<string, unknown> };
    deepEqual([now.BootSourceOverrideTarget, now.BootSourceOverrideEnabled], [target, enabled]);
    const off = { BootSourceOverrideEnabled: "Disabled" };
    equal((await call(bmc, "PATCH", SYSTEM, { body: { Boot: off } })).status, 200);
    deepEqual([machine.bootOrder, machine.bootOnce], [["disk", "network"], undefined]);
  });
}

Deno.test("Once reads Disabled when the machine has booted so", async () => {
  const machine = new Switched();
  await using bmc = await bmcOf(machine);
  const Boot = { BootSourceOverrideTarget: "Pxe", BootSourceOverrideEnabled: "Once" };
  await call(bmc, "PATCH", SYSTEM, { body: { Boot } });
  machine.bootOnce = undefined;
  const now = (await call(bmc, "GET", SYSTEM)).body as { Boot: Record<string, unknown> };
  equal(now.Boot.BootSourceOverrideEnabled, "Disabled");
});

Deno.test("a PATCH with another tag than the current one is refused (DSP0266 6.5), so is what cannot be written", async () => {
  await using bmc = await bmcOf(new Switched());
  const { headers } = await call(bmc, "GET", SYSTEM);
  const patch = async (Boot: unknown, tag: string) => {
    const { status, body } = await call(bmc, "PATCH", SYSTEM, {
      body: { Boot },
      headers: { ...BASIC, "if-match": tag },
    });
    return [status, (body as { error?: { code: string } }).error?.code];
  };
  deepEqual(await patch({}, '"older"'), [412, "Base.1.19.PreconditionFailed"]);
  deepEqual(await patch({ BootSourceOverrideTarget: "Usb" }, "*"), [400, "Base.1.19.PropertyValueNotInList"]);
  deepEqual(await patch({ BootOrder: [] }, "*"), [400, "Base.1.19.PropertyNotWritable"]);
  deepEqual(await patch({ BootSourceOverrideTarget: "Pxe" }, String(headers.etag)), [200, undefined]);
  deepEqual(await patch({ BootSourceOverrideTarget: "Hdd" }, String(headers.etag)), [
    412,
    "Base.1.19.PreconditionFailed",
  ]);
});

Deno.test("a BMC with a fault: a web page, an answer that never ends, none at all; then it is well again", async () => {
  const answered = Promise.withResolvers<void>();
  const onCall = (_: string, path: string) => path === "/silent" && answered.resolve();
  await using bmc = await bmcOf(new Switched(), { onCall });
  bmc.fault = { kind: "answer", answer: { status: 200, body: "<html>Welcome</html>" } };
  match((await call(bmc, "GET", SYSTEM)).text, /Welcome/);
  bmc.fault = { kind: "endless" };
  const { promise, resolve } = Promise.withResolvers<number>();
  const endless = send(bmc.url + SYSTEM, { rejectUnauthorized: false, agent: false }, (response) => {
    let bytes = 0;
    response.on("data", (chunk: Uint8Array) => {
      if ((bytes += chunk.length) > 1 << 20) response.destroy();
    });
    response.on("error", () => {});
    response.on("close", () => resolve(bytes));
  });
  endless.on("error", () => {});
  endless.end();
  ok(await promise > 1 << 20);
  bmc.fault = { kind: "hang" };
  const stop = new AbortController();
  const hanging = call(bmc, "GET", "/silent", { signal: stop.signal }).then(() => "answered", () => "stopped");
  await answered.promise;
  stop.abort();
  equal(await hanging, "stopped");
  bmc.fault = undefined;
  equal((await call(bmc, "GET", SYSTEM)).status, 200);
});

Deno.test("a port that is taken", async () => {
  await using bmc = await bmcOf(new Switched());
  await rejects(bmcOf(new Switched(), { port: Number(new URL(bmc.url).port) }), PortInUse);
});

Deno.test("calls that overlap are counted", async () => {
  await using bmc = await bmcOf(new Switched(), { times: { callMs: 20 } });
  for (let i = 0; i < 3; i++) await call(bmc, "GET", SYSTEM);
  equal(bmc.stats.mostAtOnce, 1);
  await Promise.all([call(bmc, "GET", SYSTEM), call(bmc, "GET", SYSTEM)]);
  equal(bmc.stats.mostAtOnce, 2);
  equal(bmc.stats.calls, 5);
});
