/** What the program says of itself without a look at its commands: it must come at once, so it loads nothing. */

/** The commands, with what each is for, in the order of the help. */
export const COMMANDS = {
  "serve-pxe": "Network-boot the Machines of a site: DHCP, TFTP, HTTP and their images, in one process",
  machine: "Reinstall and reboot Machines, and see how they are",
  site: "Deploy the PXE server of a site to the cluster, or run it here",
  manifests: "Print what metalman needs in a cluster: for kubectl apply -f -",
  dev: "Try it all on this machine: a small cluster, a registry and emulated servers, without root or hardware",
  completion: "Print a script that lets a shell complete commands, flags and names of Machines",
  version: "Print the version",
} as const;

/** What it is. */
export const ABOUT = "Joins bare-metal servers to a Kubernetes cluster";

/** The variable with the name that the packed file was called by (tools/pack/launcher.sh), for Deno does not tell. */
export const NAME_VARIABLE = "METALMAN_CALLED_AS";

/** How it is called: the name of the executable changes nothing but this (contract 3). */
export function programName(calledAs: string): string {
  return /kubectl-unbounded/.test(calledAs) ? "kubectl unbounded" : "metalman";
}

/** The help of the program as a whole. */
export function frontPage(name: string): string {
  const width = Math.max(...Object.keys(COMMANDS).map((command) => command.length));
  const commands = Object.entries(COMMANDS).map(([command, about]) => `  ${command.padEnd(width)}  ${about}\n`);
  return `Usage: ${name} COMMAND\n\n${ABOUT}\n\nCommands:\n${commands.join("")}\n` +
    `"${name} COMMAND --help" tells more, with examples.\n`;
}
