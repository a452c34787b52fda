import assert from "node:assert/strict";
import { formatIpv4, parseCidr } from "../../base/address.ts";
import { MAX_BODY } from "../../machine/body_limits.ts";
import type { FileAnswer } from "../answer.ts";
import { BadRequest } from "./head.ts";
import type { HttpReply } from "./message.ts";
import { type AttestAnswer, createRoutes, type DisableAnswer } from "./routes.ts";

const encoder = new TextEncoder();
const ANSWERS: Record<string, FileAnswer> = {
  "/rendered": { kind: "bytes", body: encoder.encode("0123456789"), etag: '"r"' },
  "/file.efi": { kind: "file", absolutePath: "/cache/file.efi", offset: 0, size: 5, etag: '"f"' },
  "/gone": { kind: "file", absolutePath: "/cache/gone", offset: 0, size: 5, etag: '"f"' },
  "/packed.efi": { kind: "file", absolutePath: "/cache/pack", offset: 2, size: 3, etag: '"p"' },
  "/soon": { kind: "notYet", reason: "secret registry.internal is down" },
  "/bad": { kind: "failed", reason: "template: bad:1:\n boom" },
  "/a b/\u00e9%": { kind: "bytes", body: encoder.encode("decoded"), etag: '"d"' },
};

/** A reply in a form that tests can read. */
function responseOf({ status, fields, body }: HttpReply): Response {
  return new Response(body as Uint8Array<ArrayBuffer> | undefined, { status, headers: fields });
}

interface Door {
  disable?: DisableAnswer;
  attest?: AttestAnswer;
  body?: { text: string } | Error;
  trusted?: string[];
}

const EVENT = '{"name":"init","event_type":"start"}';
const TOKEN: AttestAnswer = { status: 200, text: '{"gcmNonce":""}' };

function siteOf({ disable = "taken", attest = TOKEN, body = { text: "" }, trusted = [] }: Door = {}) {
  const told: string[] = [];
  const routes = createRoutes({
    resolve: (client, path) => {
      told.push(`resolve ${formatIpv4(client)} ${path}`);
      if (path === "/broken") throw new Error("/cache/secret is a bad sector");
      return ANSWERS[path] ?? { kind: "notFound", reason: "x" };
    },
    cloudInit: (client, event) => {
      told.push(`event ${formatIpv4(client)} ${event.name}`);
      return Promise.resolve();
    },
    pxeDisable: (client) => {
      told.push(`disable ${formatIpv4(client)}`);
      return Promise.resolve(disable);
    },
    attest: (client, body) => {
      told.push(`attest ${formatIpv4(client)} ${body?.length}`);
      return Promise.resolve(attest);
    },
    open: (path, { start, end }) => path === "/cache/gone" ? undefined : encoder.encode("abcde".slice(start, end)),
    trustedProxies: trusted.map(parseCidr),
    problem: (message, { error }) => told.push(`problem ${message}: ${(error as Error).message}`),
  });
  const readBody = (maxBytes: number) => {
    if (body instanceof Error) return Promise.reject(body);
    return Promise.resolve(body.text.length > maxBytes ? undefined : encoder.encode(body.text));
  };
  const ask = async (method: string, target: string, headers: Record<string, string> = {}, peer = "10.0.0.5") =>
    responseOf(await routes({ method, target, headers: new Map(Object.entries(headers)), peer, readBody }));
  return { ask, told };
}

for (
  const [name, method, path, status, body, headers] of [
    ["health", "GET", "/healthz", 200, "ok", {}],
    ["health, folded slashes", "GET", "//healthz", 200, "ok", {}],
    ["rendered bytes with their length", "GET", "/rendered", 200, "0123456789", {
      "content-length": "10",
      etag: '"r"',
    }],
    ["HEAD of rendered bytes", "HEAD", "/rendered", 200, "", { "content-length": "10", etag: '"r"' }],
    ["a file", "GET", "/file.efi", 200, "abcde", { "content-length": "5", "accept-ranges": "bytes" }],
    ["a file that shares its place with others", "GET", "/packed.efi", 200, "cde", { "content-length": "3" }],
    ["two slashes, as shim asks", "GET", "//file.efi", 200, "abcde", { "content-length": "5" }],
    ["HEAD of a file, as UEFI asks", "HEAD", "/file.efi", 200, "", { "content-length": "5" }],
    ["a file that went in between", "GET", "/gone", 503, "not here yet, try again\n", { "retry-after": "5" }],
    ["percent-encoding, once", "GET", "/a%20b/%C3%A9%25", 200, "decoded", {}],
    ["percent-encoding that is none", "GET", "/%zz", 404, "not found\n", {}],
    ["no such file", "GET", "/nope", 404, "not found\n", { "content-length": "10" }],
    ["an image that is not here yet", "GET", "/soon", 503, "not here yet, try again\n", { "retry-after": "5" }],
    ["a template that fails", "GET", "/bad", 500, "template failed: template: bad:1: boom\n", {}],
    ["another method on a file", "PUT", "/file.efi", 405, "use GET or HEAD\n", { allow: "GET, HEAD" }],
    ["DELETE", "DELETE", "/rendered", 405, "use GET or HEAD\n", { allow: "GET, HEAD" }],
    ["GET of the log", "GET", "/cloudinit/log", 405, "use POST\n", { allow: "POST" }],
    ["HEAD never disables", "HEAD", "/pxe/disable", 405, "", { allow: "GET, POST" }],
    ["GET of attestation", "GET", "/attest", 405, "use POST\n", { allow: "POST" }],
    ["an error of ours names no path", "GET", "/broken", 500, "internal error\n", {}],
  ] as const
) {
  Deno.test(`routes: ${name} (contract 7)`, async () => {
    const response = await siteOf().ask(method, path);
    assert.equal(response.status, status);
    for (const [header, value] of Object.entries(headers)) assert.equal(response.headers.get(header), value, header);
    assert.equal(await response.text(), body);
  });
}

