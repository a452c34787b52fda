/** A release, with executables that are only named so: Deno's runtimes cannot be had everywhere. */
import { deepEqual, equal } from "node:assert/strict";
import { load } from "js-yaml";
import { peerTest, run } from "../peers/peer.ts";
import { release } from "../../tools/release.ts";

const NEEDS = { programs: ["zip", "unzip", "tar", "gzip", "sha256sum"] } as const;

peerTest(
  "a release is an archive for each platform, checksums, a bill of materials and krew's manifest",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-release-test-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    Deno.env.set("SOURCE_DATE_EPOCH", "1700000000");
    stack.defer(() => Deno.env.delete("SOURCE_DATE_EPOCH"));
    const make = async (name: string) => {
      await release(
        `${folder}/${name}`,
        "o/n",
        ({ triple }, file) => Deno.writeTextFile(file, `#!/bin/sh\necho ${triple}\n`),
      );
      return await Deno.readTextFile(`${folder}/${name}/SHA256SUMS`);
    };
    const sums = await make("one");
    equal(await make("two"), sums, "the same files make the same release");

    const names = sums.trim().split("\n").map((line) => line.slice(66));
    const version = /_(v[\d.]+)_linux/.exec(sums)![1]!;
    deepEqual(names, [
      `kubectl-unbounded_${version}_darwin_amd64.tar.gz`,
      `kubectl-unbounded_${version}_darwin_arm64.tar.gz`,
      `kubectl-unbounded_${version}_linux_amd64.tar.gz`,
      `kubectl-unbounded_${version}_linux_arm64.tar.gz`,
      `kubectl-unbounded_${version}_windows_amd64.zip`,
      `metalman_${version}.cdx.json`,
    ]);
    const cwd = `${folder}/one`;
    await run("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd });

    // Krew unpacks an archive and links to `bin` of the platform that it is on.
    const krew = load(await Deno.readTextFile(`${cwd}/unbounded.yaml`)) as {
      spec: { platforms: Record<string, string>[] };
    };
    const platform = krew.spec.platforms[0]!;
    equal(platform.uri, `https://github.com/o/n/releases/download/${version}/${names[2]}`);
    equal(platform.sha256, sums.split("\n")[2]!.slice(0, 64));
    await run("tar", ["-xzf", names[2]!], { cwd });
    equal(await run(`${cwd}/${platform.bin}`, []), "x86_64-unknown-linux-gnu\n");
    const zipped = await run("unzip", ["-Z1", names[4]!], { cwd });
    deepEqual(zipped.trim().split("\n"), ["kubectl-unbounded.exe", "LICENSE"]);

    const bill = JSON.parse(await Deno.readTextFile(`${cwd}/metalman_${version}.cdx.json`));
    const packages = bill.components.map(({ purl }: { purl: string }) => purl.replace(/@[^@]*$/, ""));
    equal(packages.includes("pkg:npm/zod"), true);
    equal(packages.includes("pkg:npm/fast-check"), false, "what only tests import is not part of the program");
  },
);
