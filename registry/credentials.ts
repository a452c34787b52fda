/** Credentials as docker keeps them: config.json of a user, `.dockerconfigjson` and `.dockercfg` of a Secret. */
import { z } from "zod";
import { CredentialsError } from "./errors.ts";

/** What is shown to a registry or its token server. */
export interface Credentials {
  /** For basic auth and token servers. */
  readonly username?: string;
  /** Beside a username. */
  readonly password?: string;
  /** An OAuth2 refresh token (docker's identitytoken). */
  readonly identityToken?: string;
  /** A bearer token for the registry itself (docker's registrytoken). */
  readonly registryToken?: string;
}

/** Credentials, or the helper program that has them (`docker-credential-NAME`), or nothing. */
export type CredentialSource =
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "helper"; readonly helper: string; readonly server: string }
  | undefined;

const entryShape = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const configShape = z.object({
  auths: z.record(z.string(), entryShape).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
const helperShape = z.object({ Username: z.string(), Secret: z.string() });

/** The keys under which docker may have stored a registry, dearest first. */
function keysOf(registry: string): string[] {
  const hub = ["docker.io", "index.docker.io", "registry-1.docker.io"];
  return hub.includes(registry) ? ["index.docker.io", "docker.io", "registry-1.docker.io"] : [registry];
}

/** A key without scheme and path: `https://index.docker.io/v1/` is index.docker.io. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the text, which holds passwords.
    throw new CredentialsError(`${what} is not JSON`);
  }
}

function decodeEntry(entry: z.infer<typeof entryShape>, what: string): Credentials {
  const { auth, identitytoken, registrytoken } = entry;
  let { username, password } = entry;
  if (auth) {
    let text;
    try {
      text = new TextDecoder().decode(Uint8Array.from(atob(auth), (c) => c.charCodeAt(0)));
    } catch {
      throw new CredentialsError(`${what} has an "auth" that is not base64`);
    }
    const colon = text.indexOf(":");
    if (colon < 0) throw new CredentialsError(`${what} has an "auth" that is not USER:PASSWORD`);
    username = text.slice(0, colon);
    password = text.slice(colon + 1).replace(/\0+$/, "");
  }
  return {
    ...(username ? { username, password: password ?? "" } : {}),
    ...(identitytoken ? { identityToken: identitytoken } : {}),
    ...(registrytoken ? { registryToken: registrytoken } : {}),
  };
}

/** A docker configuration that answers for registries. */
export interface DockerConfig {
  /** The credentials for a registry such as `docker.io` or `10.0.0.1:5000`. */
  find(registry: string): CredentialSource;
}

/**
 * Reads config.json or the content of a pull secret.
 * @param what named in errors: a path or `Secret NAMESPACE/NAME`
 * @throws {CredentialsError} when it is malformed; no secret value is in the message
 */
export function parseDockerConfig(text: string, what: string): DockerConfig {
  const value = readJson(text, what);
  const result = configShape.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new CredentialsError(`${what} is wrong at ${issue.path.join(".") || "its top"}: ${issue.message}`);
  }
  const { auths = {}, credHelpers = {}, credsStore } = result.data;
  return {
    find(registry) {
      const keys = keysOf(registry);
      const named = (record: object) =>
        keys.flatMap((key) => Object.keys(record).filter((name) => hostOf(name) === key))[0];
      const helperKey = named(credHelpers);
      if (helperKey !== undefined) return { kind: "helper", helper: credHelpers[helperKey]!, server: helperKey };
      const key = named(auths);
      const credentials = key === undefined ? {} : decodeEntry(auths[key]!, `${what}: the entry "${key}"`);
      if (Object.keys(credentials).length > 0) return { kind: "credentials", credentials };
      if (!credsStore) return;
      const server = keys[0] === "index.docker.io" ? "https://index.docker.io/v1/" : registry;
      return { kind: "helper", helper: credsStore, server: key ?? server };
    },
  };
}

/**
 * The legacy `.dockercfg` of a Secret is the `auths` of config.json alone.
 * @throws {CredentialsError} when it is malformed
 */
export function parseDockerCfg(text: string, what: string): DockerConfig {
  return parseDockerConfig(JSON.stringify({ auths: readJson(text, what) }), what);
}

/**
 * What a credential helper printed for `get`.
 * @throws {CredentialsError} when it is malformed
 */
export function parseHelperOutput(text: string, helper: string): Credentials {
  const result = helperShape.safeParse(readJson(text, `the answer of docker-credential-${helper}`));
  if (!result.success) {
    throw new CredentialsError(`docker-credential-${helper} did not answer with Username and Secret`);
  }
  const { Username, Secret } = result.data;
  return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
}
