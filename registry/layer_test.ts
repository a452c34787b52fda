import assert from "node:assert/strict";
import { LayerError, TooLargeError } from "./errors.ts";
import { ImageTree, splitPath } from "./layer.ts";

type Op = readonly [kind: "layer" | "dir" | "file" | "special" | "link" | "hard", path?: string, target?: string];

function build(ops: readonly Op[]): ImageTree {
  const tree = new ImageTree();
  tree.beginLayer();
  for (const [kind, path = "", target = ""] of ops) {
    if (kind === "layer") tree.beginLayer();
    else if (kind === "dir") tree.directory(path);
    else if (kind === "file") tree.file(path, 1);
    else if (kind === "special") tree.special(path);
    else if (kind === "link") tree.symlink(path, target);
    else tree.hardLink(path, target);
  }
  return tree;
}

/** `path=id` of each file, `path->target` of each link. */
function names(ops: readonly Op[]): string {
  const { files, links } = build(ops).index();
  return [...files.map(([path, id]) => `${path}=${id}`), ...links.map(([path, to]) => `${path}->${to}`)].sort().join(
    " ",
  );
}

const CASES: readonly (readonly [name: string, ops: readonly Op[], wanted: string])[] = [
  ["only /disk is kept", [["file", "etc/passwd"], ["file", "disk/a"], ["file", "disk2/a"]], "a=0"],
  [
    "leading slashes and dots mean nothing",
    [["file", "/disk/a"], ["file", "./disk//b/./c"], ["file", "disk/x/../d"]],
    "a=0 b/c=1 d=2",
  ],
  ["a file replaces a file", [["file", "disk/a"], ["layer"], ["file", "disk/a"]], "a=1"],
  ["a file replaces a directory", [["file", "disk/a/b"], ["layer"], ["file", "disk/a"]], "a=1"],
  ["a directory replaces a file", [["file", "disk/a"], ["layer"], ["dir", "disk/a"], ["file", "disk/a/b"]], "a/b=1"],
  ["a directory over a directory keeps its files", [["file", "disk/a/b"], ["layer"], ["dir", "disk/a"]], "a/b=0"],
  ["a whiteout removes a file", [["file", "disk/a"], ["file", "disk/b"], ["layer"], ["file", "disk/.wh.a"]], "b=1"],
  ["a whiteout removes a directory", [["file", "disk/a/b"], ["layer"], ["file", "disk/.wh.a"]], ""],
  [
    "a whiteout spares its own layer",
    [["file", "disk/a"], ["layer"], ["file", "disk/a"], ["file", "disk/.wh.a"]],
    "a=1",
  ],
  ["a whiteout before its own layer's file", [["file", "disk/a/old"], ["layer"], ["file", "disk/.wh.a"], [
    "file",
    "disk/a/new",
  ]], "a/new=1"],
  ["a whiteout after its own layer's file", [["file", "disk/a/old"], ["layer"], ["file", "disk/a/new"], [
    "file",
    "disk/.wh.a",
  ]], "a/new=1"],
  ["an opaque directory, mark first", [["file", "disk/a/old"], ["layer"], ["file", "disk/a/.wh..wh..opq"], [
    "file",
    "disk/a/new",
  ]], "a/new=1"],
  ["an opaque directory, mark last", [["file", "disk/a/old"], ["layer"], ["file", "disk/a/new"], [
    "file",
    "disk/a/.wh..wh..opq",
  ]], "a/new=1"],
  ["an opaque directory goes deep", [["file", "disk/a/b/c"], ["layer"], ["dir", "disk/a"], [
    "file",
    "disk/a/.wh..wh..opq",
  ]], ""],
  ["a whiteout of /disk", [["file", "disk/a"], ["layer"], ["file", ".wh.disk"], ["file", "disk/b"]], "b=1"],
  ["an opaque root", [["file", "disk/a"], ["layer"], ["file", ".wh..wh..opq"], ["file", "disk/b"]], "b=1"],
  ["a whiteout of nothing", [["file", "disk/a"], ["file", "disk/.wh.x"]], "a=0"],
  ["other marks of aufs are ignored", [["file", "disk/.wh..wh.plnk"], ["file", "disk/a"]], "a=0"],
  ["a hard link", [["file", "disk/a"], ["hard", "disk/b", "disk/a"]], "a=0 b=0"],
  ["a hard link to a lower layer", [["file", "disk/a"], ["layer"], ["hard", "disk/b", "/disk/a"]], "a=0 b=0"],
  ["a hard link outlives its first name", [["file", "disk/a"], ["hard", "disk/b", "disk/a"], ["layer"], [
    "file",
    "disk/.wh.a",
  ]], "b=0"],
  ["a hard link to a link is that link", [["link", "disk/a", "x"], ["hard", "disk/b", "disk/a"]], "a->x b->x"],
  ["a hard link outside /disk is not kept", [["file", "x"], ["hard", "y", "x"], ["file", "disk/a"]], "a=0"],
  ["a device hides a file", [["file", "disk/a"], ["layer"], ["special", "disk/a"]], ""],
  ["a file below a link to a directory", [["dir", "disk/real"], ["link", "disk/l", "real"], ["layer"], [
    "file",
    "disk/l/f",
  ]], "l->real real/f=0"],
  ["a file below an absolute link", [["link", "disk/l", "/disk/real"], ["file", "disk/l/f"]], "l->/disk/real real/f=0"],
  [
    "a file below a link out of /disk is not kept",
    [["link", "disk/l", "../../../etc"], ["file", "disk/l/f"]],
    "l->../../../etc",
  ],
  ["a link out and back in", [["link", "disk/l", "../disk/r"], ["file", "disk/l/f"]], "l->../disk/r r/f=0"],
  ["a link replaces a directory", [["file", "disk/a/b"], ["layer"], ["link", "disk/a", "c"]], "a->c"],
];

