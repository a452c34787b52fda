#!/bin/sh
# @title@
# What follows this script is the program, compressed: it is unpacked once, checked, and started from then on.
# METALMAN_HOME says where to; else it is a folder in XDG_CACHE_HOME, ~/.cache or TMPDIR, the first that is ours alone.
# SHA-256 of the files one after another.
id=@id@
names='@names@'
# Size and name of each file and of the mark "ok", in the order of their bytes.
files='@files@'

# What folders and files are, one a line, whatever the environment says of how ls shows it.
list() {
  unset BLOCK_SIZE LS_BLOCK_SIZE
  LC_ALL=C TIME_STYLE=locale ls -lnd -- "$@" 2>/dev/null
}

# Whether nobody but the owner puts something in the place of what is in a folder of this mode.
closed() {
  case $1 in d????-??-?* | d????????[tT]*) return 0 ;; esac
  return 1
}

# Whether folder $1 is ours, and so is the way to it, or root's. With files: whether it holds the program, unchanged.
ours() {
  [ -d "$1" ] && [ -O "$1" ] && ! [ -L "$1" ] || return 1
  want=$2
  dir=$(cd -P -- "$1" 2>/dev/null && pwd -P) || return 1
  set --
  up=$dir
  while [ -n "$up" ]; do
    set -- "$up" "$@"
    up=${up%/*}
  done
  set -- / "$@"
  if [ -n "$want" ]; then
    for name in $names ok; do set -- "$@" "$dir/$name"; done
  fi
  found= owners= me=
  while read -r mode _ owner _ size _ _ _ path; do
    case $path in
      "$dir"/*)
        found="$found$size ${path#"$dir"/}
" ;;
      *)
        closed "$mode" || return 1
        owners="$owners $owner" me=$owner own=$mode ;;
    esac
  done <<LIST
$(list "$@")
LIST
  [ "$found" = "$want" ] || return 1
  case $want:$own in :* | *:drwx------*) ;; *) return 1 ;; esac
  for owner in $owners; do
    case $owner in 0 | "$me") ;; *) return 1 ;; esac
  done
}

# Whether the program is in folder $1, as it was unpacked.
ready() {
  ours "$1" "$files" || return 1
  for name in $names; do
    if [ "$dir/$name" -nt "$dir/ok" ]; then return 1; fi
  done
}

start() {
  true 2>/dev/null >"$dir/used"
  export METALMAN_CALLED_AS="${0##*/}" DENO_DIR="$dir/deno-dir" DENO_NO_UPDATE_CHECK=1
  # Many servers in one process (docs/decisions/dev.md).
  if [ "${1-}" = dev ]; then export MALLOC_ARENA_MAX=2; fi
  exec "$dir/deno" run @flags@ "$dir/main.js" "$@"
}

digest() {
  if command -v sha256sum >/dev/null; then
    sha256sum
  elif command -v shasum >/dev/null; then
    shasum -a 256
  else
    openssl dgst -sha256 -r
  fi
}

# Removes what killed starts have left, and versions that nobody has started for a month.
tidy() {
  for left in "$1"/.new-*; do
    [ -d "$left" ] || continue
    pid=${left##*/.new-}
    kill -0 "${pid%%-*}" 2>/dev/null || rm -rf -- "$left"
  done
  for left in "$1"/run-*; do
    if [ -O "$left" ] && [ -n "$(find "$left/used" -mtime +30 2>/dev/null)" ] && ! runs "$left"; then
      rm -rf -- "$left"
    fi
  done
}

runs() {
  for process in /proc/[0-9]*/exe; do
    if [ "$process" -ef "$1/deno" ]; then return 0; fi
  done
  return 1
}

# Unpacks the program below folder $1, beside what is there; only what is whole and runs gets its name.
unpack() {
  mkdir -p -- "$1" 2>/dev/null
  ours "$1" "" || return 1
  tidy "$1"
  new=$(mktemp -d "$1/.new-$$-XXXXXX" 2>/dev/null) || return 1
  trap 'rm -rf -- "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  {
    tail -c +@offset@ "$0" | gzip -dc | tar -xof - -C "$new" &&
      sum=$(cd "$new" && cat $names | digest) && [ "${sum%% *}" = "$id" ] &&
      chmod 700 "$new/deno" && "$new/deno" --version >/dev/null && true >"$new/ok"
  } 2>/dev/null && publish "$1"
  rm -rf -- "$new"
  trap - EXIT HUP INT TERM
}

publish() {
  if ! ready "$1/run-$id" && [ -e "$1/run-$id" ]; then
    mv -- "$1/run-$id" "$new/damaged" 2>/dev/null || return 1
  fi
  mv -- "$new" "$1/run-$id" 2>/dev/null
  # Where another start was quicker, ours is in its folder now.
  rm -rf -- "$1/run-$id/${new##*/}" "$1/run-$id/damaged"
}

before=$(umask)
for way in ready unpack; do
  for base in "${METALMAN_HOME-}" "${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}/metalman" temporary; do
    case $base in
      "" | /metalman) continue ;;
      temporary) base=${TMPDIR:-/tmp}/metalman-$(id -u 2>/dev/null) ;;
    esac
    if [ $way = unpack ]; then
      umask 077
      unpack "$base"
      umask "$before"
    fi
    if ready "$base/run-$id"; then start "$@"; fi
  done
done
sum=openssl
for one in shasum sha256sum; do
  if command -v $one >/dev/null; then sum=$one; fi
done
for program in ls id mkdir mktemp tail gzip tar cat chmod mv rm $sum; do
  if ! command -v "$program" >/dev/null; then
    echo "metalman: $program is not in PATH, which the first start needs to unpack" >&2
    exit 1
  fi
done
echo "metalman: no folder to unpack to: it has to be ours alone, with @megabytes@ MB; name one by METALMAN_HOME" >&2
exit 1
# The program:
