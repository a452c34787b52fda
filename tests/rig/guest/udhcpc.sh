#!/bin/sh
# Called by udhcpc with what a lease says.
case "$1" in bound | renew)
  ip addr flush dev "$interface"
  ip addr add "$ip/${mask:-24}" dev "$interface"
  [ -z "$router" ] || ip route add default via "${router%% *}"
  ;;
esac
