import assert from "node:assert/strict";
import { ImageReferenceError } from "./errors.ts";
import { formatReference, parseReference } from "./reference.ts";

const SHA = `sha256:${"0123456789abcdef".repeat(4)}`;

/** As distribution/reference (docker, containerd) reads them. */
const CASES: readonly (readonly [text: string, full: string])[] = [
  ["debian", "docker.io/library/debian:latest"],
  ["debian:12", "docker.io/library/debian:12"],
  ["user/app", "docker.io/user/app:latest"],
  ["docker.io/debian", "docker.io/library/debian:latest"],
  ["index.docker.io/user/app:1", "docker.io/user/app:1"],
  ["localhost/a", "localhost/a:latest"],
  ["localhost:5000/a:b", "localhost:5000/a:b"],
  ["10.0.0.1:5000/a/b/c", "10.0.0.1:5000/a/b/c:latest"],
  ["registry.example.com/a", "registry.example.com/a:latest"],
  ["Registry/a", "Registry/a:latest"],
  ["[::1]:5000/a:1", "[::1]:5000/a:1"],
  [`a.b/c@${SHA}`, `a.b/c@${SHA}`],
  [`a.b/c:1@${SHA}`, `a.b/c:1@${SHA}`],
  [`a.b/c@sha512:${"a".repeat(128)}`, `a.b/c@sha512:${"a".repeat(128)}`],
  ["a.b/c__d/e-_f".replace("-_", "--"), "a.b/c__d/e--f:latest"],
  ["a.b/c:Tag_1.2-x", "a.b/c:Tag_1.2-x"],
];
for (const [text, full] of CASES) {
  Deno.test(`parseReference("${text.slice(0, 40)}") (contract 11.13)`, () => {
    assert.equal(formatReference(parseReference(text)), full);
    assert.equal(formatReference(parseReference(full)), full);
  });
}

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ["", /name is empty/],
  ["a.b/", /name is empty/],
  ["UPPER", /"UPPER" is not a part/],
  ["a.b/Upper", /"Upper"/],
  ["a.b//c", /"" is not a part/],
  ["a.b/c:", /"" is not a tag/],
  ["a.b/c:-x", /"-x" is not a tag/],
  [`a.b/c:${"x".repeat(129)}`, /is not a tag/],
  ["a.b/c@sha256:123", /is not a digest/],
  ["a.b/c@md5:" + "a".repeat(32), /is not a digest/],
  [`a.b/c@${SHA.toUpperCase()}`, /is not a digest/],
  ["a.b:99999/c", /99999 is not a port/],
  ["-a.b/c", /is not a host/],
  ["https://a.b/c", /is not/],
  ["a.b/c d", /"c d"/],
  ["a.b/../c", /"\.\."/],
  ["a.b/c___d", /"c___d"/],
  ["a.b/c\n", /is not a part/],
  ["a.b/" + "x/".repeat(200) + "y", /longer than 255/],
  ["x".repeat(5000), /too long/],
];
for (const [text, message] of REFUSED) {
  Deno.test(`parseReference() refuses "${text.slice(0, 40)}"`, () => {
    assert.throws(() => parseReference(text), (error) => {
      assert.ok(error instanceof ImageReferenceError);
      assert.match(error.message, message);
      assert.ok(error.message.length < 600 + text.length);
      return true;
    });
  });
}

Deno.test("200,000 damaged references: an error of ours or one that reads back the same", () => {
  const alphabet = "aZ0.:/@-_[]% \0ü";
  const bases = CASES.map(([text]) => text);
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  let read = 0;
  for (let i = 0; i < 200_000; i++) {
    const base = bases[random(bases.length)]!;
    const at = random(base.length + 1);
    const text = base.slice(0, at) + alphabet[random(alphabet.length)] + base.slice(at + random(3));
    try {
      const full = formatReference(parseReference(text));
      assert.equal(formatReference(parseReference(full)), full);
      read++;
    } catch (error) {
      if (!(error instanceof ImageReferenceError)) throw error;
    }
  }
  assert.ok(read > 1000);
});
