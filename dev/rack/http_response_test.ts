import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { MalformedResponseError, ResponseReader } from "./http_response.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (piece: Uint8Array) => String.fromCharCode(...piece);

interface Seen {
  readonly status: number;
  readonly length: string | undefined;
  readonly body: string;
  readonly done: boolean;
}

/** Reads a response that comes in these pieces. */
function read(pieces: readonly string[], method = "GET"): Seen {
  let [status, length, body] = [0, undefined as string | undefined, ""];
  const reader = new ResponseReader(method, (head) => {
    status = head.status;
    length = head.headers.get("content-length");
    return (piece) => void (body += text(piece));
  });
  for (const piece of pieces) equal(reader.take(bytes(piece)), undefined);
  const { done } = reader;
  reader.end();
  return { status, length, body, done };
}

const CASES: readonly [name: string, response: string, wanted: Partial<Seen>, method?: string][] = [
  ["Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloMORE", {
    status: 200,
    length: "5",
    body: "hello",
    done: true,
  }],
  ["an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", { body: "", done: true }],
  ["HEAD has a length and no body (RFC 9110 section 9.3.2)", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {
    length: "5",
    body: "",
    done: true,
  }, "HEAD"],
  ["204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, done: true }],
  ["the end of the connection ends a body without length (RFC 9112 section 6.3)", "HTTP/1.0 200 OK\r\n\r\nhello", {
    body: "hello",
    done: false,
  }],
  [
    "chunks, extensions and trailers (RFC 9112 section 7.1)",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
    { body: "hello", done: true },
  ],
  [
    "100 Continue comes before the response",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length:2\r\n\r\nno",
    { status: 404, body: "no", done: true },
  ],
  ["line feeds alone end lines too (RFC 9112 section 2.2)", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", {
    body: "x",
    done: true,
  }],
];
for (const [name, response, wanted, method] of CASES) {
  Deno.test(`ResponseReader: ${name}, in one piece and byte by byte`, () => {
    for (const pieces of [[response], response.split("")]) {
      const seen = read(pieces, method);
      deepEqual({ ...seen, ...wanted }, seen);
    }
  });
}

for (
  const [name, response] of [
    ["no HTTP", "220 mail.example ESMTP\r\n\r\n"],
    ["a connection that ends without an answer", ""],
    ["a connection that ends in the head", "HTTP/1.1 200 OK\r\n"],
    ["a body that is too short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n"],
    ["a chunk without size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"],
    ["chunks that do not end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"],
    ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`],
  ]
) {
  Deno.test(`ResponseReader refuses ${name}`, () => throws(() => read([response!]), MalformedResponseError));
}

Deno.test("ResponseReader gives pieces one after the other to a taker that takes its time", async () => {
  const taken: string[] = [];
  const reader = new ResponseReader("GET", () => async (piece) => {
    const copy = text(piece);
    await Promise.resolve();
    taken.push(copy);
  });
  await reader.take(
    bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"),
  );
  deepEqual(taken, ["a", "b", "c"]);
});

Deno.test("ResponseReader: what is read does not depend on how it was cut", () => {
  const response = CASES[5]![1];
  fc.assert(fc.property(fc.array(fc.nat(response.length)), (cuts) => {
    const at = [0, ...cuts.sort((a, b) => a - b), response.length];
    equal(read(at.slice(1).map((end, i) => response.slice(at[i], end))).body, "hello");
  }));
});
