#!/bin/sh
# Locks one torch build with hashes:
#   images/pytorch-cuda/lock.sh TORCH CUDA PYTHON [INDEX_URL]
#   images/pytorch-cuda/lock.sh 2.6.0 12.4 3.10
#   images/pytorch-cuda/lock.sh 2.6.0 12.6 3.10 https://download.pytorch.org/whl/cu126
# Writes locks/torch<TORCH>-cu<CUDA>-py<PYTHON>.txt. Without INDEX_URL the wheels come from pip's
# default index, which has one CUDA build per torch release; another one is refused, not locked.
# torchvision follows from torch: its own metadata names the one torch release it was built for.
# Behind a TLS-inspecting proxy set SSL_CERT_FILE to the machine's CA bundle.
set -eu

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
torch=$1 cuda=$2 python=$3 index=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
suffix=cu$(printf %s "$cuda" | tr -d .)
output=$here/locks/torch$torch-$suffix-py$python.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if command -v uv >/dev/null; then
  uv=uv
else
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" --quiet install "$(grep -o '^uv==[0-9.]*' "$here/locks/tools.in")"
  uv=$work/venv/bin/uv
fi

if [ -n "$index" ]; then
  export UV_INDEX="$index" UV_INDEX_STRATEGY=unsafe-best-match
  pin=torch==$torch+$suffix
else
  pin=torch==$torch
fi
{
  cat "$here/locks/requirements.in"
  printf '%s\ntorchvision\n' "$pin"
} >"$work/requirements.in"

# glibc 2.35 is Ubuntu 22.04's, the oldest base.
"$uv" pip compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
  --no-emit-find-links --python-version "$python" --python-platform x86_64-manylinux_2_35 \
  --output-file "$work/lock.txt" "$work/requirements.in" >/dev/null

found=$(sed -n 's/^nvidia-cuda-runtime[a-z0-9-]*==\([0-9]*\.[0-9]*\).*/\1/p' "$work/lock.txt")
if [ "$found" != "$cuda" ]; then
  echo "$0: torch $torch from ${index:-the default index} is built for CUDA ${found:-none}, not $cuda;" >&2
  echo "  name the index that has it, such as https://download.pytorch.org/whl/$suffix" >&2
  exit 1
fi
{
  echo "# torch $torch, CUDA $cuda, Python $python, Linux x86_64. Made by lock.sh; do not edit."
  cat "$work/lock.txt"
} >"$output"
echo "$output"
