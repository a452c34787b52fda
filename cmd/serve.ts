/** `serve-pxe`: joins the folders. Nothing is decided here, everything is started, joined and ended. */
import { readFileSync } from "node:fs";
import { formatIpv4 } from "../base/address.ts";
import { systemClock } from "../base/clock.ts";
import { createLogger, type Logger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import { ClusterFactsReader, type ReadObject } from "../controllers/cluster_facts.ts";
import { ImageController } from "../controllers/image.ts";
import { UserDataCache } from "../controllers/user_data.ts";
import { KubeClient } from "../k8s/client.ts";
import { ApiError } from "../k8s/errors.ts";
import { systemHost } from "../k8s/host.ts";
import { locateAccess } from "../k8s/locate.ts";
import { startDhcpServer } from "../pxe/dhcp/server.ts";
import { readBootFile } from "../pxe/boot_file_store.ts";
import { createFileResolver } from "../pxe/files.ts";
import { startHealthServer } from "../pxe/http/health_server.ts";
import { startHttpServer } from "../pxe/http/server.ts";
import { templateData } from "../pxe/template/machine_view.ts";
import { TemplateCache } from "../pxe/templates.ts";
import { startTftpServer } from "../pxe/tftp/server.ts";
import { parseDockerConfig } from "../registry/credentials.ts";
import { ImagePuller } from "../registry/puller.ts";
import { ImageStore } from "../registry/store.ts";
import { followMachines, type Machines } from "./machines.ts";
import { outboundAddress } from "./outbound.ts";
import type { Io } from "./root.ts";
import { type ServerAddress, serverAddress } from "./server_address.ts";
import { type ServeSettings, settingsFields } from "./serve_settings.ts";
import { startError } from "./start_error.ts";
import { templateInput } from "./template_input.ts";
import { buildInfo } from "./version.ts";

/** How long running transfers and waiting reports may take after SIGTERM. */
const DRAIN_MS = 20_000;
const clock = systemClock;
const random = Math.random;

/**
 * Serves until `io.signal` aborts.
 * @throws {StartError} when it cannot start
 */
export async function serve(settings: ServeSettings, io: Io): Promise<void> {
  const { logLevel: level, logFormat: format } = settings;
  const log = createLogger({ level, format, write: (line) => io.stderr(`${line}\n`) });
  log.info("serve-pxe starts", { version: buildInfo.version, ...settingsFields(settings) });
  await using stack = new AsyncDisposableStack();
  let site: Site;
  try {
    site = await startSite(settings, io, log, stack);
  } catch (error) {
    throw startError(error);
  }
  await aborted(io.signal);
  log.info("stopping; running transfers may take up to 20 s");
  await site.drain();
  log.info("stopped");
}

/** What runs. */
interface Site {
  /** Accepts nothing new, ends what runs, writes what waits. */
  drain(): Promise<void>;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Connects to the cluster and gives up the right to run programs where nothing configured needs it. */
async function connect(settings: ServeSettings, stack: AsyncDisposableStack): Promise<KubeClient> {
  const { kubeconfig, registryConfig } = settings;
  const access = await locateAccess(systemHost, kubeconfig === undefined ? {} : { kubeconfig });
  await Deno.permissions.revoke({ name: "ffi" });
  if (access.credentials.exec === undefined && registryConfig === undefined) {
    await Deno.permissions.revoke({ name: "run" });
  }
  return stack.use(new KubeClient(access));
}

async function startSite(settings: ServeSettings, io: Io, log: Logger, stack: AsyncDisposableStack): Promise<Site> {
  const client = await connect(settings, stack);
  const outbound = settings.bindAddress === 0 ? await outboundAddress(new URL(client.server)) : undefined;
  const address = serverAddress(settings, outbound, Deno.networkInterfaces());
  if (settings.bindAddress === 0 && settings.dhcp.kind !== "interface" && outbound === undefined) {
    log.warn("the API server does not answer, so this host's address is a guess; --bind-address settles it", {
      ip: address.ip,
    });
  }
  log.info("addresses", { ip: address.ip, dhcp: address.dhcp.kind, serveUrl: address.serveUrl });
  if (address.dhcp.kind === "interface") {
    log.warn("leader election is not there yet (issue 7): run one instance on this network");
  }
  const tasks = stack.use(new TaskGroup(log));
  const store = stack.use(await ImageStore.open(settings.cacheDir));
  for (const { message, path } of store.notices) log.warn(message, { path });

  const userData = new UserDataCache({ client, log, clock, random, tasks });
  const machines = followMachines({
    client,
    site: settings.site,
    log,
    clock,
    random,
    tasks,
    changed: (_name, machine) => {
      if (machine === undefined) return;
      images.machineChanged(machine);
      if (machine.userData !== undefined) userData.follow(machine.userData.namespace);
    },
  });
  const images = stack.use(imageController(settings, { client, log, store, machines, stack }));
  const facts = clusterFacts(client, io, log);
  tasks.start("cluster facts", (signal) => facts.run(signal));
  return await startServers({ settings, address, log, stack, machines, images, userData, facts });
}

/** The pull side: store, puller and the controller over them. */
function imageController(
  settings: ServeSettings,
  { client, log, store, machines, stack }: {
    readonly client: KubeClient;
    readonly log: Logger;
    readonly store: ImageStore;
    readonly machines: Machines;
    readonly stack: AsyncDisposableStack;
  },
): ImageController {
  const { registryConfig, registryCa } = settings;
  const puller = stack.use(
    new ImagePuller({
      store,
      ...(registryCa === undefined ? {} : { caCerts: [readFileSync(registryCa, "utf8")] }),
      ...(registryConfig === undefined
        ? {}
        : { dockerConfig: parseDockerConfig(readFileSync(registryConfig, "utf8"), registryConfig) }),
    }),
  );
  const readObject = reader(client);
  return new ImageController({
    machines: machines.store,
    store,
    puller,
    log,
    random,
    report: machines.event,
    readSecret: async (namespace, name, signal) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
      const secret = await readObject(path, signal);
      return secret === undefined ? undefined : (secret as { data?: Record<string, string> }).data ?? {};
    },
  });
}

/** Reads any object; undefined where there is none. */
function reader(client: KubeClient): ReadObject {
  return async (path, signal) => {
    try {
      return await client.request("GET", path, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
}

function clusterFacts(client: KubeClient, io: Io, log: Logger): ClusterFactsReader {
  const apiserverURL = io.env("METALMAN_APISERVER_URL");
  return new ClusterFactsReader({ read: reader(client), log, clock, ...(apiserverURL ? { apiserverURL } : {}) });
}

/** Everything that the servers answer from. */
interface Sources {
  readonly settings: ServeSettings;
  readonly address: ServerAddress;
  readonly log: Logger;
  readonly stack: AsyncDisposableStack;
  readonly machines: Machines;
  readonly images: ImageController;
  readonly userData: UserDataCache;
  readonly facts: ClusterFactsReader;
}

async function startServers(sources: Sources): Promise<Site> {
  const { settings, address, log, stack, machines, images } = sources;
  const { store, reports, synced } = machines;
  const bindAddress = formatIpv4(settings.bindAddress);
  const resolve = fileResolver(sources);
  const http = stack.use(
    await startHttpServer({
      bindAddress,
      port: settings.httpPort,
      // As the store resolves it: the threads may read below this very path.
      filesFolder: await Deno.realPath(settings.cacheDir),
      directory: store,
      resolve,
      reports,
      synced,
      trustedProxies: settings.trustedProxies,
      log,
    }),
  );
  const tftp = stack.use(startTftpServer({ bindAddress, port: settings.tftpPort, resolve, log }));
  const dhcp = startDhcpServer({
    mode: address.dhcp,
    port: settings.dhcpPort,
    serveUrl: address.serveUrl,
    directory: store,
    images,
    log,
  });
  stack.use(dhcp);
  const missing = () => [
    ...(synced() ? [] : ["Machines are not read yet"]),
    ...(dhcp.ready ? [] : ["DHCP does not listen"]),
    ...(http.problem === undefined ? [] : [http.problem]),
  ];
  stack.use(startHealthServer({ bindAddress, port: settings.healthPort, missing }));
  machines.whenSynced(() => {
    images.start();
    log.info("ready", { machines: store.size, serveUrl: address.serveUrl });
  });
  return {
    async drain() {
      await dhcp[Symbol.asyncDispose]();
      const limit = AbortSignal.timeout(DRAIN_MS);
      await Promise.all([tftp.drain(DRAIN_MS), http.drain(DRAIN_MS)]);
      // Reports are written all the while; one that came with the last request counts too.
      await machines.flush(limit);
    },
  };
}

/** What a path means for a client, for TFTP and HTTP. */
function fileResolver({ address, machines, images, userData, facts }: Sources) {
  const templates = new TemplateCache({ read: readBootFile });
  const { store, report, synced } = machines;
  const resolve = createFileResolver({
    directory: store,
    images,
    userData: (ref) => userData.lookup(ref),
    render: (file, machine) =>
      templates.render(file, () => templateData(templateInput(machine, facts.current, address.serveUrl))),
    onTemplateFailure: (machine, path, reason) =>
      report(machine, "Warning", "TemplateFailed", `template ${path}.tmpl of image ${machine.image}: ${reason}`),
  });
  return (client: number, path: string) =>
    synced() ? resolve(client, path) : { kind: "notYet" as const, reason: "Machines are not read yet" };
}
