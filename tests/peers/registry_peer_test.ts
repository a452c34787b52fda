import assert from "node:assert/strict";
import { peerTest, run } from "./peer.ts";
import { type LayerCompression, pushFolder, REGISTRY_PROGRAMS, startRegistry } from "./registry.ts";

for (const compression of ["gzip", "zstd", "none"] satisfies LayerCompression[]) {
  peerTest(`pushFolder() puts the folder below /disk, ${compression}`, {
    programs: [...REGISTRY_PROGRAMS, "htpasswd"],
  }, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/sub`);
    await Deno.writeTextFile(`${folder}/sub/file`, "content");
    await Deno.symlink("sub/file", `${folder}/link`);
    await using registry = await startRegistry({ auth: "basic" });
    const digest = await pushFolder(folder, `${registry.host}/some/image:1`, { compression, login: true });
    const blobs = `${folder}/layout`;
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      "-q",
      "--src-tls-verify=false",
      "--src-creds",
      "puller:s3cret:with:colons",
      `docker://${registry.host}/some/image@${digest}`,
      `dir:${blobs}`,
    ]);
    const manifest = JSON.parse(await Deno.readTextFile(`${blobs}/manifest.json`));
    const layer = manifest.layers[0];
    assert.equal(layer.mediaType.endsWith(compression === "none" ? ".tar" : `+${compression}`), true, layer.mediaType);
    const unpack = { gzip: "gzip -dc", zstd: "zstd -dc", none: "cat" }[compression];
    const names = await run("sh", ["-c", `${unpack} ${blobs}/${layer.digest.slice(7)} | tar -tv`]);
    assert.match(names, / disk\/sub\/file\n/);
    assert.match(names, / disk\/link -> sub\/file\n/);
    await Deno.remove(folder, { recursive: true });
  });
}
