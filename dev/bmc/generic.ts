/** Firmware that does what the standard says and nothing else (DSP0266 1.20): pure. */
import type { BootDevice } from "../rack/types.ts";
import type { BmcAnswer, BmcEffect, BmcFacts, BmcFamily, BmcRequest, BmcState, BmcStep } from "./types.ts";

const ROOT = "/redfish/v1";
const SESSIONS = `${ROOT}/SessionService/Sessions`;
const SYSTEMS = `${ROOT}/Systems`;
const SYSTEM = `${SYSTEMS}/1`;
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
const RESET_TYPES = ["On", "ForceOff", "GracefulShutdown", "ForceRestart", "GracefulRestart", "ForceOn"];
const TURNS_ON = new Set(["On", "ForceOn"]);
/** What may be written of Boot, and with what. */
const BOOT_VALUES: Readonly<Record<string, readonly string[]>> = {
  BootSourceOverrideTarget: ["None", "Pxe", "Hdd", "UefiHttp"],
  BootSourceOverrideEnabled: ["Disabled", "Once", "Continuous"],
  BootSourceOverrideMode: ["UEFI", "Legacy"],
};
const MOST_SESSIONS = 8;
/** Where a BMC does not announce another one. */
export const SESSION_TIMEOUT_S = 1800;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An error as DSP0266 section 8.6 has it. */
export function redfishError(status: number, message: string, text: string): BmcAnswer {
  const id = `Base.1.19.${message}`;
  const info = { MessageId: id, Message: text, Severity: "Critical", MessageArgs: [], Resolution: "None." };
  return { status, body: { error: { code: id, message: text, "@Message.ExtendedInfo": [info] } } };
}

const notFound = (path: string) => redfishError(404, "ResourceMissingAtURI", `The resource at ${path} was not found.`);

/** Whether a request may pass: a session's token, or HTTP Basic (DSP0266 section 13.3). */
export function isAllowed({ sessions }: BmcState, { headers }: BmcRequest, { username, password }: BmcFacts): boolean {
  const { "x-auth-token": token, authorization } = headers;
  if (token !== undefined) return Object.values(sessions).includes(token);
  const given = new TextEncoder().encode(`${username}:${password}`).toBase64();
  return authorization?.match(/^basic +(\S+)$/i)?.[1] === given;
}

const collection = (path: string, name: string, members: readonly string[]): unknown => ({
  "@odata.id": path,
  "@odata.type": `#${name}.${name}`,
  Name: name,
  "Members@odata.count": members.length,
  Members: members.map((member) => ({ "@odata.id": `${path}/${member}` })),
});

function serviceRoot(): unknown {
  return {
    "@odata.id": `${ROOT}/`,
    "@odata.type": "#ServiceRoot.v1_17_0.ServiceRoot",
    Id: "RootService",
    Name: "Root Service",
    RedfishVersion: "1.20.0",
    Vendor: "metalman",
    Product: "Emulated BMC",
    Systems: { "@odata.id": SYSTEMS },
    SessionService: { "@odata.id": `${ROOT}/SessionService` },
    Links: { Sessions: { "@odata.id": SESSIONS } },
  };
}

const tagOf = ({ version }: BmcState) => `"${version}"`;

function system(state: BmcState, { power }: BmcFacts): BmcAnswer {
  const allowed = Object.entries(BOOT_VALUES).map(([name, values]) => [`${name}@Redfish.AllowableValues`, values]);
  const body = {
    "@odata.id": SYSTEM,
    "@odata.type": "#ComputerSystem.v1_24_0.ComputerSystem",
    "@odata.etag": tagOf(state),
    Id: "1",
    Name: "System",
    SystemType: "Physical",
    Manufacturer: "metalman",
    Model: "Emulated server",
    PowerState: power,
    Boot: { ...state.boot, ...Object.fromEntries(allowed) },
    Actions: {
      "#ComputerSystem.Reset": { target: RESET, "ResetType@Redfish.AllowableValues": RESET_TYPES },
    },
  };
  return { status: 200, headers: { etag: tagOf(state) }, body };
}

function logIn(state: BmcState, { body }: BmcRequest, { username, password, token }: BmcFacts): BmcStep {
  if (!isObject(body) || body.UserName !== username || body.Password !== password) {
    const text = "While attempting to establish a session, the service denied access.";
    return { state, answer: redfishError(401, "NoValidSession", text) };
  }
  if (Object.keys(state.sessions).length >= MOST_SESSIONS) {
    const text = "The session establishment failed due to the number of simultaneous sessions exceeding the limit.";
    return { state, answer: redfishError(503, "SessionLimitExceeded", text) };
  }
  const id = String(Math.max(0, ...Object.keys(state.sessions).map(Number)) + 1);
  const location = `${SESSIONS}/${id}`;
  const answer: BmcAnswer = {
    status: 201,
    headers: { location, "x-auth-token": token },
    body: { "@odata.id": location, "@odata.type": "#Session.v1_8_0.Session", Id: id, Name: "Session" },
  };
  return { state: { ...state, sessions: { ...state.sessions, [id]: token } }, answer };
}

function logOut(state: BmcState, id: string): BmcStep {
  const { [id]: token, ...sessions } = state.sessions;
  if (token === undefined) return { state, answer: notFound(`${SESSIONS}/${id}`) };
  return { state: { ...state, sessions }, answer: { status: 204 } };
}

