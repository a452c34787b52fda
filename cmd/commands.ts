/** The commands, as a tree of values: what each is called, takes and does. Help, parsing and completion are made from it. */
import { DEV_FLAGS, type DevSettings, devSettings } from "./dev/settings.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { COMMANDS } from "./front_page.ts";
import {
  type ClusterSettings,
  LIST_FLAGS,
  listSettings,
  type MachineSettings,
  POWER_FLAGS,
  powerSettings,
  STATUS_FLAGS,
  statusSettings,
} from "./machine/settings.ts";
import { completionScript, SHELLS } from "./completion.ts";
import { MANIFEST_FLAGS, MANIFEST_PARTS, manifestSettings } from "./manifest_settings.ts";
import type { Io } from "./io.ts";
import { SERVE_FLAGS, type ServeSettings, serveSettings } from "./serve/settings.ts";
import { deployFlags, type DeploySettings, deploySettings } from "./site/settings.ts";
import { buildInfo, versionLine } from "./version.ts";

/** What the commands do; passed in so that the command line can be tested alone and each part is loaded only when used. */
export interface Actions {
  serve(settings: ServeSettings, io: Io): Promise<void>;
  dev(settings: DevSettings, io: Io): Promise<void>;
  /** Resolves with the exit code. */
  machine(settings: MachineSettings, io: Io): Promise<number>;
  /** Resolves with the exit code. */
  deploy(settings: DeploySettings, io: Io): Promise<number>;
  /** Names of Machines that a command line may go on with; of any cluster that does not answer, none. */
  machineNames(cluster: ClusterSettings): Promise<readonly string[]>;
  /** Names of contexts that it may go on with. */
  contextNames(cluster: ClusterSettings): Promise<readonly string[]>;
}

/** One command. */
export interface CommandSpec {
  readonly name: string;
  readonly about: string;
  /** Each is a comment and a command line without the program's name. */
  readonly examples?: readonly (readonly [comment: string, line: string])[];
  readonly flags?: readonly Flag[];
  /** Its arguments as commander writes them: `<name>`, `[name...]`. */
  readonly takes?: string;
  /** What its arguments can be, for completion: these words, or the names of Machines. */
  readonly words?: readonly string[] | "machine";
  /** Does it; resolves with the exit code, undefined being 0. Absent: only its subcommands do something. */
  readonly run?: (args: readonly string[], values: FlagValues) => Promise<number | void>;
  readonly commands?: readonly CommandSpec[];
}

function servePxe(io: Io, actions: Actions): CommandSpec {
  return {
    name: "serve-pxe",
    about: COMMANDS["serve-pxe"],
    examples: [
      ["Answer DHCP broadcasts on eth0 for Machines without a site label", "serve-pxe --dhcp-interface=eth0"],
      ["Behind DHCP relays, for the Machines labelled unbounded-cloud.io/site=rack-a", "serve-pxe --site=rack-a"],
      ["Look at what would be answered, in detail", "serve-pxe --dhcp-interface=eth0 --log-level=debug"],
    ],
    flags: SERVE_FLAGS,
    run: (_, values) => actions.serve(serveSettings(values, io.env("HOME") ?? "/"), io),
  };
}

function deployPxe(io: Io, actions: Actions): CommandSpec {
  const { image } = buildInfo;
  return {
    name: "deploy-pxe",
    about: "Deploy the PXE server of a site to the cluster, or change it: a Deployment in namespace unbounded-kube",
    examples: [
      ["For site rack-a, on a node with the label unbounded-cloud.io/site=rack-a", "site deploy-pxe --site=rack-a"],
      ["Two of them, and wait until both are up", "site deploy-pxe --site=rack-a --replicas=2 --wait"],
      ["Behind DHCP relays", "site deploy-pxe --site=rack-a --relay"],
      [
        "Keep images in a folder of the nodes, which user 65532 can write",
        "site deploy-pxe --site=rack-a --cache-volume=/var/lib/metalman",
      ],
      ["Keep images in a claim of namespace unbounded-kube", "site deploy-pxe --site=rack-a --cache-volume=pvc:images"],
      ["What would be applied, for a repository or a look", "site deploy-pxe --site=rack-a --dry-run=client -o yaml"],
    ],
    flags: deployFlags(image),
    run: (_, values) => actions.deploy(deploySettings(values, image), io),
  };
}

