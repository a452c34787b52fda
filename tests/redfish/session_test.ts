import assert from "node:assert/strict";
import { loginFrom, sessionsOf } from "../../redfish/session.ts";
import { BmcError } from "../../redfish/types.ts";
import type { Answer } from "../../redfish/wire.ts";
import { exchangesOf, readRecorded, recordings } from "../golden/redfish/recorded.ts";
import { clientOf, FamilyWire, never, USER } from "./family_wire.ts";

const recordingOf = (name: string) => recordings().find((recording) => recording.name === name)!;
const wireOf = (name: string) => new FamilyWire(recordingOf(name));

const answerOf = (status: number, headers: Record<string, string> = {}, body: unknown = {}): Answer => ({
  status,
  headers,
  text: typeof body === "string" ? body : JSON.stringify(body),
});

Deno.test("sessions are made where the root says, and nothing is made up where it is silent", () => {
  const cases: readonly [string, string, string | undefined][] = [
    ["dell-idrac8", "service-root.json", "/redfish/v1/Sessions"],
    ["hpe-ilo5", "service-root.json", "/redfish/v1/SessionService/Sessions"],
    ["ami-gigabyte", "service-root.json", "/redfish/v1/SessionService/Sessions"],
    ["huawei-ibmc", "service-root.json", "/redfish/v1/SessionService/Sessions"],
    ["sushy-tools", "service-root.json", undefined],
  ];
  for (const [family, file, wanted] of cases) assert.equal(sessionsOf(readRecorded(family, file)), wanted, family);
  assert.equal(sessionsOf({ SessionService: { "@odata.id": "/x/Service/" } }), "/x/Service/Sessions");
  assert.equal(sessionsOf({ Links: { Sessions: { "@odata.id": "https://bmc/a/Sessions" } } }), "/a/Sessions");
});

Deno.test("loginFrom() reads the recorded answers to a log-in", () => {
  const wanted: Readonly<Record<string, unknown>> = {
    "hpe-ilo5": {
      kind: "session",
      token: "0".repeat(32),
      uri: "/redfish/v1/SessionService/Sessions/username000000005aa0eba421cac083/",
    },
    "openbmc-qemu": { kind: "session", token: "0".repeat(20), uri: "/redfish/v1/SessionService/Sessions/H6aqsDdd0c" },
    // No free session: Basic, for this time.
    "dell-idrac9": { kind: "basic", isForNow: true },
    "sushy-tools": { kind: "basic", isForNow: false },
  };
  for (const [family, login] of Object.entries(wanted)) {
    const { response } = exchangesOf(family).find(({ request }) =>
      request.method === "POST" && /Sessions\/?$/.test(request.uri)
    )!;
    const headers = Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual(
      loginFrom(answerOf(response.status, Object.fromEntries(headers), response.body), "u"),
      login,
      family,
    );
  }
});

Deno.test("loginFrom() tells a refused user from a BMC that cannot now", () => {
  const error = (id: string) => ({ error: { "@Message.ExtendedInfo": [{ MessageId: id }] } });
  const cases: readonly [string, Answer, string][] = [
    ["wrong password", answerOf(401), "login"],
    ["wrong password, as iLO says it", answerOf(400, {}, error("iLO.2.8.UnauthorizedLoginAttempt")), "login"],
    ["forbidden", answerOf(403), "login"],
    ["iDRAC not ready", answerOf(400, {}, error("IDRAC.1.6.SWC0700")), "busy"],
    ["internal error", answerOf(500), "busy"],
    ["teapot", answerOf(418), "refused"],
  ];
  for (const [name, answer, fault] of cases) {
    assert.throws(() => loginFrom(answer, "u"), (thrown) => thrown instanceof BmcError && thrown.fault === fault, name);
  }
  for (const status of [404, 405, 415, 501]) {
    assert.deepEqual(loginFrom(answerOf(status), "u"), { kind: "basic", isForNow: false }, String(status));
  }
  assert.deepEqual(loginFrom(answerOf(200), "u"), { kind: "basic", isForNow: false }, "no token");
  assert.deepEqual(loginFrom(answerOf(503), "u"), { kind: "basic", isForNow: true }, "no free session");
});

