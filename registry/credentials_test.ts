import assert from "node:assert/strict";
import { parseDockerCfg, parseDockerConfig, parseHelperOutput } from "./credentials.ts";
import { CredentialsError } from "./errors.ts";

const user = { kind: "credentials", credentials: { username: "u", password: "p:w" } };
const auth = btoa("u:p:w");

const CASES: readonly (readonly [name: string, config: object, registry: string, wanted: unknown])[] = [
  ["auth", { auths: { "a.b:5000": { auth } } }, "a.b:5000", user],
  ["username and password", { auths: { "a.b": { username: "u", password: "p:w" } } }, "a.b", user],
  ["a URL as the key", { auths: { "https://a.b/v1/": { auth } } }, "a.b", user],
  ["docker.io under its old name", { auths: { "https://index.docker.io/v1/": { auth } } }, "docker.io", user],
  ["another registry", { auths: { "a.b": { auth } } }, "a.b:5000", undefined],
  ["an identity token", { auths: { "a.b": { identitytoken: "t" } } }, "a.b", {
    kind: "credentials",
    credentials: { identityToken: "t" },
  }],
  ["a registry token", { auths: { "a.b": { registrytoken: "t" } } }, "a.b", {
    kind: "credentials",
    credentials: { registryToken: "t" },
  }],
  ["credHelpers before auths", { auths: { "a.b": { auth } }, credHelpers: { "a.b": "h" } }, "a.b", {
    kind: "helper",
    helper: "h",
    server: "a.b",
  }],
  ["credsStore for an empty entry", { auths: { "https://a.b": {} }, credsStore: "s" }, "a.b", {
    kind: "helper",
    helper: "s",
    server: "https://a.b",
  }],
  ["credsStore for docker.io", { credsStore: "s" }, "docker.io", {
    kind: "helper",
    helper: "s",
    server: "https://index.docker.io/v1/",
  }],
  ["nothing", {}, "a.b", undefined],
];
for (const [name, config, registry, wanted] of CASES) {
  Deno.test(`parseDockerConfig() finds ${name}`, () => {
    assert.deepEqual(parseDockerConfig(JSON.stringify(config), "config.json").find(registry), wanted);
  });
}

Deno.test("parseDockerCfg() reads the legacy form", () => {
  assert.deepEqual(parseDockerCfg(JSON.stringify({ "a.b": { auth } }), "Secret x/y").find("a.b"), user);
});

const REFUSED: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ["no JSON", "hunter2", /^config.json is not JSON$/],
  ["auths of the wrong type", '{"auths":[]}', /config.json is wrong at auths/],
  ["auth that is not base64", '{"auths":{"a.b":{"auth":"%hunter2"}}}', /entry "a.b" has an "auth" that is not base64/],
  ["auth without a colon", JSON.stringify({ auths: { "a.b": { auth: btoa("hunter2") } } }), /not USER:PASSWORD/],
];
for (const [name, text, message] of REFUSED) {
  Deno.test(`parseDockerConfig() refuses ${name} without quoting it`, () => {
    assert.throws(() => parseDockerConfig(text, "config.json").find("a.b"), (error) => {
      assert.ok(error instanceof CredentialsError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
}

Deno.test("parseHelperOutput() tells tokens from passwords", () => {
  assert.deepEqual(parseHelperOutput('{"Username":"u","Secret":"p"}', "h"), { username: "u", password: "p" });
  assert.deepEqual(parseHelperOutput('{"Username":"<token>","Secret":"t"}', "h"), { identityToken: "t" });
  assert.throws(() => parseHelperOutput("{}", "h"), /docker-credential-h did not answer/);
});