Deno.test("routes: an error of ours is told to the operator", async () => {
  const { ask, told } = siteOf();
  await (await ask("GET", "/broken")).text();
  assert.equal(told.at(-1), "problem request failed: /cache/secret is a bad sector");
});

Deno.test("routes: HEAD /pxe/disable does nothing (RFC 9110 9.2.1)", async () => {
  const { ask, told } = siteOf();
  await ask("HEAD", "/pxe/disable");
  assert.deepEqual(told, []);
});

Deno.test("routes: Range and If-None-Match reach what was rendered (RFC 9110 14.2, 13.1.2)", async () => {
  const { ask } = siteOf();
  const part = await ask("GET", "/rendered", { range: "bytes=2-4" });
  assert.deepEqual([part.status, await part.text()], [206, "234"]);
  assert.equal((await ask("GET", "/rendered", { "if-none-match": '"r"' })).status, 304);
});

for (const method of ["GET", "POST"]) {
  Deno.test(`routes: ${method} /pxe/disable of a known client, an unknown one, and before Machines are read (contract 7)`, async () => {
    const { ask, told } = siteOf();
    assert.equal((await ask(method, "/pxe/disable")).status, 200);
    assert.deepEqual(told, ["disable 10.0.0.5"]);
    assert.equal((await siteOf({ disable: "unknown" }).ask(method, "/pxe/disable")).status, 404);
    const early = await siteOf({ disable: "notYet" }).ask(method, "/pxe/disable");
    assert.deepEqual([early.status, early.headers.get("retry-after")], [503, "5"]);
  });
}

for (
  const [name, text, told] of [
    ["an event", EVENT, ["event 10.0.0.5 init"]],
    ["junk", "junk", []],
    ["nothing", "", []],
    ["as much as there may be", EVENT + " ".repeat(MAX_BODY["/cloudinit/log"] - EVENT.length), ["event 10.0.0.5 init"]],
    ["more than 1 MiB", EVENT + " ".repeat(1 << 20), []],
  ] as const
) {
  Deno.test(`routes: POST /cloudinit/log with ${name} (contract 7)`, async () => {
    const site = siteOf({ body: { text } });
    assert.equal((await site.ask("POST", "/cloudinit/log")).status, 200);
    assert.deepEqual(site.told, told);
  });
}

Deno.test("routes: POST /attest answers as it is decided: JSON, or a sentence and when to come back (contract 10)", async () => {
  const site = siteOf({ body: { text: "{}" } });
  const answer = await site.ask("POST", "/attest");
  assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  assert.deepEqual([await answer.text(), site.told], [TOKEN.text, ["attest 10.0.0.5 2"]]);
  const busy = await siteOf({ attest: { status: 503, text: "later\n", retryAfterS: 5 } }).ask("POST", "/attest");
  assert.deepEqual([busy.status, busy.headers.get("retry-after"), await busy.text()], [503, "5", "later\n"]);
  assert.match(busy.headers.get("content-type")!, /^text\/plain/);
});

Deno.test("routes: POST /attest of more than is parsed is told of without it, and one of a client that can be nobody's is not (contract 10)", async () => {
  const longest = siteOf({ body: { text: "x".repeat(64 * 1024) } });
  await longest.ask("POST", "/attest");
  assert.deepEqual(longest.told, ["attest 10.0.0.5 65536"]);
  const site = siteOf({ body: { text: "x".repeat(64 * 1024 + 1) }, attest: { status: 413, text: "too long\n" } });
  assert.equal((await site.ask("POST", "/attest")).status, 413);
  assert.equal((await site.ask("POST", "/attest", {}, "fe80::1")).status, 404);
  assert.deepEqual(site.told, ["attest 10.0.0.5 undefined"]);
});

Deno.test("routes: a malformed body ends the connection, which is the connection's to say (RFC 9112 6.3)", async () => {
  const site = siteOf({ body: new BadRequest(400, "the request ends in the middle of its body") });
  await assert.rejects(site.ask("POST", "/cloudinit/log"), BadRequest);
  assert.deepEqual(site.told, []);
});

Deno.test("routes: X-Forwarded-For counts from a trusted proxy only (contract 11.1)", async () => {
  for (const [trusted, client] of [[[], "10.0.0.5"], [["10.0.0.5/32"], "1.2.3.4"]] as const) {
    const { ask, told } = siteOf({ trusted: [...trusted] });
    await ask("GET", "/x", { "x-forwarded-for": "1.2.3.4" });
    await ask("POST", "/pxe/disable", { "x-forwarded-for": "1.2.3.4" });
    assert.deepEqual(told, [`resolve ${client} /x`, `disable ${client}`]);
  }
});

Deno.test("routes: a client over IPv6 is nobody's", async () => {
  const { ask, told } = siteOf();
  assert.equal((await ask("GET", "/file.efi", {}, "fe80::1")).status, 404);
  assert.equal((await ask("GET", "/pxe/disable", {}, "fe80::1")).status, 404);
  assert.deepEqual(told, []);
});