Deno.test("contract 9: one session for many calls, ended at the end", async () => {
  const wire = wireOf("hpe-ilo5");
  const { bmc } = clientOf(wire);
  for (let i = 0; i < 3; i++) await bmc.look(never);
  assert.equal(wire.sessions, 1);
  assert.equal(wire.count("POST /redfish/v1/SessionService/Sessions"), 1);
  await bmc.close();
  assert.equal(wire.sessions, 0);
  await bmc.close();
  assert.equal(wire.count("DELETE"), 1);
});

Deno.test("a connection that is closed between two calls ends no session", async () => {
  const wire = wireOf("hpe-ilo5");
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  bmc.disconnect();
  assert.deepEqual([wire.closings, wire.sessions], [1, 1]);
  await bmc.look(never);
  assert.equal(wire.count("POST"), 1);
});

Deno.test("contract 9: a session that is not known any more is replaced once; never two at a time", async () => {
  for (const family of ["dell-idrac8", "hpe-ilo5"]) {
    const wire = wireOf(family);
    const { bmc } = clientOf(wire);
    await bmc.look(never);
    wire.forgetSessions();
    await bmc.look(never);
    assert.equal(wire.sessions, 1, family);
    assert.equal(wire.count("POST"), 2, family);
  }
});

Deno.test("contract 9: a BMC that refuses each new session's token is not asked again and again", async () => {
  const wire = wireOf("hpe-ilo5");
  wire.instead = ({ method, path }) => method === "GET" && path.endsWith("/Systems") ? answerOf(401) : undefined;
  const { bmc } = clientOf(wire);
  await assert.rejects(bmc.look(never), (error) => error instanceof BmcError && error.fault === "login");
  assert.equal(wire.count("POST"), 2);
  assert.equal(wire.sessions, 1);
});

Deno.test("contract 9: Basic where there are no sessions, and no further try to make one", async () => {
  const wire = wireOf("sushy-tools");
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  const posts = wire.count("POST");
  await bmc.look(never);
  assert.equal(wire.count("POST"), posts);
});

Deno.test("no free session: Basic for the call only, and a session when there is one again", async () => {
  const wire = wireOf("dell-idrac9");
  const full = exchangesOf("dell-idrac9").find(({ response }) => response.status === 503)!.response;
  wire.instead = ({ method }) => method === "POST" ? answerOf(503, {}, full.body) : undefined;
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  assert.equal(wire.sessions, 0);
  wire.instead = () => undefined;
  await bmc.look(never);
  assert.equal(wire.sessions, 1);
});

Deno.test("a session that is lost while none is free: Basic for the call, and a session when there is one again", async () => {
  const wire = wireOf("dell-idrac9");
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  wire.forgetSessions();
  wire.instead = ({ method }) => method === "POST" ? answerOf(503) : undefined;
  await bmc.look(never);
  wire.instead = () => undefined;
  await bmc.look(never);
  assert.equal(wire.sessions, 1);
});

Deno.test("a BMC that has just started and lacks its links is spoken to as well, and anew when it has them", async () => {
  const wire = wireOf("ami-gigabyte");
  wire.instead = ({ method, path }) =>
    path === "/redfish/v1/" ? answerOf(200, {}, {}) : method === "POST" ? answerOf(503) : undefined;
  const { bmc } = clientOf(wire);
  assert.equal((await bmc.look(never)).system, "/redfish/v1/Systems/Self");
  wire.instead = () => undefined;
  const before = wire.asked.length;
  await bmc.look(never);
  assert.equal(wire.sessions, 1);
  assert.ok(wire.asked.slice(before).includes("GET /redfish/v1/"));
});

