import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { BodyRoom } from "./body_room.ts";
import { Connection, LIMITS_MS } from "./connection.ts";
import { type Handler, type HttpRequest, type Pieces, textReply } from "./message.ts";

const encode = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A client that sends `input` and takes what it gets in small bites. */
class Client {
  readonly #input: Uint8Array;
  #at = 0;
  output = "";
  ended: string[] = [];

  constructor(input: string) {
    this.#input = encode(input);
  }
  read(buffer: Uint8Array): Promise<number | null> {
    const part = this.#input.subarray(this.#at, this.#at + Math.min(7, buffer.length));
    buffer.set(part);
    this.#at += part.length;
    return Promise.resolve(part.length === 0 ? null : part.length);
  }
  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, 11);
    this.output += String.fromCharCode(...taken);
    return Promise.resolve(taken.length);
  }
  closeWrite(): Promise<void> {
    this.ended.push("closeWrite");
    return Promise.resolve();
  }
  close(): void {
    this.ended.push("close");
  }
}

const echo: Handler = async ({ method, target, readBody }: HttpRequest) => {
  const body = method === "POST" ? await readBody(20) : new Uint8Array();
  return textReply(method, 200, body === undefined ? "too large" : `${target} ${String.fromCharCode(...body)}`);
};

async function talk(input: string, handle: Handler = echo): Promise<Client> {
  const client = new Client(input);
  const date = () => "Thu, 01 Jan 1970 00:00:00 GMT";
  await new Connection({ socket: client, peer: "10.0.0.5", handle, now: () => 0, date, bodies: new BodyRoom() })
    .serve();
  return client;
}

Deno.test("Connection answers pipelined requests in turn, with Date (RFC 9112 9.3.2, RFC 9110 6.6.1)", async () => {
  const { output } = await talk(
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiHEAD /c HTTP/1.1\r\nHost: x\r\n\r\n",
  );
  equal(
    output,
    ["/a ", "/b hi", ""].map((body, i) =>
      "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n" +
      `Content-Length: ${[3, 5, 3][i]}\r\n\r\n${body}`
    ).join(""),
  );
});

Deno.test("Connection ends where it is asked to, and says what an old client must know (RFC 9112 9.3)", async () => {
  const cases: [string, RegExp | undefined, number][] = [
    ["GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", /^close$/, 1],
    ["GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", /^close$/, 1],
    ["GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", /^keep-alive$/, 2],
    ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", undefined, 1],
  ];
  for (const [input, announced, answers] of cases) {
    const { output } = await talk(input);
    equal(output.split("HTTP/1.1 200").length - 1, answers, input);
    const connection = /^Connection: (.*)\r$/m.exec(output)?.[1];
    if (announced === undefined) equal(connection, undefined);
    else match(connection!, announced);
  }
});