function dev(io: Io, actions: Actions): CommandSpec {
  return {
    name: "dev",
    about: COMMANDS.dev,
    examples: [
      ["One emulated server boots over the network and installs; then try kubectl", "dev"],
      ["A rack of them, kept between runs", "dev --machines=20 --state=./rack"],
      ["In a script: exit 0 when all have installed", "dev --machines=200 --once --timeout=2m"],
      ["A real UEFI machine in QEMU (root)", "dev --vm"],
    ],
    flags: DEV_FLAGS,
    run: (_, values) => actions.dev(devSettings(values), io),
  };
}

function power(kind: "repave" | "reboot", about: string, io: Io, actions: Actions): CommandSpec {
  const late: readonly [string, string] = kind === "repave"
    ? ["Until the new system is up", "machine repave node-01 --until=ready --timeout=40m"]
    : ["Ask for it and go on with something else", "machine reboot node-01 --wait=false"];
  return {
    name: kind,
    about,
    examples: [
      [
        `${kind === "repave" ? "Install it anew" : "Switch it off and on"}, and follow the steps`,
        `machine ${kind} node-01`,
      ],
      late,
      ["All of a rack", `machine ${kind} -l rack=a`],
      ["See what would be changed", `machine ${kind} --all --dry-run=server -o yaml`],
    ],
    flags: POWER_FLAGS,
    takes: "[name...]",
    words: "machine",
    run: (names, values) => actions.machine(powerSettings(kind, names, values), io),
  };
}

function machine(io: Io, actions: Actions): CommandSpec {
  return {
    name: "machine",
    about: COMMANDS.machine,
    commands: [
      power(
        "repave",
        "Install Machines anew: boot them over the network, and their disk when that is done",
        io,
        actions,
      ),
      power("reboot", "Switch Machines off and on again", io, actions),
      {
        name: "list",
        about: "List Machines with what they do",
        examples: [["All", "machine list"], ["Those of a rack, by name", "machine list -l rack=a -o name"]],
        flags: LIST_FLAGS,
        run: (_, values) => actions.machine(listSettings(values), io),
      },
      {
        name: "status",
        about: "Show one Machine: power, boot order, image, counters, conditions and what it did last",
        examples: [["Where is it?", "machine status node-01"]],
        flags: STATUS_FLAGS,
        takes: "<name>",
        words: "machine",
        run: ([name = ""], values) => actions.machine(statusSettings(name, values), io),
      },
    ],
  };
}

function manifests(io: Io): CommandSpec {
  return {
    name: "manifests",
    about: COMMANDS.manifests,
    examples: [
      ["Namespace, definition of Machines, accounts and rights", "manifests | kubectl apply -f -"],
      ["The definition of Machines alone", "manifests crd"],
      ["Two Machines to begin with", "manifests example > machines.yaml"],
    ],
    flags: MANIFEST_FLAGS,
    takes: "[part]",
    words: MANIFEST_PARTS,
    run: async ([part = "all"], values) => {
      const settings = manifestSettings(part, values);
      const { manifests } = await import("./manifests.ts");
      await io.keep({});
      io.stdout(manifests(settings));
    },
  };
}

/** All of them. */
export function commandTree(io: Io, actions: Actions): readonly CommandSpec[] {
  return [
    servePxe(io, actions),
    machine(io, actions),
    { name: "site", about: COMMANDS.site, commands: [deployPxe(io, actions), servePxe(io, actions)] },
    manifests(io),
    dev(io, actions),
    {
      name: "completion",
      about: COMMANDS.completion,
      examples: [
        ["bash: read by new shells", "completion bash > ~/.local/share/bash-completion/completions/metalman"],
        ["kubectl: make it executable, in a folder of PATH", "completion kubectl > kubectl_complete-unbounded"],
      ],
      takes: "<shell>",
      words: SHELLS,
      run: ([shell = ""]) => Promise.resolve(io.stdout(completionScript(shell))),
    },
    {
      name: "version",
      about: COMMANDS.version,
      run: () => Promise.resolve(io.stdout(`${versionLine(buildInfo)}\n`)),
    },
  ];
}
