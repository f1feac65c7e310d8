#!/usr/bin/env bash
# Runs a command in the virtual machine that make.sh has made, in which there is an RDMA device, rxe0:
#
#   run.sh COMMAND [ARGUMENT...]
#
# The machine's root is this one's own, over which a file system in memory lies: whatever runs here runs there, with the
# same paths and libraries, as root and in the same folder, and what it writes is lost. It is emulated: five to twenty
# times slower than this one. The command's output, both kinds in one, and its exit status are this script's; 124 says
# that the time was over, 125 that the machine ended without having told a status.
#
#   RDMA_VM_DEVICES=1    0: none; 2: rxe0 (10.77.0.1) and rxe1 (10.77.0.2), joined by the cable rd0, rd1
#   RDMA_VM_OUT=         a folder that the command may write to, at the same path
#   RDMA_VM_SECONDS=480  when the machine is stopped
#   RDMA_VM_MEMORY=4G    of the machine
#   RDMA_VM_CPUS=2       of the machine
#   RDMA_VM_ACCEL=tcg    kvm: not emulated, where that works
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly vm=${here%/tests-native/rdma-vm}/build/rdma-vm

stop() {
  printf 'rdma-vm: %s\n' "$*" >&2
  exit 125
}

(($# > 0)) || stop "give a command: $0 COMMAND [ARGUMENT...]"
"$here/make.sh" --check || exit 125

out=
if [[ -n ${RDMA_VM_OUT:-} ]]; then
  mkdir -p "$RDMA_VM_OUT"
  out=$(cd "$RDMA_VM_OUT" && pwd)
fi
run=$(mktemp -d "$vm/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
cp "$here/boot.sh" "$run/boot.sh"
{
  printf '%s=%q\n' kernel "$vm/kernel" devices "${RDMA_VM_DEVICES:-1}" out "$out" folder "$PWD"
} >"$run/settings"
{
  printf '%q ' "$@"
  printf '\n'
} >"$run/command"

accel=${RDMA_VM_ACCEL:-tcg}
machine=(-accel "tcg,thread=multi,tb-size=512" -cpu max)
if [[ $accel == kvm ]]; then machine=(-accel kvm -cpu host); fi
shares=(-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"
  -virtfs "local,path=$run,mount_tag=run,security_model=none,multidevs=remap")
if [[ -n $out ]]; then
  shares+=(-virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap")
fi
ended=0
timeout -k 5 "${RDMA_VM_SECONDS:-480}" qemu-system-x86_64 -M q35 "${machine[@]}" \
  -m "${RDMA_VM_MEMORY:-4G}" -smp "${RDMA_VM_CPUS:-2}" \
  -nodefaults -no-user-config -display none -no-reboot \
  -kernel "$vm/kernel/vmlinux" -initrd "$vm/kernel/first.gz" \
  -append "console=ttyS0 quiet loglevel=6 panic=-1 mitigations=off nokaslr tsc=reliable random.trust_cpu=on" \
  -chardev "file,id=console,path=$vm/console.log" -serial chardev:console \
  -chardev stdio,id=output,signal=off -device virtio-serial-pci -device virtconsole,chardev=output \
  -device virtio-rng-pci "${shares[@]}" </dev/null || ended=$?
if [[ -s $run/status ]]; then exit "$(<"$run/status")"; fi
if ((ended == 124 || ended == 137)); then
  printf 'rdma-vm: stopped after %s s; what the machine said is in %s\n' "${RDMA_VM_SECONDS:-480}" "$vm/console.log" >&2
  exit 124
fi
stop "the machine told no exit status (QEMU ended with $ended); what it said is in $vm/console.log"
