/** Firmware of real BMCs, made from documents that were recorded and from how they behave: pure. */
import { bootEffect, isAllowed, redfishError, SESSION_TIMEOUT_S } from "./generic.ts";
import { HABITS, type Habits } from "./habits.ts";
import { type Json, refusedChange, storedBoot } from "./override.ts";
import type { BmcAnswer, BmcFacts, BmcFamily, BmcRequest, BmcState, BmcStep } from "./types.ts";

/** What was recorded of a family. */
export interface Recording {
  /** A name of {@link HABITS}, or any other. */
  readonly name: string;
  /** By path, without a slash at its end. */
  readonly documents: Readonly<Record<string, Json>>;
  /** The path of the system that is switched. */
  readonly system: string;
  /** The path of the document in which the override is set. @default the system */
  readonly bootAt?: string;
}

const ROOT = "/redfish/v1";
const TASK = `${ROOT}/TaskService/Tasks/1`;
const OVERRIDE = /^(BootSourceOverride(Target|Enabled|Mode)|HttpBootUri)$/;

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => isJson(inner) ? inner[name] : undefined, value);
}

/** A family's firmware. */
export function recordedFamily(recording: Recording): BmcFamily {
  const bootAt = recording.bootAt ?? recording.system;
  const boot = at(recording.documents[bootAt], "Boot");
  const override = Object.entries(isJson(boot) ? boot : {}).filter(([name]) => OVERRIDE.test(name));
  const firmware = new Firmware({ ...recording, bootAt }, HABITS[recording.name] ?? {});
  return {
    initial: { boot: Object.fromEntries(override), sessions: {}, version: 1 },
    sessionTimeoutMs: firmware.sessionTimeoutMs,
    answer: (state, request, facts) => firmware.answer(state, request, facts),
    booted: (state) => ({
      ...state,
      boot: { ...state.boot, BootSourceOverrideTarget: "None", BootSourceOverrideEnabled: "Disabled" },
    }),
  };
}

/** Answers for one family; it holds nothing that changes. */
class Firmware {
  readonly #recording: Required<Recording>;
  readonly #habits: Habits;
  readonly #sessions: string;

  constructor(recording: Required<Recording>, habits: Habits) {
    this.#recording = recording;
    this.#habits = habits;
    const link = at(recording.documents[ROOT], "Links", "Sessions", "@odata.id");
    this.#sessions = typeof link === "string" ? link.replace(/\/$/, "") : `${ROOT}/SessionService/Sessions`;
  }

