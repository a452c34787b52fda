/**
 * A small Kubernetes-compatible API server for one user on loopback: for trying things out.
 * It asks for a token, and then allows everything.
 */
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { Api } from "./http/api.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { newServerCertificate } from "../certificate/certificate.ts";
import { type Credentials, openCredentials } from "./auth/credentials_store.ts";
import { KUBERNETES_VERSION } from "./http/discovery.ts";
import { createObjects } from "./first_objects.ts";
import { HttpServer } from "./http/http_server.ts";
import { builtInKinds } from "./kinds/built_in.ts";
import { kindsOfCrd } from "./kinds/crd.ts";
import type { ApiObject, JsonObject } from "./object.ts";
import { type Subject, TokenIssuer } from "./auth/service_account_token.ts";
import { SqliteStore } from "./store/sqlite_store.ts";
import { Verbs } from "./verbs/verbs.ts";

/** How the server is started. */
export interface DevApiServerOptions {
  /** 0 takes any free one. @default 0 */
  readonly port?: number;
  /** There is no other: whoever reaches the server and has the token may do everything. @default "127.0.0.1" */
  readonly hostname?: "127.0.0.1";
  /** SQLite file that keeps the objects. @default in memory */
  readonly statePath?: string;
  /** Folder that keeps authority, keys and token. @default new ones */
  readonly credentialsFolder?: string;
  /** CustomResourceDefinitions, as their files have them. */
  readonly crds: readonly JsonObject[];
  /** Created at the start where they are absent. @default none */
  readonly objects?: readonly ApiObject[];
  /** Where it says what it does. */
  readonly log: Logger;
  /** Time. @default the system's */
  readonly clock?: Clock;
  /** In [0, 1): ends of generated names. @default Math.random */
  readonly random?: () => number;
}

/** A running server; disposing it ends every connection. */
export interface DevApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where it listens. */
  readonly port: number;
  /** Certificate of the authority that clients need. */
  readonly caPem: string;
  /** Of the administrator. */
  readonly token: string;
  /** The latest revision of the objects. */
  readonly revision: number;
  /** A kubeconfig for the administrator (JSON, which is YAML too); `name` is that of cluster, user and context. */
  kubeconfig(name: string): string;
}

/** The server would be reachable from elsewhere. */
export class NotLoopback extends Error {
  /** The class, in logs. */
  override name = "NotLoopback";
}

const HOSTNAME = "127.0.0.1";
const NAMES = {
  dns: ["localhost", "kubernetes.default.svc"],
  ips: [new Uint8Array([127, 0, 0, 1]), new Uint8Array([...new Array<number>(15).fill(0), 1])],
};

/**
 * Starts the server; resolves when it accepts connections.
 * @throws {PortInUse} when another program has the port: try another
 * @throws {CredentialsError} when the credentials' folder cannot be used
 * @throws {StateError} when the state's file cannot be used
 * @throws {CrdError} when a CustomResourceDefinition is none
 */
export async function startDevApiServer(options: DevApiServerOptions): Promise<DevApiServer> {
  const { hostname = HOSTNAME, clock = systemClock, port = 0, statePath, log } = options;
  if (hostname !== HOSTNAME) {
    throw new NotLoopback(`cannot serve the development API on ${hostname}: it listens on ${HOSTNAME} only`);
  }
  const credentials = await openCredentials(options.credentialsFolder, clock.now());
  const certificate = await newServerCertificate(credentials.authority, NAMES, clock.now());
  const issuer = await TokenIssuer.of(credentials.tokenKey);
  const store = SqliteStore.open(statePath, { clock });
  try {
    const state = { store, credentials, address: () => `${HOSTNAME}:${http.port}` };
    const api = buildApi(options, { ...state, issuer, clock });
    const http: HttpServer = await HttpServer.listen({ hostname, port, certificate, api, log });
    const url = `https://${HOSTNAME}:${http.port}`;
    const message = "development API server, for trying things out: one user, everything allowed, loopback only";
    log.info(message, { url, version: KUBERNETES_VERSION, state: statePath ?? "in memory" });
    return new RunningServer(http, state);
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}

/** What is behind the port. */
interface State {
  readonly store: SqliteStore;
  readonly credentials: Credentials;
  /** Host and port; known when it listens. */
  readonly address: () => string;
}

function buildApi(
  { crds, objects = [], random = Math.random }: DevApiServerOptions,
  { store, credentials, issuer, clock, address }: State & { readonly issuer: TokenIssuer; readonly clock: Clock },
): Api {
  const kinds = [...builtInKinds(), ...crds.flatMap(kindsOfCrd)];
  const newUid = () => crypto.randomUUID();
  const verbs = new Verbs({ store, clock, random, newUid, kinds });
  createObjects(verbs, kinds, objects);
  const uidOf = ({ namespace, name }: Omit<Subject, "uid">) => {
    const uid = store.get({ resource: "serviceaccounts", namespace }, name)?.metadata.uid;
    return typeof uid === "string" ? uid : undefined;
  };
  const { adminToken } = credentials;
  const authenticator = new Authenticator({ adminToken, issuer, now: () => clock.now(), uidOf });
  return new Api({ kinds, verbs, authenticator, issuer, clock, newUid, serverAddress: address });
}

class RunningServer implements DevApiServer {
  readonly #http: HttpServer;
  readonly #state: State;
  #ended: Promise<void> | undefined;

  constructor(http: HttpServer, state: State) {
    this.#http = http;
    this.#state = state;
  }

  get port(): number {
    return this.#http.port;
  }

  get url(): string {
    return `https://${this.#state.address()}`;
  }

  get caPem(): string {
    return this.#state.credentials.authority.certPem;
  }

  get token(): string {
    return this.#state.credentials.adminToken;
  }

  get revision(): number {
    return this.#state.store.revision;
  }

  kubeconfig(name: string): string {
    const certificate = new TextEncoder().encode(this.caPem).toBase64();
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: this.url, "certificate-authority-data": certificate } }],
      users: [{ name, user: { token: this.token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    };
    return `${JSON.stringify(config, undefined, 2)}\n`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
    this.#state.store[Symbol.dispose]();
  }
}
