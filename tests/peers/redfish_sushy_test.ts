/** Our Redfish client against sushy-tools' emulator over TLS: a BMC that we did not write (Basic only, no sessions). */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { fingerprintOf, newSelfSigned } from "../../dev/certificate/certificate.ts";
import { openBmc } from "../../redfish/bmc.ts";
import { type Bmc, BmcError, type BmcTarget, type PowerState } from "../../redfish/types.ts";
import { freePort, Peer, peerTest, run } from "./peer.ts";

const SYSTEM = "27946b59-9e44-4fa7-8e91-f3527a1ef094";
const OTHER = "27946b59-9e44-4fa7-8e91-f3527a1ef095";
const USER = { username: "admin", password: "correct horse" };
const NEEDS = { programs: ["sushy-emulator", "htpasswd"] };
const { signal } = new AbortController();

/** Its configuration is a Python program: the fake driver waits as short as it can, not by chance. */
function configuration(folder: string, systems: readonly string[]): string {
  const fakes = systems.map((uuid) => ({ uuid, name: uuid, power_state: "On", external_notifier: false, nics: [] }));
  return `import json, random
random.randint = lambda shortest, longest: shortest
SUSHY_EMULATOR_STATE_DIR = '${folder}'
SUSHY_EMULATOR_AUTH_FILE = '${folder}/users'
SUSHY_EMULATOR_FAKE_SYSTEMS = json.loads('${JSON.stringify(fakes)}')
`;
}

interface Emulator extends AsyncDisposable {
  readonly url: string;
  readonly fingerprint: string;
}

async function startEmulator(systems: readonly string[]): Promise<Emulator> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "sushy-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const names = { dns: [], ips: [new Uint8Array([127, 0, 0, 1])] };
  const { certPem, keyPem } = await newSelfSigned({ subject: "sushy", names, fromMs: Date.now(), days: 2 });
  await Deno.writeTextFile(`${folder}/cert.pem`, certPem);
  await Deno.writeTextFile(`${folder}/key.pem`, keyPem);
  await Deno.writeTextFile(`${folder}/config.py`, configuration(folder, systems));
  await run("htpasswd", ["-cbB", `${folder}/users`, USER.username, USER.password]);
  const port = freePort();
  const peer = stack.use(
    new Peer("sushy-emulator", [
      ...["--fake", "--interface", "127.0.0.1", "--port", String(port), "--config", `${folder}/config.py`],
      ...["--ssl-certificate", `${folder}/cert.pem`, "--ssl-key", `${folder}/key.pem`],
    ]),
  );
  await peer.waitFor(/Running on/, 30_000);
  const owned = stack.move();
  const fingerprint = await fingerprintOf(certPem);
  return { url: `https://127.0.0.1:${port}`, fingerprint, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function connect(url: string, more: Partial<BmcTarget> = {}): Bmc & AsyncDisposable {
  const bmc = openBmc({ url, deviceId: "1", ...USER, ...more }, { clock: systemClock, log: new MemoryLogger() });
  return Object.assign(bmc, { [Symbol.asyncDispose]: () => bmc.close() });
}

async function untilPower(bmc: Bmc, power: PowerState): Promise<void> {
  while ((await bmc.look(signal)).power !== power) await systemClock.sleep(50);
}

peerTest(
  "sushy-tools: boot override set and cleared, power off and on, over pinned TLS (contract 9)",
  NEEDS,
  async () => {
    await using emulator = await startEmulator([SYSTEM]);
    await using bmc = connect(emulator.url);
    const seen = await bmc.look(signal);
    equal(seen.fingerprint, emulator.fingerprint);
    match(seen.system, new RegExp(`/${SYSTEM}$`));
    deepEqual(await bmc.setBoot({ kind: "network", target: "Pxe" }, signal), { kind: "set" });
    equal((await bmc.look(signal)).boot?.target, "Pxe");
    await bmc.power("Off", signal);
    await untilPower(bmc, "Off");
    await bmc.power("Off", signal);
    await bmc.power("On", signal);
    await untilPower(bmc, "On");
    // It knows no Disabled: the disk is what is left (contract 9).
    deepEqual(await bmc.setBoot({ kind: "own order" }, signal), { kind: "set" });
    equal((await bmc.look(signal)).boot?.target, "Hdd");
  },
);

peerTest("sushy-tools: a wrong password, another certificate, two systems (contract 11.2, 11.12)", NEEDS, async () => {
  await using emulator = await startEmulator([SYSTEM, OTHER]);
  const fails = async (more: Partial<BmcTarget>, fault: string) => {
    await using bmc = connect(emulator.url, more);
    await rejects(bmc.look(signal), (error) => error instanceof BmcError && error.fault === fault);
  };
  await fails({ password: "battery staple", deviceId: SYSTEM }, "login");
  await fails(
    { fingerprint: emulator.fingerprint.replace(/^../, (byte) => byte === "00" ? "01" : "00") },
    "certificate",
  );
  await fails({}, "no system");
  await using bmc = connect(emulator.url, { deviceId: OTHER, fingerprint: emulator.fingerprint });
  match((await bmc.look(signal)).system, new RegExp(`/${OTHER}$`));
});