/** Targets that a machine of a rack has; X12 says UefiBootNext for PXE. */
const DEVICES: ReadonlyMap<unknown, BootDevice> = new Map([
  ["Pxe", "network"],
  ["UefiHttp", "http"],
  ["UefiBootNext", "network"],
  ["Hdd", "disk"],
]);

/** What Boot means for the machine. */
export function bootEffect(boot: BmcState["boot"]): BmcEffect {
  const { BootSourceOverrideTarget: target, BootSourceOverrideEnabled: enabled } = boot;
  const device = enabled === "Disabled" ? undefined : DEVICES.get(target);
  return { kind: "boot", device, once: device !== undefined && enabled === "Once" };
}

function refusedBoot(boot: Record<string, unknown>): BmcAnswer | undefined {
  for (const [name, value] of Object.entries(boot)) {
    if (name === "HttpBootUri") continue;
    const allowed = BOOT_VALUES[name];
    if (allowed === undefined) {
      return redfishError(
        400,
        "PropertyNotWritable",
        `The property ${name} is read only and cannot be assigned a value.`,
      );
    }
    if (!allowed.includes(String(value))) {
      const text = `The value '${value}' for the property ${name} is not in the list of acceptable values.`;
      return redfishError(400, "PropertyValueNotInList", text);
    }
  }
}

function patchSystem(state: BmcState, { body, headers }: BmcRequest, facts: BmcFacts): BmcStep {
  const expected = headers["if-match"];
  if (expected !== undefined && expected !== "*" && expected !== tagOf(state)) {
    return {
      state,
      answer: redfishError(412, "PreconditionFailed", "The ETag supplied did not match the current one."),
    };
  }
  const change = isObject(body) ? body.Boot : undefined;
  if (!isObject(change)) return { state, answer: redfishError(400, "MalformedJSON", "The request body had no Boot.") };
  const refusal = refusedBoot(change);
  if (refusal !== undefined) return { state, answer: refusal };
  const boot = { ...state.boot, ...change };
  const next = { ...state, boot, version: state.version + 1 };
  return { state: next, answer: system(next, facts), effects: [bootEffect(boot)] };
}

function reset(state: BmcState, { body }: BmcRequest, { power }: BmcFacts): BmcStep {
  const type = isObject(body) ? body.ResetType : undefined;
  if (typeof type !== "string" || !RESET_TYPES.includes(type)) {
    const text = `The value '${type}' for the parameter ResetType is not in the list of acceptable values.`;
    return { state, answer: redfishError(400, "ActionParameterValueNotInList", text) };
  }
  if (power === "Off" && !TURNS_ON.has(type)) {
    const text = "The operation was not successful because the resource is in a state that does not allow it.";
    return { state, answer: redfishError(409, "ResourceInStandby", text) };
  }
  return { state, answer: { status: 204 }, effects: [{ kind: "reset", type }] };
}

function answer(state: BmcState, request: BmcRequest, facts: BmcFacts): BmcStep {
  const { method } = request;
  const path = request.path.replace(/\/$/, "");
  if (path === "/redfish") return { state, answer: { status: 200, body: { v1: `${ROOT}/` } } };
  if (path === ROOT) return { state, answer: { status: 200, body: serviceRoot() } };
  if (path === SESSIONS && method === "POST") return logIn(state, request, facts);
  if (!isAllowed(state, request, facts)) {
    const text = "There is no valid session established with the implementation.";
    return { state, answer: redfishError(401, "NoValidSession", text) };
  }
  const session = path.startsWith(`${SESSIONS}/`) ? path.slice(SESSIONS.length + 1) : undefined;
  if (session !== undefined && method === "DELETE") return logOut(state, session);
  if (path === RESET && method === "POST") return reset(state, request, facts);
  if (path === SYSTEM && method === "PATCH") return patchSystem(state, request, facts);
  if (method !== "GET") return { state, answer: redfishError(405, "OperationNotAllowed", `Not allowed: ${method}.`) };
  return { state, answer: read(state, path, facts) };
}

function read(state: BmcState, path: string, facts: BmcFacts): BmcAnswer {
  if (path === SYSTEM) return system(state, facts);
  if (path === SYSTEMS) return { status: 200, body: collection(SYSTEMS, "ComputerSystemCollection", ["1"]) };
  if (path === SESSIONS) {
    return { status: 200, body: collection(SESSIONS, "SessionCollection", Object.keys(state.sessions)) };
  }
  if (path === `${ROOT}/SessionService`) {
    const links = { "@odata.id": path, ServiceEnabled: true, SessionTimeout: SESSION_TIMEOUT_S };
    return { status: 200, body: { ...links, Sessions: { "@odata.id": SESSIONS } } };
  }
  return notFound(path);
}

/** Any vendor's, as it should be. */
export const genericFamily: BmcFamily = {
  initial: {
    boot: {
      BootSourceOverrideTarget: "None",
      BootSourceOverrideEnabled: "Disabled",
      BootSourceOverrideMode: "UEFI",
    },
    sessions: {},
    version: 1,
  },
  sessionTimeoutMs: SESSION_TIMEOUT_S * 1000,
  answer,
  booted: (state) => ({
    ...state,
    boot: { ...state.boot, BootSourceOverrideTarget: "None", BootSourceOverrideEnabled: "Disabled" },
    version: state.version + 1,
  }),
};
