/** The pull side of a site: store, puller and the controller over them. Joins k8s/, registry/ and controllers/ for serve.ts. */
import { readFileSync } from "node:fs";
import type { Logger } from "../../base/log.ts";
import type { ReadObject } from "../../controllers/cluster_facts.ts";
import { ImageController } from "../../controllers/image.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import { parseDockerConfig } from "../../registry/credentials.ts";
import { ImagePuller } from "../../registry/puller.ts";
import type { ImageStore } from "../../registry/store.ts";
import type { Machines } from "./machines.ts";
import type { Counting } from "./metrics/counting.ts";
import { showImages } from "./metrics/observers.ts";
import type { ServeSettings } from "./settings.ts";

/** Which images are here and which are pulled, for the Machines of a site. */
export function imageController(
  settings: ServeSettings,
  { client, log, store, machines, counting, stack }: {
    readonly client: KubeClient;
    readonly log: Logger;
    readonly store: ImageStore;
    readonly machines: Machines;
    readonly counting: Counting;
    readonly stack: AsyncDisposableStack;
  },
): ImageController {
  const { registryConfig, registryCa } = settings;
  const puller = stack.use(
    new ImagePuller({
      store,
      observe: counting.pulls,
      ...(registryCa === undefined ? {} : { caCerts: [readFileSync(registryCa, "utf8")] }),
      ...(registryConfig === undefined
        ? {}
        : { dockerConfig: parseDockerConfig(readFileSync(registryConfig, "utf8"), registryConfig) }),
    }),
  );
  showImages(counting.metrics, store);
  const readObject = objectReader(client);
  return new ImageController({
    machines: machines.store,
    store,
    puller,
    log,
    random: Math.random,
    report: machines.event,
    readSecret: async (namespace, name, signal) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
      const secret = await readObject(path, signal);
      return secret === undefined ? undefined : (secret as { data?: Record<string, string> }).data ?? {};
    },
  });
}

/** Reads any object; undefined where there is none. */
export function objectReader(client: KubeClient): ReadObject {
  return async (path, signal) => {
    try {
      return await client.request("GET", path, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
}