Deno.test("Connection sends 100 only to who waits for it and only when the body is wanted (RFC 9110 10.1.1)", async () => {
  const post = (length: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
  match((await talk(post(2) + "hi")).output, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  const large = await talk(post(21));
  match(large.output, /^HTTP\/1\.1 200 OK[^]*Connection: close\r\n\r\ntoo large$/);
  deepEqual(large.ended, ["closeWrite"], "it lingers, so that the answer is not lost (RFC 9112 9.6)");
});

Deno.test("Connection passes over a small body that nobody read, and stays", async () => {
  const { output } = await talk(
    "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
  );
  equal(output.split("HTTP/1.1 200").length - 1, 2);
});

Deno.test("Connection answers a malformed request and ends (RFC 9112 2.2)", async () => {
  const { output, ended } = await talk("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
  match(output, /^HTTP\/1\.1 400 Bad Request\r\n[^]*Connection: close\r\n\r\nexactly one Host is needed\n$/);
  deepEqual(ended, ["closeWrite"]);
});

Deno.test("Connection gives a file's pieces back, also when the client is gone", async () => {
  let disposed = 0;
  const pieces = (): Pieces => {
    const left = [encode("abc"), encode("def")];
    return { length: 6, next: () => Promise.resolve(left.shift()), [Symbol.dispose]: () => disposed++ };
  };
  const file: Handler = () => ({ status: 200, fields: { "Content-Length": "6" }, body: pieces() });
  match((await talk("GET / HTTP/1.1\r\nHost: x\r\n\r\n", file)).output, /abcdef$/);
  equal(disposed, 1);
  const gone = new Client("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  gone.write = () => Promise.reject(new Deno.errors.BrokenPipe("gone"));
  const connection = new Connection({
    socket: gone,
    peer: "",
    handle: file,
    now: () => 0,
    date: () => "",
    bodies: new BodyRoom(),
  });
  await rejects(connection.serve(), Deno.errors.BrokenPipe);
  equal(disposed, 2);
});

Deno.test("Connection gives a file back when its client ends in the middle of a body that nobody asked for", async () => {
  let disposed = 0;
  const pieces: Pieces = { length: 6, next: () => Promise.resolve(undefined), [Symbol.dispose]: () => disposed++ };
  const { output } = await talk(
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
    () => ({ status: 200, fields: { "Content-Length": "6" }, body: pieces }),
  );
  match(output, /^HTTP\/1\.1 400 /);
  equal(disposed, 1);
});

Deno.test("Connection's deadline follows what the client is doing: a trickle does not move a head's", async () => {
  let now = 1000;
  const seen: number[] = [];
  const client = new Client("GET /long/path HTTP/1.1\r\nHost: x\r\n\r\n");
  const read = client.read.bind(client);
  const connection: Connection = new Connection({
    socket: Object.assign(client, {
      read(buffer: Uint8Array) {
        seen.push(connection.deadline - 1000);
        now += 10;
        return read(buffer);
      },
    }),
    peer: "",
    handle: echo,
    now: () => now,
    date: () => "",
    bodies: new BodyRoom(),
  });
  await connection.serve();
  equal(seen[0], LIMITS_MS.idle);
  ok(seen.slice(1, 5).every((ms) => ms === LIMITS_MS.head + 10));
  equal(connection.idle, true);
});

Deno.test("Connection gives an answer that waits for others its own time, not what a body had left (contract 10)", async () => {
  let left = 0;
  const connection: Connection = new Connection({
    socket: new Client("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"),
    peer: "",
    handle: async ({ method, readBody }) => {
      await readBody(20);
      left = connection.deadline;
      return textReply(method, 200, "ok");
    },
    now: () => 0,
    date: () => "",
    bodies: new BodyRoom(),
  });
  await connection.serve();
  equal(left, LIMITS_MS.write);
});

const BODIES: readonly (readonly [name: string, fields: string])[] = [
  ["that it says it waits for", "POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue"],
  ["that nobody asked for", "PUT / HTTP/1.1\r\nContent-Length: 2"],
];
for (const [name, head] of BODIES) {
  Deno.test(`Connection gives a body ${name} the time of a body, not of an answer`, async () => {
    const client = new Client(`${head}\r\nHost: x\r\n\r\n`);
    const read = client.read.bind(client);
    const left: number[] = [];
    const connection: Connection = new Connection({
      socket: Object.assign(client, {
        async read(buffer: Uint8Array) {
          const count = await read(buffer);
          if (count === null) left.push(connection.deadline);
          return count;
        },
      }),
      peer: "",
      handle: echo,
      now: () => 0,
      date: () => "",
      bodies: new BodyRoom(),
    });
    await connection.serve();
    match(client.output, /ends in the middle of its body/);
    deepEqual(left, [LIMITS_MS.body, LIMITS_MS.linger]);
  });
}

Deno.test("Connection stays after a body that is too long where it can pass it over", async () => {
  const post = (length: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${"x".repeat(length)}`;
  const answers = async (length: number) => (await talk(post(length).repeat(2))).output.split("too large").length - 1;
  deepEqual([await answers(64 * 1024), await answers(64 * 1024 + 1)], [2, 1]);
});
