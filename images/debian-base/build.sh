#!/bin/sh
# Bootstraps a Debian root file system from the distribution's own archive, for machines that cannot
# reach an image hub:
#   images/debian-base/build.sh OUTPUT_TAR [SUITE]      SUITE defaults to bookworm (Python 3.11)
#   docker import OUTPUT_TAR gpudev/base:bookworm
# Needs mmdebstrap (Debian and Ubuntu package it) and root, or an unprivileged user with subuids.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 OUTPUT_TAR [SUITE]" >&2
  exit 2
fi
output=$1
suite=${2:-bookworm}
command -v mmdebstrap >/dev/null || {
  echo "$0: mmdebstrap is missing: apt-get install mmdebstrap" >&2
  exit 1
}

# Documentation, manuals and translations are no use in a container and would be a tenth of the base.
# The same rules stay in the image (rootfs/etc/dpkg of the image adds them to other bases too).
# usr-is-merged with its hook stands in for usrmerge, which would bring Perl (45 MB) for one conversion.
mmdebstrap --quiet --variant=minbase \
  --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Retries "3"' \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook='rm -rf "$1"/var/cache/* "$1"/var/log/* "$1"/etc/machine-id "$1"/etc/hostname' \
  --customize-hook='rm -f "$1"/etc/resolv.conf' \
  "$suite" "$output"
