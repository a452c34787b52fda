/** `serve-pxe`: joins the folders. Nothing is decided here, everything is started, joined and ended. */
import { formatIpv4 } from "../../base/address.ts";
import { systemClock } from "../../base/clock.ts";
import { createLogger, type Logger } from "../../base/log.ts";
import { aborted, TaskGroup } from "../../base/tasks.ts";
import type { Authority } from "../../attest/ek_certificate.ts";
import { ClusterFactsReader } from "../../controllers/cluster_facts.ts";
import type { ImageController } from "../../controllers/image.ts";
import { UserDataCache } from "../../controllers/user_data.ts";
import { KubeClient } from "../../k8s/client.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import type { Directory } from "../../machine/directory.ts";
import { type DhcpServer, startDhcpServer } from "../../pxe/dhcp/server.ts";
import { readBootFile } from "../../pxe/boot_file_store.ts";
import { createFileResolver } from "../../pxe/files.ts";
import { startHealthServer } from "../../pxe/http/health_server.ts";
import { startHttpServer } from "../../pxe/http/server.ts";
import { templateData } from "../../pxe/template/machine_view.ts";
import { TemplateCache } from "../../pxe/templates.ts";
import { startTftpServer } from "../../pxe/tftp/server.ts";
import { ImageStore } from "../../registry/store.ts";
import { createAttestation } from "./attest.ts";
import { readEkAuthorities } from "./ek_authorities.ts";
import { howToGrant } from "../grant.ts";
import { imageController, objectReader } from "./images.ts";
import { followMachines, type Machines } from "./machines.ts";
import { type Counting, startCounting } from "./metrics/counting.ts";
import { showHttp } from "./metrics/observers.ts";
import { createLeader, type Leader } from "./leader.ts";
import { outboundAddress } from "./outbound.ts";
import { createPower, type Power } from "./power.ts";
import type { Io } from "../io.ts";
import { reachThisMachineDirectly } from "../no_proxy.ts";
import { type ServerAddress, serverAddress } from "./server_address.ts";
import { type ServeSettings, settingsFields } from "./settings.ts";
import { startError } from "../start_error.ts";
import { templateInput } from "./template_input.ts";
import { buildInfo } from "../version.ts";

/** See {@link Surroundings.drainMs}. */
const DRAIN_MS = 20_000;
const clock = systemClock;
const random = Math.random;

/** What `metalman dev` puts in the place of the world around serve-pxe. */
export interface Surroundings {
  /** Where relays listen. @default 67 */
  readonly relayPort?: number;
  /** The address that a client has, from the one that its packets come from. @default the same */
  readonly clientAddress?: (seen: number) => number;
  /** Called when machines are answered. */
  readonly ready?: () => void;
  /** How long running transfers and waiting reports may take after the signal. @default 20,000 */
  readonly drainMs?: number;
  /** Unique among the replicas. @default the host's name and a random part */
  readonly identity?: string;
  /** What to do where the disk of the cache is full: see {@link ImageStore.open}. @default --cache-dir */
  readonly howToMoveCache?: string;
}

