/**
 * Conversations with a Kubernetes API, as text that reads like one:
 *
 *     > POST /api/v1/namespaces/$ns/configmaps    a request
 *     + content-type: application/yaml            a header of it
 *     ? metadata.name data                        compare these fields of the answer, not all of it
 *     $a metadata.resourceVersion                 keep a field of the answer; $a stands for it from here on
 *     {metadata: {name: a}}                       the body, in YAML; sent as JSON
 *     < 201                                       the wanted answer: code, warnings, body in YAML
 *     {metadata.name: a}
 *
 * Other requests: `OPEN w /path?watch=1` starts a watch named w, `READ w 2` takes two events of it, `END w` the rest up to
 * its end. `| text` is a line of a body that is sent as it stands. `(x*1000)` in a body is that many x.
 * `$cm` is the path of the ConfigMaps in the case's own namespace `$ns`, `$machines` that of the Machines.
 * Refusals are compared whole, whatever `?` says, unless it begins with `code`. In wanted answers `$uid`, `$rv`, `$time` and `$continue` stand for what differs each time.
 */

/** A request and the answer it must get. */
export interface Step {
  /** `GET`, `OPEN`, `READ` ... */
  readonly verb: string;
  /** Name of a watch, for OPEN, READ and END. */
  readonly watch: string;
  /** Path with query; for READ how many events. */
  readonly target: string;
  /** Of the request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields to compare; all when empty. */
  readonly picks: readonly string[];
  /** Name to path in the answer. */
  readonly keeps: Readonly<Record<string, string>>;
  /** YAML, or with `raw` the very bytes. */
  readonly body: string;
  /** Whether the body is sent as it stands. */
  readonly raw: boolean;
  /** The wanted answer's text, below `<`; undefined when nothing is wanted yet. */
  readonly wanted: string | undefined;
}

/** A case of the suite: a name and a conversation. */
export interface Case {
  /** Says what is promised; unique. */
  readonly name: string;
  /** Requests that come first and must succeed; their answers are not compared. @default none */
  readonly given?: string;
  /** The conversation. */
  readonly talk: string;
}

const MARKED = /^([>+?$|<!]) ?(.*)$/;

/** The steps of a conversation. */
export function parseTalk(talk: string): Step[] {
  return talk.split(/^(?=> )/m).filter((part) => part.trim() !== "").map(parseStep);
}

function parseStep(text: string): Step {
  const answerAt = text.search(/^< /m);
  const asked = (answerAt === -1 ? text : text.slice(0, answerAt)).trimEnd().split("\n");
  const [, verb = "", rest = ""] = /^> (\S+) (.*)$/.exec(asked[0]!) ?? [];
  const named = /^(OPEN|READ|END)$/.test(verb);
  const [watch = "", target = ""] = named ? rest.split(" ") : ["", rest];
  const headers: Record<string, string> = {};
  const keeps: Record<string, string> = {};
  const picks: string[] = [];
  const body: string[] = [];
  let raw = false;
  for (const line of asked.slice(1)) {
    const [, mark, content = ""] = MARKED.exec(line) ?? [];
    const [, name = "", value = ""] = /^(\S*?):? +(.*)$/.exec(content) ?? [];
    if (mark === "+") headers[name] = value;
    else if (mark === "?") picks.push(...content.split(" "));
    else if (mark === "$") keeps[name] = value;
    else if (mark === "|") body.push(content), raw = true;
    else body.push(line);
  }
  const wanted = answerAt === -1 ? undefined : text.slice(answerAt + 2).trim();
  return { verb, watch, target, headers, picks, keeps, body: body.join("\n"), raw, wanted };
}

/** Puts the values of names such as `$ns` into a text, and `(x*3)` in full. */
export function fillIn(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .replace(/\$([a-z]+[0-9]*)/g, (all, name) => names.get(name) ?? all)
    .replace(/\((.)\*(\d+)\)/g, (_, character, count) => character.repeat(Number(count)));
}

/**
 * A field of a value: `metadata.name`, `items[0].data`, `items[metadata.name=a].data`, `items[].data` of all of them,
 * `'a.b'.c` for names with dots.
 */
// deno-lint-ignore no-explicit-any
export function pick(value: any, path: string): any {
  if (path === "" || value === undefined || value === null) return value;
  const [, name = "", index, key = "", wanted, rest = ""] =
    /^((?:'[^']*')|[^.[]*)(\[([\w.]*)=?([^\]]*)\])?\.?(.*)$/.exec(path) ?? [];
  const field = name === "" ? value : value[name.replaceAll("'", "")];
  if (index === undefined) return pick(field, rest);
  if (!Array.isArray(field)) return undefined;
  if (/^\d+$/.test(key)) return pick(field[Number(key)], rest);
  if (key !== "") return pick(field.find((element) => pick(element, key) === wanted), rest);
  return field.map((element) => pick(element, rest) ?? null);
}
