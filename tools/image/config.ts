/** What a stage's instructions make of the image's configuration. */
import { DockerfileError, type Stage, type Step } from "./dockerfile.ts";

/** The configuration of an image, as far as a Dockerfile of ours sets it. */
export interface ImageConfig {
  /** `UID:GID`. */
  readonly user: string;
  /** Where it starts. */
  readonly workdir: string;
  /** `SIGTERM`. */
  readonly stopSignal: string;
  /** What is run, before the arguments of whoever starts it. */
  readonly entrypoint: readonly string[];
  /** Its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Facts about it. */
  readonly labels: Readonly<Record<string, string>>;
  /** `67/udp`. */
  readonly ports: readonly string[];
  /** Folders that are not part of it. */
  readonly volumes: readonly string[];
}

/** Values of ARG that are given from outside. */
export type Arguments = Readonly<Record<string, string>>;

/**
 * `$NAME` replaced by its value.
 * @throws DockerfileError for a name that has none
 */
export function expand(text: string, values: Arguments, line: number): string {
  return text.replace(/\$(\w+|\{\w+\})/g, (_, name: string) => {
    const value = values[name.replace(/[{}]/g, "")];
    if (value === undefined) throw new DockerfileError(line, `$${name} has no value`);
    return value;
  });
}

/** ARG, ENV and WORKDIR as they are before each step. */
export interface Scope {
  /** Of ARG and ENV. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of WORKDIR. */
  readonly workdir: string;
}

/** What holds after a step. A given argument counts where the stage declares it, as in `docker build`. */
export function scopeAfter({ variables, workdir }: Scope, step: Step, given: Arguments): Scope {
  if (step.kind === "workdir") return { variables, workdir: step.value };
  if (step.kind === "arg") {
    const value = given[step.name] ?? step.value;
    return value === undefined ? { variables, workdir } : { variables: { ...variables, [step.name]: value }, workdir };
  }
  if (step.kind === "env") return { variables: { ...variables, ...step.values }, workdir };
  return { variables, workdir };
}

/** The configuration of the stage's image, upon that of its base. */
export function imageConfig({ steps }: Stage, base: ImageConfig, given: Arguments): ImageConfig {
  let config = base;
  let scope: Scope = { variables: base.env, workdir: base.workdir };
  for (const step of steps) {
    const all = (values: Arguments) =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, expand(value, scope.variables, step.line)]),
      );
    if (step.kind === "env") config = { ...config, env: { ...config.env, ...all(step.values) } };
    if (step.kind === "label") config = { ...config, labels: { ...config.labels, ...all(step.values) } };
    if (step.kind === "expose") config = { ...config, ports: [...config.ports, ...step.values] };
    if (step.kind === "volume") config = { ...config, volumes: [...config.volumes, ...step.values] };
    if (step.kind === "user") config = { ...config, user: step.value };
    if (step.kind === "workdir") config = { ...config, workdir: step.value };
    if (step.kind === "stopsignal") config = { ...config, stopSignal: step.value };
    if (step.kind === "entrypoint") config = { ...config, entrypoint: step.command };
    scope = scopeAfter(scope, step, given);
  }
  return config;
}

/** The configuration as flags of `umoci config`. */
export function umociFlags(config: ImageConfig): string[] {
  const each = (flag: string, values: readonly string[]) => values.map((value) => `--config.${flag}=${value}`);
  const named = (values: Arguments) => Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return [
    ...each("user", [config.user]),
    ...each("workingdir", [config.workdir]),
    ...each("stopsignal", [config.stopSignal]),
    ...each("entrypoint", config.entrypoint),
    ...each("env", named(config.env)),
    ...each("label", named(config.labels)),
    ...each("exposedports", config.ports),
    ...each("volume", config.volumes),
  ];
}