/** What a site is started with. */
export interface SiteOptions extends Surroundings {
  readonly settings: ServeSettings;
  readonly log: Logger;
  readonly env: Io["env"];
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Serves until `io.signal` aborts.
 * @throws {StartError} when it cannot start
 */
export async function serve(settings: ServeSettings, io: Io): Promise<void> {
  const { logLevel: level, logFormat: format } = settings;
  const log = createLogger({ level, format, write: (line) => io.stderr(`${line}\n`) });
  reachThisMachineDirectly(io.env);
  await runSite({ settings, log, env: io.env, signal: io.signal });
}

/**
 * Serves one site until the signal aborts.
 * @throws {StartError} when it cannot start
 */
export async function runSite(options: SiteOptions): Promise<void> {
  const { settings, log, signal } = options;
  log.info("serve-pxe starts", { version: buildInfo.version, ...settingsFields(settings) });
  await using stack = new AsyncDisposableStack();
  let site: Site;
  try {
    site = await startSite(options, stack);
  } catch (error) {
    throw startError(error);
  }
  await aborted(signal);
  log.info(`stopping; running transfers may take up to ${(options.drainMs ?? DRAIN_MS) / 1000} s`);
  await site.drain();
  log.info("stopped");
}

/** What runs. */
interface Site {
  /** Accepts nothing new, ends what runs, writes what waits. */
  drain(): Promise<void>;
}

/** Connects to the cluster. */
async function connect({ settings }: SiteOptions, { api }: Counting): Promise<KubeClient> {
  const { kubeconfig } = settings;
  const access = await locateAccess(systemHost, kubeconfig === undefined ? {} : { kubeconfig });
  return new KubeClient(access, { grant: howToGrant, observe: api });
}

async function startSite(options: SiteOptions, stack: AsyncDisposableStack): Promise<Site> {
  const { settings, log, env } = options;
  const authorities = settings.ekCa === undefined ? [] : await readEkAuthorities(settings.ekCa);
  const counting = stack.use(startCounting());
  const client = stack.use(await connect(options, counting));
  const outbound = settings.bindAddress === 0 ? await outboundAddress(new URL(client.server)) : undefined;
  const address = serverAddress(settings, outbound, Deno.networkInterfaces());
  if (settings.bindAddress === 0 && settings.dhcp.kind !== "interface" && outbound === undefined) {
    log.warn("the API server does not answer, so this host's address is a guess; --bind-address settles it", {
      ip: address.ip,
    });
  }
  log.info("addresses", { ip: address.ip, dhcp: address.dhcp.kind, serveUrl: address.serveUrl });
  const tasks = stack.use(new TaskGroup(log));
  const store = stack.use(await ImageStore.open(settings.cacheDir, options.howToMoveCache));
  for (const { message, path } of store.notices) log.warn(message, { path });

  const common = { client, log, clock, random };
  const userData = new UserDataCache({ ...common, tasks, observe: counting.watches.configmaps });
  const machines = followMachines({
    ...common,
    site: settings.site,
    tasks,
    counting,
    changed: (name, machine) => {
      power.machineChanged(name, machine);
      if (machine === undefined) return;
      images.machineChanged(machine);
      if (machine.userData !== undefined) userData.follow(machine.userData.namespace);
    },
  });
  const images = stack.use(imageController(settings, { client, log, store, machines, counting, stack }));
  const { serveUrl } = address;
  const leads = () => leader.leads();
  const power = createPower({ ...common, settings, machines, images, serveUrl, leads, counting, stack });
  const leader = stack.use(createLeader({ ...options, ...common, counting, lead: (signal) => power.run(signal) }));
  const facts = clusterFacts(client, env, log);
  tasks.start("cluster facts", (signal) => facts.run(signal));
  return await startServers({
    ...options,
    address,
    authorities,
    client,
    counting,
    stack,
    machines,
    images,
    power,
    leader,
    userData,
    facts,
  });
}

function clusterFacts(client: KubeClient, env: Io["env"], log: Logger): ClusterFactsReader {
  const apiserverURL = env("METALMAN_APISERVER_URL");
  return new ClusterFactsReader({ read: objectReader(client), log, clock, ...(apiserverURL ? { apiserverURL } : {}) });
}

/** Everything that the servers answer from. */
interface Sources extends SiteOptions {
  readonly address: ServerAddress;
  readonly authorities: readonly Authority[];
  readonly client: KubeClient;
  readonly counting: Counting;
  readonly stack: AsyncDisposableStack;
  readonly machines: Machines;
  readonly images: ImageController;
  readonly power: Power;
  readonly leader: Leader;
  readonly userData: UserDataCache;
  readonly facts: ClusterFactsReader;
}

async function startServers(sources: Sources): Promise<Site> {
  const { settings, address, log, counting, stack, machines, images, power, leader } = sources;
  const { store, reports, synced } = machines;
  const directory = clientDirectory(sources);
  const bindAddress = formatIpv4(settings.bindAddress);
  const resolve = fileResolver(sources);
  const attestation = createAttestation({ ...sources, directory });
  const http = stack.use(
    await startHttpServer({
      bindAddress,
      port: settings.httpPort,
      // As the store resolves it: the threads may read below this very path.
      filesFolder: await Deno.realPath(settings.cacheDir),
      directory,
      resolve: power.traced(resolve, directory, "HTTP"),
      reports,
      attest: (from, body) => attestation.answer(from, body),
      synced,
      trustedProxies: settings.trustedProxies,
      log,
    }),
  );
  showHttp(counting.metrics, http.counts);
  const tftpResolve = power.traced(resolve, directory, "TFTP");
  const tftpOptions = { bindAddress, port: settings.tftpPort, resolve: tftpResolve, observe: counting.tftp, log };
  const tftp = stack.use(startTftpServer(tftpOptions));
  const dhcp = stack.use(startDhcp(sources));
  const missing = () => [
    ...(synced() ? [] : ["Machines are not read yet"]),
    ...(dhcp.ready ? [] : ["DHCP does not listen"]),
    ...(http.problem === undefined ? [] : [http.problem]),
  ];
  stack.use(
    startHealthServer({ bindAddress, port: settings.healthPort, missing, metrics: () => counting.metrics.text() }),
  );
  machines.whenSynced(() => {
    images.start();
    // Not before: who knows no Machine cannot lead.
    leader.campaign();
    log.info("ready", { machines: store.size, serveUrl: address.serveUrl });
    sources.ready?.();
  });
  return {
    async drain() {
      // At once, so that another replica acts while transfers end.
      const released = leader.stop();
      await dhcp[Symbol.asyncDispose]();
      const { drainMs = DRAIN_MS } = sources;
      const limit = AbortSignal.timeout(drainMs);
      await Promise.all([tftp.drain(drainMs), http.drain(drainMs), released]);
      // Reports are written all the while; one that came with the last request counts too, and a token that was its answer.
      await Promise.all([machines.flush(limit), attestation.flush(limit)]);
    },
  };
}

/** On an interface only the leader answers; relays ask every replica. */
function startDhcp(sources: Sources): DhcpServer {
  const { settings, address, log, machines, images, power, leader, relayPort, counting } = sources;
  return startDhcpServer({
    mode: address.dhcp,
    port: settings.dhcpPort,
    ...(relayPort === undefined ? {} : { relayPort }),
    serveUrl: address.serveUrl,
    directory: machines.store,
    images,
    log,
    ...(address.dhcp.kind === "interface" ? { answering: leader.answers } : {}),
    onDecision: (event) => power.dhcpDecided(event),
    observe: counting.dhcp,
  });
}

/** The Machines by the addresses that TFTP and HTTP see. */
function clientDirectory({ machines: { store }, clientAddress }: Sources): Directory {
  if (clientAddress === undefined) return store;
  return {
    byMac: (mac) => store.byMac(mac),
    byIp: (seen) => store.byIp(clientAddress(seen)),
    byName: (name) => store.byName(name),
    all: () => store.all(),
  };
}

/** What a path means for a client, for TFTP and HTTP. */
function fileResolver(sources: Sources) {
  const { address, machines, images, userData, facts, counting } = sources;
  const templates = new TemplateCache({ read: readBootFile });
  const { report, synced } = machines;
  const resolve = createFileResolver({
    directory: clientDirectory(sources),
    images,
    userData: (ref) => userData.lookup(ref),
    render: (file, machine) =>
      templates.render(file, () => templateData(templateInput(machine, facts.current, address.serveUrl))),
    onTemplateFailure(machine, path, reason) {
      counting.templateFailed();
      report(machine, "Warning", "TemplateFailed", `template ${path}.tmpl of image ${machine.image}: ${reason}`);
    },
  });
  return (client: number, path: string) =>
    synced() ? resolve(client, path) : { kind: "notYet" as const, reason: "Machines are not read yet" };
}
