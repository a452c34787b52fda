#!/bin/bash
# boot_files.sh OUT WORK - makes what the virtual machine boots: shim and GRUB as Debian signs them, a GRUB that also speaks
# HTTP, a kernel, the initrd of guest/, and a unified kernel image (UKI) of both, unsigned and signed with the test key whose
# certificate is in OVMF_VARS_4M.snakeoil.fd. Nothing is installed. Does nothing when OUT was made by this version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 work=$2
# Where the UKI's fixed command line finds metalman: RIG_SERVER in network.ts.
server=10.77.0.1:8880

stamp=$(cat "$here/boot_files.sh" "$here"/guest/* | sha256sum | cut -d' ' -f1)
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
echo "test:setup: making the boot files of the virtual machine"

# Debian's files, unpacked.
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo "no package linux-image-cloud-amd64: try apt-get update" >&2; exit 1; }
mkdir -p "$work" && cd "$work"
for package in shim-signed grub-efi-amd64-signed grub-efi-amd64-bin grub-common systemd-boot-efi "$kernel"; do
  apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null
  dpkg -x "$package"_*.deb debian
  rm "$package"_*.deb
done
made=$work/out tree=$work/tree
mkdir "$made"
cp debian/boot/vmlinuz-* "$made/vmlinuz"
cp debian/usr/lib/shim/shimx64.efi.signed "$made/shimx64.efi"
cp debian/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed "$made/grubx64.efi"
debian/usr/bin/grub-mkimage -O x86_64-efi -d debian/usr/lib/grub/x86_64-efi -p /grub -o "$made/grubhttp.efi" \
  normal configfile echo test linux net efinet tftp http gzio sleep reboot halt serial terminal smbios regexp cat ls read

# The initrd: busybox, the scripts of guest/, and the modules that Debian's cloud kernel does not have built in.
mkdir -p "$tree"/{bin,lib/modules,proc,sys,dev,run,tmp,etc}
cp /bin/busybox "$tree/bin/busybox"
ln -s busybox "$tree/bin/sh"
install -m 755 "$here/guest/init" "$tree/init"
install -m 755 "$here/guest/udhcpc.sh" "$tree/lib/udhcpc.sh"
mknod -m 600 "$tree/dev/console" c 5 1
modules=$(echo debian/lib/modules/*/kernel)
declare -A placed=()
place() { # NAME: the module after those it depends on
  local name=${1//-/_} file dependency
  [ -z "${placed[$name]:-}" ] || return 0
  file=$(find "$modules" \( -name "$name.ko" -o -name "${name//_/-}.ko" \) -print -quit)
  [ -n "$file" ] || return 0
  placed[$name]=yes
  for dependency in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr , ' '); do place "$dependency"; done
  cp "$file" "$tree/lib/modules/$name.ko"
  echo "$name" >>"$tree/lib/modules.order"
}
for module in virtio_pci virtio_net virtio_rng efivarfs; do place "$module"; done
(cd "$tree" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --reproducible --quiet | gzip -n -9) >"$made/initrd.gz"

# The UKI: kernel, initrd and command line in one EFI file.
printf 'console=ttyS0,115200 panic=10 ip=dhcp rig.url=http://%s' "$server" >cmdline
printf 'ID=rig\nNAME=rig\n' >osrel
objcopy --add-section .osrel=osrel --change-section-vma .osrel=0x20000 \
  --add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000 \
  --add-section .linux="$made/vmlinuz" --change-section-vma .linux=0x2000000 \
  --add-section .initrd="$made/initrd.gz" --change-section-vma .initrd=0x3000000 \
  debian/usr/lib/systemd/boot/efi/linuxx64.efi.stub "$made/uki.efi"
openssl rsa -in /usr/share/ovmf/PkKek-1-snakeoil.key -passin pass:snakeoil -out key.pem 2>/dev/null
sbsign --key key.pem --cert /usr/share/ovmf/PkKek-1-snakeoil.pem --output "$made/uki.signed.efi" "$made/uki.efi" 2>/dev/null

echo "$stamp" >"$made/stamp"
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$made" "$out"
