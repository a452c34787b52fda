import assert from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import { ContentError, NotFoundError } from "../../registry/errors.ts";
import { ImagePuller } from "../../registry/puller.ts";
import { ImageStore } from "../../registry/store.ts";
import { buildImage } from "../image/build.ts";
import { type LayoutStore, RegistryFolderError } from "./layout_store.ts";
import { startDevRegistry } from "./server.ts";

const imageOf = (text: string) => buildImage(new Map([["file", new TextEncoder().encode(text)]]));

/** Runs with a registry, and a cache that pulls from it. */
async function withPuller(
  use: (
    at: {
      folder: string;
      host: string;
      images: LayoutStore;
      ensure: (reference: string) => ReturnType<ImagePuller["ensure"]>;
    },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-pull-" });
  try {
    await using registry = await startDevRegistry({ folder: `${folder}/images`, log: new MemoryLogger() });
    await using store = await ImageStore.open(`${folder}/cache`);
    await using puller = new ImagePuller({ store, retryMs: 5 });
    const ensure = (reference: string) => puller.ensure({ reference, key: reference });
    await use({ folder, host: registry.host, images: registry.store, ensure });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a moved tag brings the new image; the old one is had by its digest (contract 9)", () =>
  withPuller(async ({ host, images, ensure }) => {
    const [first, second] = [await imageOf("1"), await imageOf("2")];
    await images.putImage("a/b", "v1", first);
    assert.equal((await ensure(`${host}/a/b:v1`)).digest, first.manifest.digest);
    await images.putImage("a/b", "v1", second);
    assert.equal((await ensure(`${host}/a/b:v1`)).digest, second.manifest.digest);
    assert.equal((await ensure(`${host}/a/b@${first.manifest.digest}`)).digest, first.manifest.digest);
  }));

Deno.test("an image that cannot be written is said in one line", () =>
  withPuller(async ({ folder, images }) => {
    await Deno.writeTextFile(`${folder}/images/a`, "");
    await assert.rejects(images.putImage("a/b", "v1", await imageOf("1")), (error) => {
      assert.ok(error instanceof RegistryFolderError);
      assert.match(error.message, /^cannot use image folder .*choose a folder that can be written$/);
      return true;
    });
  }));

Deno.test("what is not there, and what holds no disk, is said so (contract 9)", () =>
  withPuller(async ({ host, images, ensure }) => {
    await assert.rejects(ensure(`${host}/none:1`), NotFoundError);
    await images.putImage("a", "v1", await imageOf("1"));
    await assert.rejects(ensure(`${host}/a:v2`), NotFoundError);
    await images.putImage("empty", "v1", await buildImage(new Map()));
    await assert.rejects(ensure(`${host}/empty:v1`), ContentError);
  }));
