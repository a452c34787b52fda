import assert from "node:assert/strict";
import type { Ask } from "../../redfish/wire.ts";
import { exchangesOf, FOLDERS, recordings } from "../golden/redfish/recorded.ts";
import { FamilyWire, never, USER } from "./family_wire.ts";

/** Recorded exchanges by folder and place in it, and why emulated firmware is not held to them. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "dell-idrac8 0": "a chassis",
  "dell-idrac8 1": "a chassis",
  "dell-idrac9 3": "while it starts",
  "dell-idrac9 4": "its update service",
  "fujitsu-irmc-s4 0": "virtual media",
  "fujitsu-irmc-s4 1": "virtual media",
  "fujitsu-irmc-s4 2": "its manager",
  "hpe-ilo5 3": "its BIOS settings",
  "hpe-ilo6 0": "firmware without an override",
  "hpe-ilo6 1": "firmware without an override",
  "huawei-ibmc 3": "its BIOS settings",
  "lenovo-xcc 1": "a chassis",
  "lenovo-xcc3 0": "a chassis",
  "supermicro-x11 0": "secure boot",
  "sushy-tools 2": "it fetches what is to be booted",
  "sushy-tools 4": "501 for what its document offers not",
  "unattributed 0": "no family",
};

/** What has to be so before, and which variant it was. */
const SETTINGS: Readonly<
  Record<string, { variant?: string; headers?: Record<string, string>; before?: (wire: FamilyWire) => void }>
> = {
  "ami-gigabyte 1": { variant: "ami-gigabyte new", headers: { "If-Match": 'W/"1584634868"' } },
  "dell-idrac9 2": { before: (wire) => wire.fillSessions() },
  "hpe-ilo4 0": { before: (wire) => void (wire.power = "Off") },
  "hpe-ilo4 2": { headers: { "X-Auth-Token": "of nobody" } },
  "hpe-ilo5 0": { variant: "hpe-ilo5 1.30" },
  "hpe-ilo5 1": { variant: "hpe-ilo5 1.30", before: (wire) => wire.openSession("username000000005aa0eba421cac083") },
  "hpe-ilo5 2": { variant: "hpe-ilo5 1.30" },
  "huawei-ibmc 1": { headers: { "X-Auth-Token": "of nobody" } },
};

for (const folder of FOLDERS) {
  for (const [i, { request, response }] of exchangesOf(folder).entries()) {
    const name = `${folder} ${i}`;
    if (name in LEFT_OUT) continue;
    const { variant = folder, headers, before } = SETTINGS[name] ?? {};
    Deno.test(`emulated firmware answers as recorded: ${variant}, ${request.method} ${request.uri}`, async () => {
      const wire = new FamilyWire(recordings().find((recording) => recording.name === variant)!);
      before?.(wire);
      const isLogIn = /Sessions\/?$/.test(request.uri);
      const basic = `Basic ${btoa(`${USER.username}:${USER.password}`)}`;
      const ask: Ask = {
        method: request.method as Ask["method"],
        path: request.uri,
        headers: {
          ...(isLogIn || headers?.["X-Auth-Token"] !== undefined ? {} : { Authorization: basic }),
          ...headers,
        },
        body: isLogIn ? { UserName: USER.username, Password: USER.password } : request.body,
      };
      const answer = await wire.ask(ask, never);
      assert.equal(answer.status, response.status, answer.text);
      assert.equal("x-auth-token" in answer.headers, "X-Auth-Token" in (response.headers ?? {}));
      assert.equal("location" in answer.headers, "Location" in (response.headers ?? {}));
      const said = /MessageI[dD]":"[^"]*\.(\w+)"/.exec(JSON.stringify(response.body ?? ""))?.[1];
      // 401 and 404 mean the same in any words.
      if (said !== undefined && ![200, 201, 401, 404].includes(response.status)) {
        assert.match(answer.text, new RegExp(said));
      }
    });
  }
}
