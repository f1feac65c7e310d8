#!/usr/bin/env bash
# Makes the virtual machine in which RDMA is tested on a machine that has none: QEMU, Debian's own kernel with soft-RoCE
# (rdma_rxe), and a small first file system. Its root is this machine's own (see run.sh), so there is no image.
#
#   make.sh            makes it in build/rdma-vm, unless it is there; about 20 s, and 70 MB of kernel
#   make.sh --check    makes nothing; says what is missing, and fails where something is
#
# Takes apt, and root or a sudo that asks for no password where packages are missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly root=${here%/tests-native/rdma-vm}
readonly vm=$root/build/rdma-vm
export PATH=$PATH:/usr/sbin:/sbin

# What is looked for, and the package that has it.
readonly needed=(
  qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio modprobe:kmod xz:xz-utils dpkg-deb:dpkg
  rdma:iproute2 ibv_devices:ibverbs-utils ib_write_bw:perftest
)
readonly libraries=(libibverbs/librxe-rdmav34.so:ibverbs-providers)

say() { printf '%s\n' "$*" >&2; }

stop() {
  say "rdma-vm: $*"
  exit 1
}

# Packages that are missing, one a line.
missing_packages() {
  local entry
  for entry in "${needed[@]}"; do
    command -v "${entry%%:*}" >/dev/null || printf '%s\n' "${entry#*:}"
  done
  for entry in "${libraries[@]}"; do
    compgen -G "/usr/lib/*/${entry%%:*}" >/dev/null || printf '%s\n' "${entry#*:}"
  done
}

as_root() {
  if ((EUID == 0)); then env "$@"; else sudo -n env "$@"; fi
}

can_install() {
  command -v apt-get >/dev/null || return
  ((EUID == 0)) || sudo -n true 2>/dev/null
}

install_packages() {
  local -a options=(-o DPkg::Lock::Timeout=300 -q)
  say "rdma-vm: installing $*"
  local -a get=(DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}")
  as_root "${get[@]}" install -y --no-install-recommends "$@" >"$vm/apt.log" 2>&1 ||
    { as_root "${get[@]}" update && as_root "${get[@]}" install -y --no-install-recommends "$@"; } \
      >>"$vm/apt.log" 2>&1 || stop "apt-get could not install $*; see $vm/apt.log"
}

# The package of the newest kernel that is not cut down for clouds: those have neither rdma_rxe nor 9p.
kernel_package() {
  LC_ALL=C apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}

# Fetches the kernel's package and unpacks it to a folder.
unpack_kernel() {
  local folder=$1 package
  package=$(kernel_package)
  if [[ -z $package ]] && can_install; then
    as_root apt-get -q update >>"$vm/apt.log" 2>&1 || true
    package=$(kernel_package)
  fi
  [[ -n $package ]] || stop "apt knows no linux-image-amd64; Debian's kernel is needed, as it has rdma_rxe"
  say "rdma-vm: fetching $package"
  mkdir -p "$folder/package"
  (cd "$folder/package" && apt-get -q download "$package") >>"$vm/apt.log" 2>&1 ||
    stop "apt-get could not download $package; see $vm/apt.log"
  dpkg-deb -x "$folder/package/$package"_*.deb "$folder"
  rm -r "$folder/package"
}

# The kernel within a boot file: QEMU starts that at once, and nothing has to be unpacked in the slow machine.
extract_kernel() {
  local file=$1 sectors start bytes
  sectors=$(od -An -tu1 -j497 -N1 "$file")
  start=$(od -An -tu4 -j584 -N4 "$file")
  bytes=$(od -An -tu4 -j588 -N4 "$file")
  # Behind the packed bytes there is their size, of which xz complains.
  tail -c +$(((sectors + 1) * 512 + start + 1)) "$file" | head -c "$bytes" | xz -dc 2>/dev/null || true
}

# The first file system: busybox, and the modules that reach this machine's root.
make_first_root() {
  local folder=$1 version=$2 tree=$1/first module file name
  mkdir -p "$tree"/{bin,modules,proc,sys,dev,lower,layer,new}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  : >"$tree/modules/order"
  for module in virtio_pci virtio_console 9pnet_virtio 9p overlay; do
    while read -r file; do
      name=$(basename "$file" .xz)
      if grep -qx "$name" "$tree/modules/order"; then continue; fi
      if [[ $file == *.xz ]]; then xz -dc "$file" >"$tree/modules/$name"; else cp "$file" "$tree/modules/$name"; fi
      printf '%s\n' "$name" >>"$tree/modules/order"
    done < <(modprobe -d "$folder" -S "$version" --show-depends "$module" | awk '$1 == "insmod" { print $2 }')
  done
  install -m 755 "$here/init" "$tree/init"
  (cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$folder/first.gz"
  rm -r "$tree"
}

make_vm() {
  local folder version
  folder=$(mktemp -d "$vm/new.XXXXXX")
  # shellcheck disable=SC2064 # The folder of now.
  trap "rm -rf '$folder'" EXIT
  unpack_kernel "$folder"
  version=$(basename "$folder"/lib/modules/*)
  depmod -b "$folder" "$version"
  extract_kernel "$folder/boot/vmlinuz-$version" >"$folder/vmlinux"
  [[ $(head -c 4 "$folder/vmlinux") == $'\x7fELF' ]] || stop "the kernel of $version is not packed with xz"
  make_first_root "$folder" "$version"
  rm -rf "$vm/kernel"
  mv "$folder" "$vm/kernel"
  say "rdma-vm: made, with kernel $version"
}

# Whether it is there, and its first file system of this init.
is_made() { [[ -s $vm/kernel/first.gz && -s $vm/kernel/vmlinux && $vm/kernel/first.gz -nt $here/init ]]; }

main() {
  local missing
  missing=$(missing_packages | sort -u | tr '\n' ' ')
  [[ $(uname -m) == x86_64 ]] || stop "the virtual machine is of x86-64, and this machine is $(uname -m)"
  if [[ ${1:-} == --check ]]; then
    [[ -z $missing ]] || stop "these packages are missing: $missing"
    is_made || stop "it is not made yet; run $here/make.sh"
    return
  fi
  mkdir -p "$vm"
  exec 8>"$vm/.lock"
  flock 8
  if [[ -n $missing ]]; then
    can_install || stop "these packages are missing, and to install them takes apt, and root or sudo: $missing"
    # shellcheck disable=SC2086 # It is a list.
    install_packages $missing
  fi
  is_made || make_vm
}

main "$@"
