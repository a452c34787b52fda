/** Scripts that connect a shell's completion to `__complete`. Each is read by its shell as it is. */
import { UsageError } from "./usage.ts";

/** Shells, and kubectl, which asks `kubectl_complete-unbounded` what may follow `kubectl unbounded`. */
export const SHELLS = ["bash", "zsh", "fish", "kubectl"] as const;

const BASH = `# bash completion of metalman
_metalman() {
  local IFS=$' \\t\\n' words lines line last cur
  # Not COMP_WORDS: it splits --flag=value.
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=("")
  COMPREPLY=()
  mapfile -t lines < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
  [ "\${#lines[@]}" -gt 0 ] || return
  last=$((\${#lines[@]} - 1))
  cur=\${words[\${#words[@]}-1]#--*=}
  if [ "\${lines[last]}" = :0 ]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
  fi
  # Readline replaces what follows the last colon.
  [[ "$COMP_WORDBREAKS" == *:* ]] && cur=\${cur%"\${cur##*:}"} || cur=
  for line in "\${lines[@]:0:last}"; do
    line=\${line%%$'\\t'*}
    COMPREPLY+=("\${line#"$cur"}")
  done
}
complete -F _metalman metalman kubectl-unbounded
`;

const ZSH = `#compdef metalman kubectl-unbounded
_metalman() {
  local -a lines names
  local line word
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compset -P '--*='
  if [[ "\${lines[-1]}" == :0 ]]; then
    _files
    return
  fi
  for line in "\${(@)lines[1,-2]}"; do
    word=\${line%%$'\\t'*}
    [[ -n "$word" ]] || continue
    [[ "$line" == "$word" ]] && names+=("\${word//:/\\\\:}") || names+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe metalman names
}
if [ "\${funcstack[1]}" = _metalman ]; then
  _metalman
else
  compdef _metalman metalman kubectl-unbounded
fi
`;

const FISH = `# fish completion of metalman
function __metalman_complete
  set -l words (commandline -opc)
  set -l token (commandline -ct)
  set -l prefix (string match -r -- '^--[^=]+=' "$token")
  set -l lines ($words[1] __complete $words[2..-1] "$token" 2>/dev/null)
  if test "$lines[-1]" = ":0"
    # Offered whole: fish drops what does not begin as the word does.
    for path in (__fish_complete_path (string replace -r -- '^--[^=]+=' '' "$token"))
      printf '%s\\n' "$prefix$path"
    end
    return
  end
  for line in $lines[1..-2]
    printf '%s\\n' "$prefix$line"
  end
end
complete -c metalman -f -a "(__metalman_complete)"
complete -c kubectl-unbounded -f -a "(__metalman_complete)"
`;

const KUBECTL = `#!/bin/sh
exec kubectl-unbounded __complete "$@"
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH, kubectl: KUBECTL };

/** The script for a shell. @throws {UsageError} for one that is not known */
export function completionScript(shell: string): string {
  const script = SCRIPTS[shell];
  if (script === undefined) throw new UsageError(`no completion for "${shell}": want one of ${SHELLS.join(", ")}`);
  return script;
}
