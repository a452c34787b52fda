import assert from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import { parseMetadata } from "../../registry/metadata.ts";
import { ImagePuller } from "../../registry/puller.ts";
import { ImageStore } from "../../registry/store.ts";
import { readBootFile } from "../../pxe/boot_file_store.ts";
import { templateData } from "../../pxe/template/machine_view.ts";
import { parseTemplate } from "../../pxe/template/template.ts";
import { startDevRegistry } from "../registry/server.ts";
import { buildImage } from "./build.ts";
import { sampleImage, sampleTexts } from "./sample_store.ts";

const SERVE_URL = "http://127.0.0.1:8880";

function rendered(path: string): string {
  const machine = {
    metadata: { name: "sample-1" },
    spec: {
      pxe: {
        dhcpLeases: [{
          mac: "52:54:00:00:00:01",
          ipv4: "127.1.0.1",
          subnetMask: "255.255.255.0",
          gateway: "127.1.0.254",
        }],
      },
    },
  };
  const unknown = () => {
    throw new Error("the sample image needs no cluster");
  };
  const data = templateData({
    machine,
    serveURL: SERVE_URL,
    agentConfigJSON: unknown,
    get apiserverURL() {
      return unknown();
    },
    get kubernetesVersion() {
      return unknown();
    },
    get clusterDNS() {
      return unknown();
    },
  });
  const template = parseTemplate(sampleTexts().get(`${path}.tmpl`)!);
  return new TextDecoder().decode(template.execute(data));
}

Deno.test("the sample image is always the same", async () => {
  const image = await buildImage(sampleImage());
  // Without compression, which may differ from one processor to another. A change of the sample's files changes it.
  assert.equal(image.diffId, "sha256:0b5f510e2237d579d8e5b55efa6bc63c8942d4952537bcb94c36d2a0e83e2c5d");
  assert.deepEqual(await buildImage(sampleImage()), image);
});

Deno.test("grub.cfg of the sample image, as GRUB and the installer read it", () => {
  const text = rendered("grub/grub.cfg");
  assert.deepEqual(text.split("\n").filter((line) => !line.startsWith("#")), [
    "set timeout=0",
    [
      "linux /boot/vmlinuz console=ttyS0 BOOTIF=01-52:54:00:00:00:01",
      "ip=127.1.0.1::127.1.0.254:255.255.255.0:sample-1:",
      `metalman.image=${SERVE_URL}/boot/disk.img metalman.done=${SERVE_URL}/pxe/disable`,
      `"ds=nocloud;s=${SERVE_URL}/cloud-init/"`,
    ].join(" "),
    "initrd /boot/initrd",
    "boot",
    "",
  ]);
});

Deno.test("cloud-init data of the sample image", () => {
  assert.equal(rendered("cloud-init/meta-data"), "instance-id: sample-1-0\nlocal-hostname: sample-1\n");
  assert.match(
    rendered("cloud-init/vendor-data"),
    /^#cloud-config\nreporting:\n {2}metalman:\n {4}type: webhook\n {4}endpoint: http:\/\/127.0.0.1:8880\/cloudinit\/log\n$/,
  );
});

Deno.test("the boot files that metadata.yaml names are in the sample image", () => {
  const files = sampleImage();
  const { dhcpBootImageName, bootFiles } = parseMetadata(new TextDecoder().decode(files.get("metadata.yaml")));
  for (const name of [dhcpBootImageName, ...Object.values(bootFiles)]) assert.ok(files.has(name), name);
  assert.deepEqual(Object.keys(bootFiles), ["x64-http"]);
});

Deno.test("the sample image is pulled from the registry as it was built", async () => {
  const folder = await Deno.makeTempDir({ prefix: "metalman-sample-" });
  const files = sampleImage();
  const built = await buildImage(files);
  {
    await using registry = await startDevRegistry({ folder: `${folder}/registry`, log: new MemoryLogger() });
    await registry.store.putImage("metalman/sample", "v1", built);
    await using store = await ImageStore.open(`${folder}/cache`);
    await using puller = new ImagePuller({ store });
    const reference = `${registry.host}/metalman/sample:v1`;
    const image = await puller.ensure({ reference, key: reference });
    assert.equal(image.digest, built.manifest.digest);
    assert.equal(image.fileCount, files.size);
    for (const [path, content] of files) assert.deepEqual(await readBootFile(image.file(path)!), content, path);
  }
  await Deno.remove(folder, { recursive: true });
});
