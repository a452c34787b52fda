/** From a kubeconfig, or from inside a cluster, to what a connection needs. Nothing is read here but values. */
import { ConfigError } from "./errors.ts";
import type { ClusterEntry, ExecEntry, FromFile, Kubeconfig, UserEntry } from "./kubeconfig.ts";

/** Content at hand, or a file to be read whenever it is needed. */
export type Source = { readonly data: string } | { readonly file: string };

/** An exec plugin with its command's path resolved. */
export interface ExecPlugin {
  /** The kubeconfig's entry. */
  readonly entry: ExecEntry;
  /** A path, or a name to be looked up in PATH. */
  readonly command: string;
  /** Where it is configured, for messages. */
  readonly where: string;
  /** What `provideClusterInfo` passes on, but for the authority: it may be in a file. */
  readonly cluster: Readonly<Record<string, unknown>>;
}

/** How requests are made to prove who sends them. */
export interface Credentials {
  /** Bearer token; a file wins over data, as the file is the fresher. */
  readonly token?: Source;
  /** Basic authentication. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** A program that prints a token or a certificate. */
  readonly exec?: ExecPlugin;
  /** Client certificate and key as PEM. */
  readonly certificate?: { readonly cert: Source; readonly key: Source };
  /** Impersonate-* headers. */
  readonly impersonate: Readonly<Record<string, string | string[]>>;
}

/** Everything needed to speak to one API server. */
export interface Access {
  /** Base URL; a path in it is kept, a slash at its end is not. */
  readonly server: URL;
  /** Trusted authorities as PEM; the system's where absent. */
  readonly ca?: Source;
  /** Name to expect in the server's certificate. */
  readonly tlsServerName?: string;
  /** Trust any certificate. */
  readonly insecure: boolean;
  /** proxy-url; it wins over the environment. */
  readonly proxy?: string;
  /** Who we are. */
  readonly credentials: Credentials;
  /** Where all this is from, for messages: `/root/.kube/config, context "lab"`. */
  readonly origin: string;
}

/** Of a long list, so many are named. */
const MOST_NAMED = 10;

/** `path` as seen from the file that names it. */
function beside(file: string, path: string): string {
  if (path.startsWith("/")) return path;
  const slash = file.lastIndexOf("/");
  return slash < 0 ? path : `${file.slice(0, slash)}/${path}`;
}

function decode(data: string, where: string): string {
  try {
    return atob(data.replace(/\s/g, ""));
  } catch {
    throw new ConfigError(`${where}: not base64`);
  }
}

/** Data wins over a file, as in kubectl. */
function source(file: string, where: string, entry: Record<string, unknown>, field: string): Source | undefined {
  const data = entry[`${field}-data`] as string | undefined;
  const path = entry[field] as string | undefined;
  if (data) return { data: decode(data, `${where}.${field}-data`) };
  if (path) return { file: beside(file, path) };
}

function parseServer(value: string, where: string, secured: boolean): URL {
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `${secured ? "https" : "http"}://${value}`;
  if (!URL.canParse(spelled)) throw new ConfigError(`${where}.server: "${value}" is not a URL`);
  const url = new URL(spelled);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ConfigError(`${where}.server: "${value}" is neither https nor http`);
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

function execPlugin(user: FromFile<UserEntry>, where: string, cluster: ClusterEntry): ExecPlugin | undefined {
  const entry = user.value.exec;
  if (!entry) return;
  const known = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
  if (!known.includes(entry.apiVersion)) {
    throw new ConfigError(`${where}.exec.apiVersion: "${entry.apiVersion}" is not known; use ${known[0]}`);
  }
  if (entry.apiVersion === known[0] && entry.interactiveMode === undefined) {
    throw new ConfigError(`${where}.exec.interactiveMode: needed with ${known[0]}: Never, IfAvailable or Always`);
  }
  const config = cluster.extensions?.find((e) => e.name === "client.authentication.k8s.io/exec")?.extension;
  const told = ["server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url"] as const;
  const info: Record<string, unknown> = {};
  for (const field of told) if (cluster[field] !== undefined) info[field] = cluster[field];
  if (config !== undefined) info.config = config;
  const command = entry.command.includes("/") ? beside(user.file, entry.command) : entry.command;
  return { entry, command, where: `${where}.exec`, cluster: info };
}

function impersonation(user: UserEntry): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (user.as) headers["Impersonate-User"] = user.as;
  if (user["as-uid"]) headers["Impersonate-Uid"] = user["as-uid"];
  if (user["as-groups"].length > 0) headers["Impersonate-Group"] = user["as-groups"];
  for (const [name, values] of Object.entries(user["as-user-extra"] ?? {})) {
    headers[`Impersonate-Extra-${encodeURIComponent(name)}`] = values;
  }
  return headers;
}

