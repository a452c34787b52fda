import assert from "node:assert/strict";
import fc from "fast-check";
import { mutations } from "../tests/mutate.ts";
import { cleanPath, decodePercent, rawPath } from "./paths.ts";

for (
  const [name, path, wanted] of [
    ["a file", "shimx64.efi", "shimx64.efi"],
    ["one leading slash", "/boot/vmlinuz", "boot/vmlinuz"],
    ["several leading slashes, as shim sends them", "//grubx64.efi", "grubx64.efi"],
    ["slashes and dots within", "/boot//.///grub.cfg", "boot/grub.cfg"],
    ["three dots are a name", "/.../x", ".../x"],
    ["a colon, as in GRUB's per-machine file", "/grub/52:54:00:aa:bb:01.cfg", "grub/52:54:00:aa:bb:01.cfg"],
    ["not decoded", "/a%2e", "a%2e"],
    ["a space and letters beyond ASCII", "/a b/\u00e9", "a b/\u00e9"],
    ["nothing", "", undefined],
    ["only slashes", "///", undefined],
    ["a folder", "/boot/", undefined],
    ["a folder, said with a dot", "/boot/.", undefined],
    ["up", "/../etc/passwd", undefined],
    ["up and down again", "/boot/../x", undefined],
    ["up at the end", "/boot/..", undefined],
    ["a backslash", "\\boot\\x", undefined],
    ["a backslash that means up", "/..\\x", undefined],
    ["NUL", "/x\0.tmpl", undefined],
    ["a line break", "/x\ny", undefined],
    ["half a character", "/\ud800", undefined],
    ["too long", "/" + "a/".repeat(600) + "x", undefined],
    ["a segment too long", "/" + "a".repeat(256), undefined],
    ["a segment too long in bytes", "/" + "\u00e9".repeat(128), undefined],
    ["the longest segment", "/" + "\u00e9".repeat(127), "\u00e9".repeat(127)],
  ] as const
) {
  Deno.test(`cleanPath(): ${name} (contract 6, 11.7)`, () => assert.equal(cleanPath(path), wanted));
}

for (
  const [name, path, wanted] of [
    ["nothing to decode", "/a+b", "/a+b"],
    ["once only", "/%252e", "/%2e"],
    ["dots", "/%2e%2E/x", "/../x"],
    ["UTF-8", "/%C3%A9", "/\u00e9"],
    ["not UTF-8", "/%ff", undefined],
    ["over-long UTF-8 of a slash", "/%c0%af", undefined],
    ["half an escape", "/%4", undefined],
    ["no hexadecimal", "/%zz", undefined],
  ] as const
) {
  Deno.test(`decodePercent(): ${name} (RFC 3986 2.1, 2.4)`, () => assert.equal(decodePercent(path), wanted));
}

for (
  const [name, url, wanted] of [
    ["a path", "http://h:8880/boot/x", "/boot/x"],
    ["two slashes are one", "http://h//grubx64.efi", "/grubx64.efi"],
    ["nothing is resolved", "http://h/../x", "/../x"],
    ["the query goes", "http://h/x?a=/b", "/x"],
    ["the fragment goes", "http://h/x#y", "/x"],
    ["no path", "http://h", "/"],
    ["a host with a question mark", "http://a b?/x", "/x"],
    ["a URL in the query is no URL", "/grub/x?from=http://h/pxe/disable", "/grub/x"],
    ["a URL in the path is no URL", "/a://h/b", "/a://h/b"],
  ] as const
) {
  Deno.test(`rawPath(): ${name}`, () => assert.equal(rawPath(url), wanted));
}

Deno.test("cleanPath() of a clean path is that path", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (path) => {
    const clean = cleanPath(path);
    if (clean !== undefined) assert.equal(cleanPath(clean), clean);
  }));
});

Deno.test("200,000 mutated URLs: a path stays below its folder or is refused", () => {
  const texts = ["http://h/boot/grub/grub.cfg", "http://h//grubx64.efi?x", "http://h/cloud-init/user-data"];
  const pieces = [
    "",
    "/",
    "..",
    "/../",
    "%2e%2e",
    "%2f",
    "%5c",
    "%00",
    "%",
    "\\",
    "\0",
    ".",
    "?",
    "#",
    "\ud800",
    "%c0%ae",
  ];
  let served = 0;
  for (const url of mutations({ texts, pieces, count: 200_000, seed: 1 })) {
    const clean = cleanPath(decodePercent(rawPath(url)) ?? "");
    if (clean === undefined) continue;
    served++;
    assert.ok(!/^\/|\/\/|\/$|\\|\0/.test(clean) && clean.length <= 1024, clean);
    assert.ok(!clean.split("/").some((segment) => segment === ".." || segment === "." || segment === ""), clean);
  }
  assert.ok(served > 50_000 && served < 200_000);
});
