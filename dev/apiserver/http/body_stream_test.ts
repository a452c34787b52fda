import { deepEqual, equal, rejects } from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { BodyReader } from "./body_stream.ts";

/** A request whose body comes as the test gives it. */
function request(headers: Record<string, string>): Readable & IncomingMessage {
  return Object.assign(new Readable({ read() {} }), { headers }) as Readable & IncomingMessage;
}

Deno.test("a body is read whole, in whatever pieces it comes", async () => {
  const of = request({ "transfer-encoding": "chunked" });
  const body = new BodyReader().read(of);
  for (const piece of ["ab", "c", null]) of.push(piece);
  deepEqual(new TextDecoder().decode(await body), "abc");
  equal((await new BodyReader().read(request({}))).length, 0);
});

Deno.test("a body that stops on its way ends with 504, as one whose client leaves", async () => {
  const stalled = request({ "content-length": "5" });
  stalled.push("ab");
  await rejects(new BodyReader(1).read(stalled), { code: 504, reason: "Timeout" });
  const left = request({ "content-length": "5" });
  const body = rejects(new BodyReader().read(left), { code: 504 });
  left.destroy();
  await body;
});

Deno.test("a body without end is refused where the limit is, and the rest passed over", async () => {
  const endless = request({ "transfer-encoding": "chunked" });
  const body = rejects(new BodyReader().read(endless), { code: 413 });
  for (let mebibytes = 0; mebibytes < 4; mebibytes++) endless.push(new Uint8Array(1024 * 1024));
  await body;
  equal(endless.readableFlowing, true);
});

Deno.test("16 large bodies are read at a time, small ones always", async () => {
  const reader = new BodyReader();
  const large = Array.from({ length: 16 }, () => request({ "content-length": "100000" }));
  const bodies = large.map((of) => rejects(reader.read(of), { code: 504 }));
  await rejects(reader.read(request({ "content-length": "100000" })), { code: 429 });
  const small = request({ "content-length": "2" });
  const body = reader.read(small);
  for (const piece of ["ab", null]) small.push(piece);
  equal((await body).length, 2);
  for (const of of large) of.destroy();
  await Promise.all(bodies);
  const again = request({ "content-length": "100000" });
  const read = reader.read(again);
  again.push(null);
  equal((await read).length, 0);
});
