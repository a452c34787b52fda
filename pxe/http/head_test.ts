import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { BadRequest, formatHead, parseChunkSize, parseHead, type RequestHead } from "./head.ts";

const head = (...lines: string[]) => parseHead(lines.join("\r\n"));

Deno.test("parseHead() reads what UEFI, shim, GRUB and curl send", () => {
  const uefi = head("HEAD /shimx64.efi HTTP/1.1", "Host: 10.0.0.2", "Accept: */*", "User-Agent: UefiHttpBoot/1.0");
  deepEqual([uefi.method, uefi.target, uefi.keepAlive, uefi.body], ["HEAD", "/shimx64.efi", true, { kind: "none" }]);
  equal(uefi.headers.get("user-agent"), "UefiHttpBoot/1.0");
  equal(head("GET //grubx64.efi HTTP/1.1", "HOST:x").target, "//grubx64.efi");
  equal(head("GET / HTTP/1.1", "Host: x", "Connection: Close").keepAlive, false);
  equal(head("GET / HTTP/1.0").keepAlive, false);
  equal(head("GET / HTTP/1.0", "Connection: keep-alive").keepAlive, true);
  deepEqual(head("POST / HTTP/1.1", "Host: x", "Content-Length: 12", "Expect: 100-continue").body, {
    kind: "length",
    length: 12,
  });
  equal(head("POST / HTTP/1.1", "Host: x", "Content-Length: 12", "Expect: 100-continue").expectsContinue, true);
  equal(head("GET / HTTP/1.1", "Host: x", "A: 1", "a: 2").headers.get("a"), "1, 2");
  equal(parseHead("GET / HTTP/1.1\nHost: x").target, "/", "a line may end with LF alone (RFC 9112 section 2.2)");
});

Deno.test("parseHead() refuses what two readers could read in two ways (RFC 9112 sections 3.2, 5, 6.3)", () => {
  const cases: [string[], number][] = [
    [["GET /"], 400],
    [["GET  / HTTP/1.1", "Host: x"], 400],
    [["GET / HTTP/1.1"], 400],
    [["GET / HTTP/1.1", "Host: x", "Host: y"], 400],
    [["GET / HTTP/2.0", "Host: x"], 505],
    [["G(T / HTTP/1.1", "Host: x"], 400],
    [["GET / HTTP/1.1", "Host: x", "A : 1"], 400],
    [["GET / HTTP/1.1", "Host: x", " folded"], 400],
    [["GET / HTTP/1.1", "Host: x", "A: 1\r2"], 400],
    [["GET / HTTP/1.1", "Host: x", "A: \x00"], 400],
    [["POST / HTTP/1.1", "Host: x", "Content-Length: 1", "Content-Length: 2"], 400],
    [["POST / HTTP/1.1", "Host: x", "Content-Length: +1"], 400],
    [["POST / HTTP/1.1", "Host: x", "Content-Length: 1", "Transfer-Encoding: chunked"], 400],
    [["POST / HTTP/1.0", "Transfer-Encoding: chunked"], 400],
    [["POST / HTTP/1.1", "Host: x", "Transfer-Encoding: gzip, chunked"], 501],
    [["POST / HTTP/1.1", "Host: x", "Expect: coffee"], 417],
    [["GET / HTTP/1.1", "Host: x", ...Array.from({ length: 100 }, () => "A: 1")], 431],
  ];
  for (const [lines, status] of cases) {
    throws(() => head(...lines), (error) => error instanceof BadRequest && error.status === status, lines.join("|"));
  }
});

Deno.test("parseChunkSize() reads hexadecimal, with extensions, and nothing else (RFC 9112 section 7.1)", () => {
  deepEqual(["0", "1a", "FF;x=y", "5 ;q"].map(parseChunkSize), [0, 26, 255, 5]);
  for (const line of ["", "-1", "0x5", "1 2", "g", "123456789", "5;\x00"]) {
    throws(() => parseChunkSize(line), BadRequest, line);
  }
});

Deno.test("formatHead() writes names as given: GRUB looks for Content-Length in this spelling", () => {
  equal(
    formatHead(200, { "Content-Length": "4", ETag: '"a"' }),
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "a"\r\n\r\n',
  );
});

Deno.test("parseHead() survives 200,000 mutated heads: a head or a BadRequest", () => {
  const seeds = [
    "GET /shimx64.efi HTTP/1.1\r\nHost: 10.0.0.2\r\nAccept: */*",
    "POST /cloudinit/log HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nExpect: 100-continue",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive, close",
    "GET //x?y#z HTTP/1.0\r\nRange: bytes=0-5\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8",
  ];
  const pieces = [
    "\r\n",
    "\n",
    "\r",
    ":",
    " ",
    "\t",
    "\x00",
    "HTTP/1.1",
    "Content-Length: 5\r\n",
    "chunked",
    "\x7f",
    "\xff",
    ",",
    "-1",
  ];
  let state = 12345;
  const next = (n: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n;
  let good = 0;
  for (let i = 0; i < 200_000; i++) {
    let text = seeds[next(seeds.length)]!;
    for (let edits = 1 + next(3); edits > 0; edits--) {
      const [at, length] = [next(text.length + 1), next(4)];
      text = text.slice(0, at) + (next(2) === 0 ? pieces[next(pieces.length)] : String.fromCharCode(next(256))) +
        text.slice(at + length);
    }
    let parsed: RequestHead;
    try {
      parsed = parseHead(text);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      continue;
    }
    good++;
    ok(parsed.body.kind !== "length" || Number.isSafeInteger(parsed.body.length));
  }
  ok(good > 1000 && good < 199_000);
});

Deno.test("parseHead() keeps every well-formed field", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/).filter((n) =>
    !/^(host|connection|content-length|transfer-encoding|expect)$/i.test(n)
  );
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n.toLowerCase(), maxLength: 20 }),
      (fields) => {
        const { headers } = head(
          "GET / HTTP/1.1",
          "Host: x",
          ...fields.map(([n, v]) => `${n}: \t${v} `),
        );
        for (const [n, v] of fields) equal(headers.get(n.toLowerCase()), v);
      },
    ),
  );
});