Deno.test("no free session, and Basic switched off: busy, not a wrong password", async () => {
  const wire = wireOf("dell-idrac9");
  wire.instead = ({ method, headers }) =>
    method === "POST" ? answerOf(503) : headers?.["Authorization"] === undefined ? undefined : answerOf(401);
  const { bmc } = clientOf(wire);
  await assert.rejects(bmc.look(never), (error) => error instanceof BmcError && error.fault === "busy");
});

Deno.test("a wrong password: the BMC's words, and the password in no message and no log", async () => {
  for (const family of ["hpe-ilo5", "sushy-tools"]) {
    const wire = wireOf(family);
    const wrong = { username: "admin", password: 'wr"ong-word' };
    const { bmc, log } = clientOf(wire, "1", wrong);
    await assert.rejects(bmc.look(never), (error) => {
      assert.ok(error instanceof BmcError);
      assert.equal(error.fault, "login");
      assert.match(error.message, /^BMC https:\/\/bmc\.test: user admin or the password is refused: 401/);
      return true;
    });
    assert.ok(!JSON.stringify(log.lines).includes("ong-word"));
  }
});

Deno.test("a password that the BMC repeats is taken out of its words", async () => {
  const wire = wireOf("hpe-ilo5");
  const { password } = USER;
  const echo = {
    error: { "@Message.ExtendedInfo": [{ Message: `The value '${password}' for Password is too long` }] },
  };
  wire.instead = ({ method }) => method === "POST" ? answerOf(400, {}, echo) : undefined;
  await assert.rejects(clientOf(wire).bmc.look(never), (error) => {
    assert.ok(error instanceof BmcError && error.message.includes("'***' for Password"), String(error));
    return !error.message.includes(password);
  });
});

Deno.test("a password that comes back after the log-in is taken out too", async () => {
  const wire = wireOf("hpe-ilo5");
  wire.instead = ({ path }) => path.endsWith("/Systems/1") ? answerOf(400, {}, `no: ${USER.password}`) : undefined;
  await assert.rejects(clientOf(wire).bmc.look(never), (error) => {
    assert.ok(error instanceof BmcError && error.message.includes("no: ***"), String(error));
    return !error.message.includes(USER.password);
  });
});

Deno.test("a log-in carries no Basic beside it, which some answer with 415 (community.general PR #5903)", async () => {
  const wire = wireOf("hpe-ilo5");
  wire.instead = ({ method, headers }) =>
    method === "POST" && headers?.["Authorization"] !== undefined ? answerOf(415) : undefined;
  await clientOf(wire).bmc.look(never);
  assert.equal(wire.sessions, 1);
});

Deno.test("close() never throws, whatever the BMC does", async () => {
  const wire = wireOf("hpe-ilo5");
  const { bmc } = clientOf(wire);
  await bmc.look(never);
  wire.instead = () => {
    throw new BmcError("unreachable", "gone");
  };
  await bmc.close();
});

Deno.test("what is no Redfish is called what it is", async () => {
  const cases: readonly [string, Answer, string, RegExp][] = [
    ["a web page", answerOf(200, {}, "<!DOCTYPE html><html><body>Router</body></html>"), "protocol", /a page of HTML/],
    ["Redfish switched off", answerOf(404), "protocol", /switched off/],
    ["starting", answerOf(503, {}, "starting"), "busy", /503 not available: starting/],
    ["text", answerOf(200, {}, "hello"), "protocol", /hello/],
    ["a list", answerOf(200, {}, []), "protocol", /not Redfish/],
  ];
  for (const [name, answer, fault, words] of cases) {
    const wire = wireOf("hpe-ilo5");
    wire.instead = () => answer;
    await assert.rejects(clientOf(wire).bmc.look(never), (error) => {
      assert.ok(error instanceof BmcError, String(error));
      assert.equal(error.fault, fault, name);
      assert.match(error.message, words, name);
      return true;
    });
  }
});
