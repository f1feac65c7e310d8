#!/usr/bin/env bash
# The second program in the virtual machine, with this machine's own root: makes RDMA devices, runs the command, tells
# its exit status, and turns the machine off. run.sh has put it, with the command, into the run's folder.
# shellcheck disable=SC2154 # kernel, devices, out and folder come from the settings.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
readonly run=/mnt/rdma-vm

# shellcheck source=/dev/null
source "$run/settings"

say() { printf 'boot.sh: %s, after %s s\n' "$*" "$(cut -d' ' -f1 /proc/uptime)" >/dev/kmsg; }

mount_file_systems() {
  mkdir -p /dev/pts /dev/shm
  mount -t devpts devpts /dev/pts
  mount -t tmpfs tmpfs /dev/shm
  mount -t tmpfs tmpfs /run
  [[ -e /dev/fd ]] || ln -s /proc/self/fd /dev/fd
  ln -sf fd/0 /dev/stdin
  ln -sf fd/1 /dev/stdout
  ln -sf fd/2 /dev/stderr
  # The kernel itself asks for modules too, and looks there.
  mkdir -p /lib/modules
  mount --bind "$kernel/lib/modules" /lib/modules
  if [[ -n $out ]]; then
    mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=262144,cache=none out "$out" || say "no folder for results"
  fi
}

add_device() {
  local device=$1 link=$2
  rdma link add "$device" type rxe netdev "$link" || say "rdma link add $device failed"
  # The GID of the link's IPv4 address appears a moment later.
  for _ in {1..50}; do
    if grep -qs ffff: "/sys/class/infiniband/$device/ports/1/gids/1"; then return; fi
    sleep 0.1
  done
  say "$device has no GID of an address"
}

# One device, whose packets never leave the machine.
one_device() {
  modprobe dummy
  ip link add rd0 type dummy
  ip link set rd0 mtu 4200 up
  ip addr add 10.77.0.1/24 dev rd0
  add_device rxe0 rd0
}

# Two, joined by a cable that can be made to lose packets: each address is reached over the cable, from the other.
two_devices() {
  modprobe veth
  modprobe sch_netem
  ip link add rd0 type veth peer name rd1
  ip addr add 10.77.0.1/24 dev rd0
  ip addr add 10.77.0.2/24 dev rd1
  ip link set rd0 mtu 4200 up
  ip link set rd1 mtu 4200 up
  for setting in accept_local:1 rp_filter:0 arp_ignore:1 arp_announce:2; do
    for link in all rd0 rd1; do printf '%s' "${setting#*:}" >"/proc/sys/net/ipv4/conf/$link/${setting%:*}"; done
  done
  ip rule add priority 1 from 10.77.0.1 to 10.77.0.2 lookup 101
  ip rule add priority 1 from 10.77.0.2 to 10.77.0.1 lookup 102
  ip route add 10.77.0.2 dev rd0 table 101
  ip route add 10.77.0.1 dev rd1 table 102
  # The kernel looks at its own addresses first, unless somebody comes before.
  ip rule add priority 2 lookup local
  ip rule del priority 0
  ip rule add priority 0 iif rd0 lookup local
  ip rule add priority 0 iif rd1 lookup local
  add_device rxe0 rd0
  add_device rxe1 rd1
}

mount_file_systems
hostname rdma-vm
ulimit -l unlimited
ip link set lo up
for module in rdma_rxe ib_uverbs; do modprobe "$module" || say "modprobe $module failed"; done
case $devices in
  1) one_device ;;
  2) two_devices ;;
esac
say ready
cd "$folder" || cd /
stty -F /dev/hvc0 -onlcr
setsid bash "$run/command" </dev/null >/dev/hvc0 2>&1
printf '%s\n' $? >"$run/status.new"
mv "$run/status.new" "$run/status"
say "the command has ended"
sync
printf o >/proc/sysrq-trigger
while :; do sleep 1; done 2>/dev/null
