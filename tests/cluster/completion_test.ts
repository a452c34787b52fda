/** The completion scripts in the shells that they are for: one table of lines, and what each shell then offers. */
import { deepEqual } from "node:assert/strict";
import { peerTest, which } from "../peers/peer.ts";
import { Desk } from "./desk.ts";
import { machine, PluginSite } from "./plugin_site.ts";

/** Print what is offered after the line $2, one word a line. */
const ASK: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  bash: `COMP_WORDBREAKS='=:'
source <("$1" completion bash)
COMP_LINE=$2 COMP_POINT=\${#2}
read -ra COMP_WORDS <<< "$2"
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_metalman
printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Only a shell at a terminal completes: one is started, told to write down each match, and given the line and a Tab.
  zsh: `setup=$HOME/setup offered=$HOME/offered
: >"$offered"
cat >"$setup" <<END
PS1=
autoload -Uz compinit
compinit -u -D
source <($1 completion zsh)
compadd() {
  local -a matches
  case " \\$* " in
    *\\ -[OAD]\\ *) builtin compadd "\\$@"; return ;;
  esac
  builtin compadd -A matches "\\$@"
  (( \\$#matches )) && print -rl -- "\\$matches[@]" >>$offered
  builtin compadd "\\$@"
}
offer() { zle complete-word; print -n "off""ered" }
zle -N offer
bindkey '^I' offer
print "rea""dy"
END
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source $setup"
zpty -r -m shell output '*ready*'
zpty -w -n shell "$2"$'\\t'
zpty -r -m shell output '*offered*'
zpty -d shell
cat "$offered"`,
  fish: `source ("$argv[1]" completion fish | psub)
complete -C "$argv[2]" | string replace -r '\\t.*' ''`,
};

for (const shell of ["bash", "zsh", "fish"] as const) {
  peerTest(`${shell} completes commands, values after = and names of Machines`, { programs: [shell] }, async () => {
    await using site = await PluginSite.with(machine("node-01"), machine("node-02"));
    await using desk = await Desk.with(site.kubeconfig);
    const colons = `${desk.folder}/colons`;
    await Deno.writeTextFile(colons, site.api.kubeconfig("arn:aws:lab"), { mode: 0o600 });
    const file = "kubectl_complete-unbounded";
    const value = (flag: string, text: string) => (shell === "fish" ? `${flag}=${text}` : text);
    const cases: readonly [line: string, offered: readonly string[]][] = [
      ["kubectl-unbounded machine re", ["repave", "reboot"]],
      ["kubectl-unbounded machine repave --until=in", [value("--until", "installed")]],
      ["kubectl-unbounded machine repave --until in", ["installed"]],
      ["kubectl-unbounded machine status ", ["node-01", "node-02"]],
      // Readline replaces what follows the last colon only.
      [
        `kubectl-unbounded machine list --kubeconfig=${colons} --context=arn:aw`,
        [shell === "bash" ? "aws:lab" : value("--context", "arn:aws:lab")],
      ],
      [`kubectl-unbounded machine list --kubeconfig ${colons} --context `, ["arn:aws:lab"]],
      [`kubectl-unbounded machine list --kubeconfig ${desk.folder}/kubectl_c`, [
        shell === "zsh" ? file : `${desk.folder}/${file}`,
      ]],
      [`kubectl-unbounded machine list --kubeconfig=${desk.folder}/kubectl_c`, [
        shell === "zsh" ? file : value("--kubeconfig", `${desk.folder}/${file}`),
      ]],
    ];
    const flags = shell === "fish" ? ["--no-config", "-c"] : ["-c"];
    const name = shell === "fish" ? [] : ["-"];
    for (const [line, offered] of cases) {
      const said = await desk.run(which(shell)!, ...flags, ASK[shell], ...name, "kubectl-unbounded", line);
      deepEqual(said.output.split("\n").filter((word) => word !== "").sort(), [...offered].sort(), line);
    }
  });
}
