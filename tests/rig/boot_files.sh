#!/bin/bash
# boot_files.sh OUT WORK - makes what the virtual machine boots from: Debian's shim, GRUB, kernel and busybox, unpacked below
# OUT/debian as they would lie below / (metalman dev --vm-files takes the same folder), and a GRUB that also speaks HTTP.
# Nothing is installed. Does nothing when OUT was made by this version.
set -euo pipefail
out=$1 work=$2

stamp=$(sha256sum "$0" | cut -d' ' -f1)
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
echo "test:setup: making the boot files of the virtual machine"

kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo "no package linux-image-cloud-amd64: try apt-get update" >&2; exit 1; }
mkdir -p "$work/made" && cd "$work"
unpack() { # FOLDER PACKAGE...
  local folder=$1 package
  shift
  for package; do
    apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null
    dpkg -x "$package"_*.deb "$folder"
    rm "$package"_*.deb
  done
}
unpack made/debian shim-signed grub-efi-amd64-signed systemd-boot-efi busybox-static "$kernel"
rm -rf made/debian/usr/share
unpack tools grub-efi-amd64-bin grub-common
tools/usr/bin/grub-mkimage -O x86_64-efi -d tools/usr/lib/grub/x86_64-efi -p /grub -o made/grubhttp.efi \
  normal configfile echo test linux net efinet tftp http gzio sleep reboot halt serial terminal smbios regexp cat ls read

echo "$stamp" >made/stamp
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv made "$out"
