import assert from "node:assert/strict";
import { ContentError } from "./errors.ts";
import { parseMetadata } from "./metadata.ts";
import { formatIndex, parseIndex } from "./image_index.ts";
import { StoredImage } from "./stored_image.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const image = new StoredImage("/c", {
  digest: DIGEST,
  files: [["boot/a", 0, 5, -1], ["b", 7, 6, -1], ["d/e/f", 2, 0, -1], ["small", 9, 4, 100]],
  links: [
    ["rel", "boot/a"],
    ["boot/up", "../b"],
    ["abs", "/disk/b"],
    ["dir", "boot"],
    ["dir2", "./dir//"],
    ["out", "/etc/passwd"],
    ["out2", "../../../../etc/passwd"],
    ["back", "../disk/b"],
    ["back2", "../../x/../disk/b"],
    ["loop1", "loop2"],
    ["loop2", "loop1"],
    ["self", "self/x"],
    ["dangling", "nowhere"],
    ["d/here", "e"],
    ["todir", "d"],
  ],
}, { dhcpBootImageName: "shim.efi", bootFiles: {} });

const CASES: readonly (readonly [path: string, id: number | undefined])[] = [
  ["boot/a", 0],
  ["b", 7],
  ["d/e/f", 2],
  ["rel", 0],
  ["boot/up", 7],
  ["abs", 7],
  ["dir/a", 0],
  ["dir2/a", 0],
  ["dir/up", 7],
  ["d/here/f", 2],
  ["todir/here/f", 2],
  ["back", 7],
  ["back2", undefined],
  ["out", undefined],
  ["out2", undefined],
  ["loop1", undefined],
  ["self", undefined],
  ["dangling", undefined],
  ["boot", undefined],
  ["", undefined],
  ["../b", undefined],
  ["dir/../../disk/b", 7],
  ["a/".repeat(3000), undefined],
];
for (const [path, id] of CASES) {
  Deno.test(`StoredImage.file(${path.slice(0, 30)}): links stay inside /disk (contract 11.7)`, () => {
    assert.equal(image.file(path)?.absolutePath, id === undefined ? undefined : `/c/${id}`);
  });
}

Deno.test("StoredImage.file() says where in the pack a small content begins", () => {
  assert.deepEqual(image.file("small"), { absolutePath: "/c/pack", offset: 100, size: 4 });
});

Deno.test("index.json reads back what was written, and nothing else is an index", () => {
  const index = { files: [["a", 0, 1, -1], ["b", 1, 2, 0]] as const, links: [["l", "a"]] as const };
  const text = formatIndex({ digest: DIGEST, ...index });
  assert.deepEqual(parseIndex(text), { digest: DIGEST, files: [["a", 0, 1, -1], ["b", 1, 2, 0]], links: [["l", "a"]] });
  for (
    const bad of [
      "",
      "{}",
      text.replace('"version":2', '"version":1'),
      text.slice(0, -5),
      text.replace('["a",0,1,', '["a",-1,1,'),
      text.replace('["b",1,2,0]', '["b",1,2,-2]'),
    ]
  ) {
    assert.throws(() => parseIndex(bad), ContentError);
  }
});

const METADATA: readonly (readonly [text: string, wanted: string | RegExp])[] = [
  ["", ""],
  ["# nothing\n", ""],
  ["dhcpBootImageName: shimx64.efi\nother: [1]\n", "shimx64.efi"],
  ["dhcpBootImageName:\n", ""],
  ["dhcpBootImageName: 5\n", /metadata.yaml is wrong at dhcpBootImageName/],
  ["bootFiles: [a]\n", /wrong at bootFiles/],
  ["bootFiles: {a: 1}\n", /wrong at bootFiles.a/],
  ['dhcpBootImageName: "a\\nb"\n', /control character/],
  ["- a\n", /wrong at its top/],
  ["a: [\n", /metadata.yaml is not YAML/],
  ["a: &x [1]\n" + [..."bcdefghijklmnopqrstuvw"].map((k) => `${k}: *x\n`).join(""), /not YAML/],
  ["[".repeat(50) + "]".repeat(50), /not YAML/],
  ["x".repeat(70_000), /longer than 64 KiB/],
];
for (const [text, wanted] of METADATA) {
  Deno.test(`parseMetadata(${JSON.stringify(text.slice(0, 40))}) (contract 9)`, () => {
    if (typeof wanted === "string") assert.equal(parseMetadata(text).dhcpBootImageName, wanted);
    else {assert.throws(() =>
        parseMetadata(text), (error) =>
        error instanceof ContentError && wanted.test(error.message));}
  });
}

Deno.test("StoredImage.bytes counts each content once, however many names it has, and an empty one not in its place", () => {
  const { bytes } = new StoredImage("/c", {
    digest: DIGEST,
    files: [["a", 0, 5, -1], ["hard/link/of/a", 0, 5, -1], ["small", 9, 4, 100], ["again", 9, 4, 100], [
      "none",
      3,
      0,
      100,
    ]],
    links: [["link", "a"]],
  }, { dhcpBootImageName: "shim.efi", bootFiles: {} });
  assert.equal(bytes, 9);
});