  get sessionTimeoutMs(): number {
    const seconds = at(this.#recording.documents[this.#sessions.replace(/\/Sessions$/, "")], "SessionTimeout");
    return (typeof seconds === "number" ? seconds : SESSION_TIMEOUT_S) * 1000;
  }

  answer(state: BmcState, request: BmcRequest, facts: BmcFacts): BmcStep {
    const { method } = request;
    const { wantsSlash, redirectsLogIn, hasNoSessions } = this.#habits;
    const path = request.path.replace(/\/$/, "");
    const isLogIn = method === "POST" && path === this.#sessions;
    if ((wantsSlash || redirectsLogIn && isLogIn) && !request.path.endsWith("/")) {
      return { state, answer: { status: 308, headers: { location: `${request.path}/` } } };
    }
    if (path === ROOT && method === "GET") {
      return { state, answer: { status: 200, body: this.#recording.documents[ROOT] } };
    }
    if (path.startsWith(this.#sessions) && hasNoSessions) return { state, answer: this.#missing(path) };
    if (isLogIn) return this.#logIn(state, request, facts);
    if (!isAllowed(state, request, facts)) return { state, answer: this.#unauthorized() };
    if (path.startsWith(`${this.#sessions}/`) && method === "DELETE") return this.#logOut(state, path);
    if (method === "PATCH") return this.#patch(state, path, request, facts);
    if (method === "POST" && path === this.#resetTarget()) return this.#reset(state, request, facts);
    if (method !== "GET") {
      return { state, answer: redfishError(405, "OperationNotAllowed", `${method} is not allowed.`) };
    }
    return { state, answer: this.#read(state, path, facts) };
  }

  #missing(path: string): BmcAnswer {
    return redfishError(404, "ResourceMissingAtURI", `The resource at the URI ${path} was not found.`);
  }

  /** iDRAC 8 answers an expired token with HTML (bb-Ricardo/check_redfish #90). */
  #unauthorized(): BmcAnswer {
    if (this.#habits.unauthorized !== "html") {
      return redfishError(401, "NoValidSession", "There is no valid session established with the implementation.");
    }
    return {
      status: 401,
      headers: { "content-type": "text/html" },
      body: "<html><body>401 Unauthorized</body></html>",
    };
  }

  #success(): BmcAnswer {
    const info = [{ MessageId: "Base.1.4.Success" }];
    return {
      status: 200,
      body: {
        error: { code: "iLO.0.10.ExtendedInfo", message: "See @Message.ExtendedInfo", "@Message.ExtendedInfo": info },
      },
    };
  }

  #logIn(state: BmcState, { body }: BmcRequest, { username, password, token }: BmcFacts): BmcStep {
    if (at(body, "UserName") !== username || at(body, "Password") !== password) {
      return { state, answer: redfishError(401, "ResourceAtUriUnauthorized", "The user name or password is wrong.") };
    }
    const ids = Object.keys(state.sessions);
    if (ids.length >= (this.#habits.mostSessions ?? 8)) {
      return { state, answer: redfishError(503, "RAC0218", "The maximum number of user sessions is reached.") };
    }
    const id = String(Math.max(0, ...ids.map(Number)) + 1);
    const path = `${this.#sessions}/${id}`;
    const { location = "path" } = this.#habits;
    const where: Record<string, string> = location === "nowhere"
      ? {}
      : { location: location === "path" ? path : `https://${path}/` };
    const session = location === "no host" ? this.#success().body : { "@odata.id": path, Id: id, UserName: username };
    return {
      state: { ...state, sessions: { ...state.sessions, [id]: token } },
      answer: {
        status: location === "nowhere" ? 200 : 201,
        headers: { ...where, "x-auth-token": token },
        body: session,
      },
    };
  }

  #logOut(state: BmcState, path: string): BmcStep {
    const { [path.split("/").at(-1) ?? ""]: token, ...sessions } = state.sessions;
    if (token === undefined) return { state, answer: this.#missing(path) };
    return {
      state: { ...state, sessions },
      answer: this.#habits.patched === "message" ? this.#success() : { status: 204 },
    };
  }

  /** A document's tag, in the form in which the family writes its tags; that of the override's grows with its changes. */
  #tag({ version }: BmcState, path: string): string | undefined {
    if (this.#habits.tag !== undefined) return `W/"${version}"`;
    const recorded = this.#recording.documents[path]?.["@odata.etag"];
    if (typeof recorded !== "string" || path !== this.#recording.bootAt) {
      return typeof recorded === "string" ? recorded : undefined;
    }
    return recorded.replace(/[^W/"]+/, String(version));
  }

  #read(state: BmcState, path: string, { power }: BmcFacts): BmcAnswer {
    const { documents, system, bootAt } = this.#recording;
    const document = path === TASK ? TASK_DONE : documents[path];
    if (document === undefined) return this.#missing(path);
    const tag = this.#tag(state, path);
    const byPower = this.#habits.resetTypesByPower?.[power];
    const action = "#ComputerSystem.Reset";
    const actions = at(document, "Actions") as Json;
    const body = {
      ...document,
      ...(path === bootAt && isJson(document["Boot"]) ? { Boot: { ...document["Boot"], ...state.boot } } : {}),
      ...(path === system ? { PowerState: power } : {}),
      ...(tag !== undefined && this.#habits.tag !== "header only" ? { "@odata.etag": tag } : {}),
      ...(path === system && byPower !== undefined
        ? {
          Actions: {
            ...actions,
            [action]: { ...actions[action] as Json, "ResetType@Redfish.AllowableValues": byPower },
          },
        }
        : {}),
    };
    return { status: 200, headers: tag === undefined ? {} : { etag: tag }, body };
  }

  #patch(state: BmcState, path: string, { headers, body }: BmcRequest, facts: BmcFacts): BmcStep {
    const { documents, system, bootAt } = this.#recording;
    if (path !== bootAt && path !== system) return { state, answer: this.#missing(path) };
    const precondition = this.#precondition(state, path, headers["if-match"]);
    if (precondition !== undefined) {
      const drifted = this.#habits.tagDrifts === true ? { ...state, version: state.version + 1 } : state;
      return { state: drifted, answer: precondition };
    }
    if (path !== bootAt) return { state, answer: this.#sentOn(bootAt) };
    const change = at(body, "Boot");
    const document = documents[bootAt] ?? {};
    const refusal = refusedChange(isJson(change) ? change : {}, document["Boot"], this.#habits);
    if (refusal !== undefined || !isJson(change)) return { state, answer: refusal ?? { status: 400 } };
    const boot = storedBoot(state.boot, change, this.#habits);
    const next = { ...state, boot, version: state.version + 1 };
    const { patched } = this.#habits;
    const answer = patched === "nothing"
      ? { status: 204 }
      : patched === "message"
      ? this.#success()
      : this.#read(next, path, facts);
    return { state: next, answer, effects: [bootEffect(boot)] };
  }

  #precondition(state: BmcState, path: string, given: string | undefined): BmcAnswer | undefined {
    const { withoutTag, refusesWeakTag, tagDrifts } = this.#habits;
    const tag = this.#tag(state, path);
    const changed = redfishError(
      412,
      "PreconditionFailed",
      "The ETag supplied did not match the ETag required to change this resource.",
    );
    if (given === undefined) {
      const text =
        "The request did not provide the required precondition, such as an If-Match or If-None-Match header.";
      if (withoutTag === undefined) return undefined;
      return withoutTag === 412 ? changed : redfishError(428, "PreconditionHeaderMissing", text);
    }
    const wanted = refusesWeakTag === true ? tag?.replace(/^W\//, "") : tag;
    if (given !== wanted) return changed;
    // An odd version: the tag has changed since it was read.
    return tagDrifts === true && state.version % 2 === 1 ? changed : undefined;
  }

  #sentOn(bootAt: string): BmcAnswer {
    if (this.#habits.sendsOn === "future state") {
      const text = `Support of this Operation for Boot Properties is moved to FutureState URI(${bootAt})`;
      return redfishError(400, "OperationSupportedInFutureStateURI", text);
    }
    return redfishError(
      400,
      "PropertyNotWritable",
      "The property Boot is a read-only property and cannot be assigned a value.",
    );
  }

  #resetTarget(): string | undefined {
    const target = at(this.#recording.documents[this.#recording.system], "Actions", "#ComputerSystem.Reset", "target");
    return typeof target === "string" ? target.replace(/\/$/, "") : undefined;
  }

  #resetTypes(power: "On" | "Off"): readonly unknown[] {
    const { resetTypes, resetTypesByPower } = this.#habits;
    const action = at(this.#recording.documents[this.#recording.system], "Actions", "#ComputerSystem.Reset");
    const info = at(action, "@Redfish.ActionInfo");
    const parameters = at(typeof info === "string" ? this.#recording.documents[info] : undefined, "Parameters");
    const listed = resetTypesByPower?.[power] ?? resetTypes ?? at(action, "ResetType@Redfish.AllowableValues") ??
      at(Array.isArray(parameters) ? parameters[0] : undefined, "AllowableValues");
    return Array.isArray(listed) ? listed : ["On", "ForceOff"];
  }

  #reset(state: BmcState, { body, headers }: BmcRequest, { power }: BmcFacts): BmcStep {
    const type = at(body, "ResetType");
    // An action has no tag that could match (ironcore-dev/metal-operator #1015).
    if (headers["if-match"] !== undefined) {
      return { state, answer: redfishError(412, "PreconditionFailed", "The ETag did not match.") };
    }
    if (typeof type !== "string" || !this.#resetTypes(power).includes(type)) {
      return {
        state,
        answer: redfishError(400, "ActionParameterNotSupported", `The parameter ResetType ${type} is not supported.`),
      };
    }
    const isThere = power === "Off" ? /Off|Shutdown|Restart/.test(type) : /^(Force)?On$/.test(type);
    const { alreadyThere = 409, reset } = this.#habits;
    if (isThere && alreadyThere !== 204) {
      return {
        state,
        answer: redfishError(alreadyThere, "InvalidOperationForSystemState", `Power is ${power.toLowerCase()}`),
      };
    }
    const answer: BmcAnswer = reset === "task"
      ? { status: 202, headers: { location: TASK }, body: { "@odata.id": TASK, TaskState: "Running" } }
      : reset === "message"
      ? this.#success()
      : { status: 204 };
    return { state, answer, effects: isThere ? [] : [{ kind: "reset", type }] };
  }
}

const TASK_DONE: Json = {
  "@odata.id": TASK,
  "@odata.type": "#Task.v1_4_2.Task",
  TaskState: "Completed",
  TaskStatus: "OK",
};
