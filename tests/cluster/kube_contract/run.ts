/** Runs the cases of the contract against a server. */
import assert from "node:assert/strict";
import { CORE_SCHEMA, load } from "js-yaml";
import { type Case, fillIn, parseTalk, pick, type Step } from "./conversation.ts";
import { Normaliser, shortened } from "./normal_form.ts";

/** A Kubernetes API server that is put to the test. */
export interface ApiUnderTest {
  /** Without a slash at its end. */
  readonly url: string;
  /** PEM of the authority of its certificate. */
  readonly ca: string;
  /** Bearer token of an administrator. */
  readonly token: string;
}

/** What a server said, in normal form. */
export interface Answer {
  /** Absent for events of a watch. */
  readonly code?: number;
  /** `warning`, and `content-type` where it is not JSON. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body what the step compares. */
  readonly body: unknown;
}

const NAMESPACE = "\n> POST /api/v1/namespaces\n{metadata: {name: $ns}}\n";

/** How long a conversation may take. */
const PATIENCE_MS = 30_000;

/** Runs conversations one after the other, each in a namespace of its own. */
export class Contract implements Disposable {
  readonly #api: ApiUnderTest;
  readonly #client: Deno.HttpClient;
  #cases = 0;

  /** Against this server. */
  constructor(api: ApiUnderTest) {
    this.#api = api;
    this.#client = Deno.createHttpClient({ caCerts: [api.ca], http2: false });
  }

  /** Closes its connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** Has the conversation, and gives every step with its answer. */
  async talk({ given = "", talk }: Case): Promise<{ step: Step; answer: Answer }[]> {
    const ns = `contract-${(++this.#cases).toString(36).padStart(3, "0")}`;
    const cm = `/api/v1/namespaces/${ns}/configmaps`;
    const names = new Map([["ns", ns], ["cm", cm], ["machines", "/apis/unbounded-cloud.io/v1alpha3/machines"]]);
    const watches = new Map<string, Watch>();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new Error(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    const state = { names, watches, normaliser: new Normaliser(names), signal: patience.signal };
    const said: { step: Step; answer: Answer }[] = [];
    try {
      for (const step of parseTalk(/\$cm|namespaces\/\$ns/.test(given + talk) ? NAMESPACE + given : given)) {
        const { code = 0, body } = await this.#answer(step, state);
        assert.ok(code < 300, `given ${step.verb} ${step.target}: ${code} ${JSON.stringify(body)}`);
      }
      for (const step of parseTalk(talk)) said.push({ step, answer: await this.#answer(step, state) });
    } finally {
      clearTimeout(timer);
      for (const watch of watches.values()) await watch.close();
    }
    return said;
  }

  /** Fails when an answer is not the wanted one. */
  async check(one: Case): Promise<void> {
    for (const { step, answer } of await this.talk(one)) {
      const title = `${step.verb} ${step.watch} ${step.target}`;
      assert.deepEqual(answer, parseAnswer(step.wanted ?? ""), `${one.name}: ${title}`);
    }
  }

  async #answer(step: Step, { names, watches, normaliser, signal }: State): Promise<Answer> {
    const show = (value: unknown, code = 0) =>
      compared(value, code < 400 || /code/.test(step.picks[0] ?? "") ? step.picks : [], normaliser);
    if (step.verb === "READ" || step.verb === "END") {
      const events = await watches.get(step.watch)!.read(step.verb === "END" ? Infinity : Number(step.target));
      keep(step, events, names);
      return { headers: {}, body: events.map((event) => show(event)) };
    }
    const request = requestOf(step, names);
    if (step.verb === "OPEN") {
      const response = await this.#fetch(request, signal);
      if (response.status === 200) {
        watches.set(step.watch, new Watch(response.body!));
        return { code: 200, headers: {}, body: undefined };
      }
      return answerOf(response, show(parseBody(await response.text()), response.status));
    }
    const response = await this.#send(request, signal);
    const value = parseBody(response.text);
    keep(step, value, names);
    return answerOf(response, show(value, response.status));
  }

  async #send(request: Outgoing, signal: AbortSignal): Promise<{ status: number; headers: Headers; text: string }> {
    const response = await this.#fetch(request, signal);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async #fetch({ method, path, headers = {}, body }: Outgoing, signal: AbortSignal): Promise<Response> {
    return await fetch(this.#api.url + path, {
      client: this.#client,
      method,
      headers: {
        authorization: `Bearer ${this.#api.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal,
    });
  }
}

interface State {
  readonly names: Map<string, string>;
  readonly watches: Map<string, Watch>;
  readonly normaliser: Normaliser;
  readonly signal: AbortSignal;
}

interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function requestOf(step: Step, names: ReadonlyMap<string, string>): Outgoing {
  const text = fillIn(step.body, names);
  const body = text === "" || step.raw ? text : JSON.stringify(load(text, { schema: CORE_SCHEMA }));
  return {
    method: step.verb === "OPEN" ? "GET" : step.verb,
    path: fillIn(step.target, names),
    headers: Object.fromEntries(Object.entries(step.headers).map(([name, value]) => [name, fillIn(value, names)])),
    ...(body === "" ? {} : { body }),
  };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function keep({ keeps }: Step, value: unknown, names: Map<string, string>): void {
  for (const [name, path] of Object.entries(keeps)) names.set(name, String(pick(value, path)));
}

function compared(value: unknown, picks: readonly string[], normaliser: Normaliser): unknown {
  if (picks.length === 0) return normaliser.of(value, false);
  const normal = normaliser.of(value, true);
  const fields = picks.map((path) => [path, pick(normal, path)]).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields);
}

function answerOf({ status, headers }: { status: number; headers: Headers }, body: unknown): Answer {
  const shown: Record<string, string> = {};
  const type = headers.get("content-type");
  if (type !== "application/json") shown["content-type"] = type ?? "none";
  for (const name of ["warning", "retry-after", "allow", "location"]) {
    const value = headers.get(name);
    if (value !== null) shown[name] = value;
  }
  return { code: status, headers: shown, body: shortened(body, status) };
}

/** The answer that the lines below `<` describe. */
export function parseAnswer(text: string): Answer {
  const [first = "", ...lines] = text.split("\n");
  const headers: Record<string, string> = {};
  while (lines[0]?.startsWith("! ")) {
    const [, name = "", value = ""] = /^! (\S+): (.*)$/.exec(lines.shift()!) ?? [];
    headers[name] = value;
  }
  const body = lines.join("\n");
  return {
    ...(first === "events" ? {} : { code: Number(first) }),
    headers,
    body: body === "" ? undefined : load(body, { schema: CORE_SCHEMA }),
  };
}

/** The events of a watch. */
class Watch {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next events; fewer at the end of the stream. */
  async read(count: number): Promise<unknown[]> {
    const events: unknown[] = [];
    while (events.length < count) {
      const end = this.#text.indexOf("\n");
      if (end !== -1) {
        events.push(JSON.parse(this.#text.slice(0, end)));
        this.#text = this.#text.slice(end + 1);
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.#text += value;
    }
    return events;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // It may have failed already.
  }
}
