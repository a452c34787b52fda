import { equal, rejects } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { ApiError } from "../k8s/errors.ts";
import { BmcPasswords, PasswordError, type ReadSecret } from "./bmc_passwords.ts";

const REF = { namespace: "ns", name: "bmc", key: "password" };
const { signal } = new AbortController();
const base64 = (text: string) => new TextEncoder().encode(text).toBase64();

for (
  const [name, data, wanted] of [
    ["as it is", "pass word ", "pass word "],
    ["without the line end of a file", "hunter2\r\n", "hunter2"],
    ["but one line end", "hunter2\n\n", "hunter2\n"],
    ["that is not ASCII", "pässword", "pässword"],
  ] as const
) {
  Deno.test(`BmcPasswords reads a password ${name} (contract 9)`, async () => {
    const passwords = new BmcPasswords(() => Promise.resolve({ password: base64(data) }), new FakeClock());
    equal(await passwords.read(REF, signal), wanted);
  });
}

const WHAT = "Secret ns/bmc (spec.pxe.redfish.passwordRef)";
for (
  const [name, read, wanted] of [
    ["no Secret", () => Promise.resolve(undefined), `${WHAT} does not exist`],
    ["an empty Secret", () => Promise.resolve({}), `${WHAT} has no key password, it is empty`],
    [
      "another key",
      () => Promise.resolve({ pass: base64("x"), user: base64("y") }),
      `${WHAT} has no key password; it has pass, user`,
    ],
    ["an empty value", () => Promise.resolve({ password: base64("\n") }), `${WHAT} holds an empty password`],
    ["no base64", () => Promise.resolve({ password: "?" }), `${WHAT} holds in password what is not text`],
    ["no text", () => Promise.resolve({ password: "/w==" }), `${WHAT} holds in password what is not text`],
    [
      "no right to read it",
      () => Promise.reject(new ApiError("GET", 403)),
      `${WHAT} may not be read; grant get on Secrets there`,
    ],
  ] as const satisfies readonly (readonly [string, ReadSecret, string])[]
) {
  Deno.test(`BmcPasswords says what is wrong with ${name} (issue 5, bad input)`, async () => {
    await rejects(new BmcPasswords(read, new FakeClock()).read(REF, signal), new PasswordError(wanted));
  });
}

Deno.test("BmcPasswords passes an outage of the API on", async () => {
  const outage = new ApiError("GET", 503);
  await rejects(new BmcPasswords(() => Promise.reject(outage), new FakeClock()).read(REF, signal), outage);
});

Deno.test("BmcPasswords reads a password again where the clock was set back", async () => {
  const clock = new FakeClock(3_600_000);
  let reads = 0;
  const passwords = new BmcPasswords(() => Promise.resolve({ password: base64(`p${++reads}`) }), clock);
  equal(await passwords.read(REF, signal), "p1");
  clock.advance(-3_000_000);
  equal(await passwords.read(REF, signal), "p2");
});

Deno.test("BmcPasswords keeps a password for a minute, unless it is told that it was refused (11.17)", async () => {
  const clock = new FakeClock();
  let reads = 0;
  const passwords = new BmcPasswords(() => Promise.resolve({ password: base64(`p${++reads}`) }), clock);
  equal(await passwords.read(REF, signal), "p1");
  clock.advance(59_999);
  equal(await passwords.read(REF, signal), "p1");
  clock.advance(1);
  equal(await passwords.read(REF, signal), "p2");
  passwords.forget({ ...REF, key: "other" });
  equal(await passwords.read(REF, signal), "p2");
  passwords.forget(REF);
  equal(await passwords.read(REF, signal), "p3");
});
