import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { runGrub } from "./grub_run.ts";
import type { GrubAsk, GrubOutcome } from "./grub_types.ts";

const VARIABLES = new Map([
  ["prefix", "(tftp,192.0.2.1)/grub"],
  ["root", "tftp,192.0.2.1"],
  ["net_default_server", "192.0.2.1"],
  ["net_default_mac", "52:54:00:aa:bb:01"],
  ["net_default_ip", "192.0.2.50"],
]);
const UUID = "6d6d0001-0000-4000-8000-525400aabb01";
/** Files that a script can read; all else is there to be loaded, but for `/missing`. */
const FILES: Readonly<Record<string, string>> = {
  "/grub/more.cfg": "set more=yes\n",
  "/grub/52:54:00:aa:bb:01.cfg": "set own=yes\n",
  "/grub/menu.cfg": "set timeout=0\nmenuentry inner {\nlinux /inner\n}\n",
  "/grub/loop.cfg": "source /grub/loop.cfg\n",
};

/** Runs a script; what it did in short lines, and how it ended. */
function run(script: string, diskFiles: readonly string[] = []): { done: string[]; end: GrubOutcome } {
  const done: string[] = [];
  const grub = runGrub(script, VARIABLES, { uuid: UUID, diskFiles });
  let step = grub.next();
  while (!step.done) step = grub.next(answer(step.value, done));
  return { done, end: step.value };
}

function answer(ask: GrubAsk, done: string[]) {
  switch (ask.kind) {
    case "print":
      done.push(ask.text);
      return undefined;
    case "wait":
      done.push(`wait ${ask.seconds}`);
      return undefined;
    case "read": {
      const text = FILES[ask.file.path];
      return text === undefined ? { error: `${ask.file.path}: no such file` } : { text };
    }
    case "load":
      done.push(`${ask.role} (${ask.file.protocol},${ask.file.server})${ask.file.path}`);
      return ask.file.path === "/missing" ? { error: "/missing: no such file" } : undefined;
  }
}