for (const [name, ops, wanted] of CASES) {
  Deno.test(`ImageTree: ${name} (image-spec layer.md)`, () => assert.equal(names(ops), wanted));
}

Deno.test("ImageTree has no /disk when it is missing, a file or a link", () => {
  assert.equal(build([["file", "etc/x"]]).hasDisk, false);
  assert.equal(build([["file", "disk"]]).hasDisk, false);
  assert.equal(build([["link", "disk", "etc"], ["layer"]]).hasDisk, false);
  assert.equal(build([["dir", "disk"]]).hasDisk, true);
});

const REFUSED: readonly (readonly [name: string, ops: readonly Op[], message: RegExp])[] = [
  ["a path out of the layer", [["file", "disk/../../x"]], /leads out/],
  ["a hard link to nothing", [["hard", "disk/a", "disk/b"]], /hard link "disk\/a".*no file/],
  ["a hard link out of /disk (contract 11.7)", [["file", "x"], ["hard", "disk/a", "x"]], /not below \/disk/],
  ["a hard link to a directory", [["dir", "disk/d"], ["hard", "disk/a", "disk/d"]], /no file/],
  ["a path below a file", [["file", "disk/a"], ["file", "disk/a/b"]], /below a file/],
  ["a loop of links", [["link", "disk/a", "b"], ["link", "disk/b", "a"], ["file", "disk/a/f"]], /loop/],
  ["a NUL in a name", [["file", "disk/a\0b"]], /NUL/],
  ["an endless name", [["file", "disk/" + "a".repeat(5000)]], /5005 characters/],
];
for (const [name, ops, message] of REFUSED) {
  Deno.test(`ImageTree refuses ${name}`, () => {
    assert.throws(() => build(ops), (error) => error instanceof LayerError && message.test(error.message));
  });
}

Deno.test("ImageTree bounds the number of files", () => {
  const tree = new ImageTree();
  assert.throws(() => {
    for (let i = 0; i < 300_000; i++) tree.file(`disk/${i}`, 0);
  }, TooLargeError);
});

Deno.test("splitPath() keeps odd but honest names", () => {
  assert.deepEqual(splitPath("a/ .. /…/.hidden"), ["a", " .. ", "…", ".hidden"]);
});