function credentialsOf(user: FromFile<UserEntry>, where: string, cluster: ClusterEntry): Credentials {
  const { file, value } = user;
  const provider = value["auth-provider"];
  if (provider) {
    throw new ConfigError(
      `${where}.auth-provider: "${provider.name}" is no longer supported by Kubernetes; use an exec plugin ` +
        `(for azure: kubelogin convert-kubeconfig) or a token`,
    );
  }
  const cert = source(file, where, value, "client-certificate");
  const key = source(file, where, value, "client-key");
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(`${where}: client-certificate and client-key belong together; one is missing`);
  }
  const exec = execPlugin(user, where, cluster);
  const token: Source | undefined = value.tokenFile
    ? { file: beside(file, value.tokenFile) }
    : value.token
    ? { data: value.token }
    : undefined;
  if (token !== undefined && value.username) {
    throw new ConfigError(`${where}: token and username exclude each other; remove one`);
  }
  return {
    ...(token === undefined ? {} : { token }),
    ...(value.username ? { basic: { username: value.username, password: value.password ?? "" } } : {}),
    ...(exec === undefined ? {} : { exec }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
    impersonate: impersonation(value),
  };
}

/**
 * The access that a context describes.
 * @param wanted its name; the current one where absent
 * @throws {ConfigError} naming the file and the field
 */
export function accessOf(config: Kubeconfig, files: string, wanted?: string): Access {
  const name = wanted ?? config.currentContext;
  if (wanted !== undefined && !config.contexts.has(wanted)) {
    const known = [...config.contexts.keys()].slice(0, MOST_NAMED).join(", ");
    throw new ConfigError(`${files}: there is no context "${wanted}"${known === "" ? "" : `; there is ${known}`}`);
  }
  if (name === "") throw new ConfigError(`${files}: no current-context; kubectl config use-context NAME sets it`);
  const context = config.contexts.get(name);
  if (context === undefined) throw new ConfigError(`${files}: current-context "${name}" is not among the contexts`);
  const at = `${context.file}: contexts[name=${name}].context`;
  const cluster = config.clusters.get(context.value.cluster);
  if (cluster === undefined) {
    throw new ConfigError(`${at}.cluster: there is no cluster "${context.value.cluster}"`);
  }
  const user = config.users.get(context.value.user);
  if (user === undefined && context.value.user !== "") {
    throw new ConfigError(`${at}.user: there is no user "${context.value.user}"`);
  }
  const entry = cluster.value;
  const where = `${cluster.file}: clusters[name=${context.value.cluster}].cluster`;
  if (!entry.server) throw new ConfigError(`${where}.server: missing`);
  const ca = source(cluster.file, where, entry, "certificate-authority");
  const insecure = entry["insecure-skip-tls-verify"] ?? false;
  if (insecure && ca !== undefined) {
    throw new ConfigError(
      `${where}: certificate-authority and insecure-skip-tls-verify exclude each other; remove one`,
    );
  }
  const credentials = user === undefined
    ? { impersonate: {} }
    : credentialsOf(user, `${user.file}: users[name=${context.value.user}].user`, entry);
  return {
    server: parseServer(entry.server, where, insecure || ca !== undefined || credentials.certificate !== undefined),
    ...(ca === undefined ? {} : { ca }),
    ...(entry["tls-server-name"] ? { tlsServerName: entry["tls-server-name"] } : {}),
    insecure,
    ...(entry["proxy-url"] ? { proxy: entry["proxy-url"] } : {}),
    credentials,
    origin: `${files}, context "${name}"`,
  };
}

/** Where a pod finds its ServiceAccount. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The access of a pod, from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
export function inClusterAccess(host: string, port: string): Access {
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    server: parseServer(server, "KUBERNETES_SERVICE_HOST", true),
    ca: { file: `${SERVICE_ACCOUNT_FOLDER}/ca.crt` },
    insecure: false,
    credentials: { token: { file: `${SERVICE_ACCOUNT_FOLDER}/token` }, impersonate: {} },
    origin: "this pod's ServiceAccount",
  };
}