const K = "kernel (tftp,192.0.2.1)/k";
const boot = (commandLine = ""): GrubOutcome => ({ kind: "boot", commandLine });
const CASES: readonly [name: string, script: string, done: readonly string[], end: GrubOutcome | RegExp][] = [
  [
    "a configuration without a menu",
    "linux /k quiet\ninitrd /i\nboot\n",
    [K, "initrd (tftp,192.0.2.1)/i"],
    boot("quiet"),
  ],
  [
    "the first entry of a menu, after its timeout",
    "timeout=3\nmenuentry 'A b' --class x {\n  linux /k a\n}\nmenuentry B { linux /b; }\n",
    ["wait 3", "Booting `A b'", K],
    boot("a"),
  ],
  ["default by number", "set timeout=0 default=1\nmenuentry A { linux /a\n}\nmenuentry B {\nlinux /k b\n}", [
    "wait 0",
    "Booting `B'",
    K,
  ], boot("b")],
  ["default by id", "set timeout=0\nset default=b\nmenuentry A {\nlinux /a\n}\nmenuentry B --id b {\nlinux /k b\n}", [
    "wait 0",
    "Booting `B'",
    K,
  ], boot("b")],
  ["quotes and escapes", String.raw`linux /k "ds=nocloud;s=http://h/" a\;b 'c $root' "d \$x \"y\"" e\ f` + "\nboot", [
    K,
  ], boot('ds=nocloud;s=http://h/ a;b c $root d $x "y" e f')],
  ["a semicolon ends a command", "linux /k a;boot", [K], boot("a")],
  ["a joined line, comments", "# linux /no\nlinux /k a \\\n  b # c\nboot", [K], boot("a b")],
  ["a # inside a word is none", "linux /k a#b\nboot", [K], boot("a#b")],
  [
    "variables, split where they are not quoted",
    'set a="1  2"\nlinux /k $a "${a}" x${a}y $none ip=$net_default_ip\nboot',
    [K],
    boot("1 2 1  2 x1 2y ip=192.0.2.50"),
  ],
  ["devices", "linux (http,192.0.2.1:8880)/k\ninitrd (tftp,192.0.2.9)/i ($root)/j (tftp)/l $prefix/m\nboot", [
    "kernel (http,192.0.2.1:8880)/k",
    "initrd (tftp,192.0.2.9)/i",
    "initrd (tftp,192.0.2.1)/j",
    "initrd (tftp,192.0.2.1)/l",
    "initrd (tftp,192.0.2.1)/grub/m",
  ], boot()],
  ["if, elif, else", 'if [ $x = 1 ]; then echo one; elif [ "$x" = "" ]; then echo none; else echo other; fi\nexit', [
    "none",
  ], { kind: "exit" }],
  ["tests", 'if [ 2 -gt 1 -a ! -z a -o b = c ]; then echo yes; fi\nif test -n "$x"; then echo no; fi\nexit', ["yes"], {
    kind: "exit",
  }],
  ["-e is false on the network, and asks for nothing (facts)", "if [ -e /k ]; then echo yes; else echo no; fi\nexit", [
    "no",
  ], { kind: "exit" }],
  ["source by MAC address (facts)", "source /grub/$net_default_mac.cfg\necho $own\nexit", ["yes"], { kind: "exit" }],
  ["source of what is missing is true (facts)", "if source /grub/none.cfg; then echo yes; fi\nexit", [
    "error: /grub/none.cfg: no such file.",
    "yes",
  ], { kind: "exit" }],
  [
    "source stays in the script, configfile does not",
    "source /grub/more.cfg\necho $more\nconfigfile /grub/menu.cfg\necho never",
    ["yes", "wait 0", "Booting `inner'", "kernel (tftp,192.0.2.1)/inner"],
    boot(),
  ],
  ["smbios gives the UUID (facts)", "smbios --type 1 --get-uuid 8 --set uuid\necho $uuid\nexit", [UUID], {
    kind: "exit",
  }],
  ["an unknown command is an error line, and the boot goes on", "frobnicate x\nlinux /k\nboot", [
    "error: can't find command `frobnicate'.",
    K,
  ], boot()],
  ["a missing kernel", "linux /missing\ninitrd /i\nboot", [
    "kernel (tftp,192.0.2.1)/missing",
    "error: /missing: no such file.",
    "error: you need to load the kernel first.",
    "error: you need to load the kernel first.",
  ], /said: \/missing: no such file$/],
  ["a missing initrd is not booted without", "linux /k\ninitrd /missing\nboot", [
    K,
    "initrd (tftp,192.0.2.1)/missing",
    "error: /missing: no such file.",
  ], /missing: no such file/],
  ["a disk that the machine does not have", "linux (hd0,1)/k\nboot", [
    "error: file `(hd0,1)/k' not found.",
    "error: you need to load the kernel first.",
  ], /not found|load the kernel/],
  ["a menu without timeout waits for a key", "menuentry A {\nlinux /k\n}", [], /no timeout is set/],
  [
    "an entry that boots nothing",
    "timeout=0\nmenuentry A {\necho hi\n}",
    ["wait 0", "Booting `A'", "hi"],
    /"A" boots nothing/,
  ],
  ["an empty configuration", "", [], /no menuentry and no boot$/],
  ["reboot and halt", "if [ a = b ]; then reboot; fi\nhalt", [], { kind: "halt" }],
  ["sleep", "sleep 5\nexit", ["wait 5"], { kind: "exit" }],
  ["a quote that does not close", "echo 'a\nboot", ["error: syntax error: a ' is not closed."], /syntax error/],
  ["an if that does not end", "if true; then echo a", [`error: syntax error: "fi" is missing.`], /syntax error/],
  ["a loop is not emulated", "for i in 1; do echo; done", [
    'error: syntax error: the emulated GRUB does not know "for".',
  ], /syntax error/],
  ["a brace alone", "}\n", ["error: syntax error: a } stands alone."], /syntax error/],
];
for (const [name, script, done, end] of CASES) {
  Deno.test(`runGrub(): ${name}`, () => {
    const result = run(script);
    deepEqual(result.done, done);
    if (!(end instanceof RegExp)) return deepEqual(result.end, end);
    equal(result.end.kind, "prompt");
    match((result.end as { reason: string }).reason, end);
  });
}

Deno.test("runGrub(): search finds files on the disk that the machine has", () => {
  const script = "if search --no-floppy --set=root --file /EFI/a.efi; then echo $root; exit; fi\nlinux /k\nboot";
  deepEqual(run(script, ["/EFI/a.efi"]), { done: ["hd0,gpt1"], end: { kind: "exit" } });
  deepEqual(run(script), { done: ["error: no such device: /EFI/a.efi.", K], end: boot() });
  deepEqual(run("search --label a", ["a"]).done, ["error: no such device: a."]);
});

Deno.test("runGrub(): files that source themselves, and deep nesting, come to an end", () => {
  match(run("source /grub/loop.cfg").done.at(-1)!, /more than 16 files/);
  match(run("if true; then ".repeat(100)).done[0]!, /nested deeper/);
  match(run("true\n".repeat(10_001)).end.kind === "prompt" ? "ended" : "", /ended/);
});

Deno.test("runGrub(): any text is run or refused, never thrown over", () => {
  const word = fc.constantFrom(
    "if",
    "then",
    "fi",
    "else",
    "[",
    "]",
    "=",
    "{",
    "}",
    "menuentry",
    "linux",
    "/k",
    "$root",
    '"',
    "'",
    ";",
    "\n",
    "\\",
    "${",
    "#",
    "set",
    "a=b",
    "boot",
    "source",
    "/grub/loop.cfg",
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 40 }), fc.constantFrom("", " "), (words, gap) => {
    run(words.join(gap));
  }));
  fc.assert(fc.property(fc.string(), (text) => void run(text)));
});
