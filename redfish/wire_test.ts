import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { RedfishBmc } from "./redfish_bmc.ts";
import { type Answer, type Ask, checked, type Wire } from "./wire.ts";

const RESET = "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset";
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "/redfish/v1/": { Systems: { "@odata.id": "/redfish/v1/Systems" } },
  "/redfish/v1/Systems": { Members: [{ "@odata.id": "/redfish/v1/Systems/1" }] },
  "/redfish/v1/Systems/1": {
    Id: "1",
    PowerState: "On",
    Actions: { "#ComputerSystem.Reset": { target: RESET, "ResetType@Redfish.AllowableValues": ["ForceOff", "On"] } },
  },
};

/** A BMC without sessions, whose `asked` is told of each request before it is answered. */
function wireOf(asked: (ask: Ask) => void): Wire {
  return {
    origin: "https://bmc",
    fingerprint: "ab:cd",
    ask(ask) {
      asked(ask);
      const document = DOCUMENTS[ask.path];
      const status = ask.path === RESET ? 204 : document === undefined ? 404 : 200;
      const answer: Answer = { status, headers: {}, text: JSON.stringify(document ?? {}) };
      return Promise.resolve(answer);
    },
    close() {},
  };
}

/** Switches the system off, until so many requests are sent. @returns what was sent */
async function switchOff(most: number): Promise<string[]> {
  const sent: string[] = [];
  const check = () => {
    if (sent.length >= most) throw new Error("not any more");
  };
  const wire = checked(check, wireOf(({ method, path }) => sent.push(`${method} ${path}`)));
  const target = { url: "https://bmc", deviceId: "1", username: "u", password: "p" };
  const bmc = new RedfishBmc(target, { wire, clock: new FakeClock(0), log: new MemoryLogger() });
  const call = bmc.power("Off", new AbortController().signal);
  if (most === Infinity) await call;
  else await rejects(call, /not any more/);
  return sent;
}

Deno.test("a call that another leader has overtaken changes nothing, however far it was (contract 4)", async () => {
  const whole = await switchOff(Infinity);
  equal(whole.at(-1), `POST ${RESET}`);
  for (let most = 0; most < whole.length; most++) {
    equal((await switchOff(most)).includes(`POST ${RESET}`), false, `after ${most} requests`);
  }
});

Deno.test("a session is ended whoever leads", async () => {
  const sent: string[] = [];
  const wire = checked(() => {
    throw new Error("not any more");
  }, wireOf(({ method }) => sent.push(method)));
  await wire.ask({ method: "DELETE", path: "/s/1" }, new AbortController().signal);
  deepEqual(sent, ["DELETE"]);
});
