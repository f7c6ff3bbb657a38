# Sourced by gpudev-entrypoint: makes the home ready and exports what every process in here needs.
# Nothing slow: a first start has to answer as fast as a bare `jupyter lab`.

say() { printf 'gpudev: %s\n' "$*" >&2; }

# can_write DIRECTORY: by trying, since a read-only mount and a foreign owner look alike in no other test.
can_write() {
  local probe=$1/.gpudev-probe-$$
  { : >"$probe"; } 2>/dev/null && rm -f "$probe"
}

# A home that this uid cannot write: go on in /tmp, and say what that means.
choose_home() {
  if can_write "$HOME"; then return; fi
  say "uid $(id -u) cannot write the home $HOME, so settings and installed packages end with this container." \
    "Mount a volume or a directory that it owns, run with --user $(stat -c %u:%g "$HOME"), or build with" \
    "--build-arg DEV_UID=$(id -u) --build-arg DEV_GID=$(id -g)."
  HOME=/tmp/home-$(id -u)
  mkdir -p -m 0700 "$HOME"
}

check_workspace() {
  if can_write /workspace; then return; fi
  # Without a mount a read-only root is as it should be.
  if ! grep -q ' /workspace ' /proc/self/mountinfo; then return; fi
  say "uid $(id -u) cannot write /workspace, which belongs to uid $(stat -c %u /workspace)." \
    "Run with --user $(stat -c %u:%g /workspace), or build with --build-arg DEV_UID=$(stat -c %u /workspace)," \
    "or give the directory to uid $(id -u)."
}

# The caches live in the home, which is writable, allows exec and outlives the container.
export_environment() {
  local cache=$HOME/.cache
  export HOME VIRTUAL_ENV=$HOME/.venv
  PATH=$HOME/.venv/bin:/opt/venv/bin:/usr/local/bin:/usr/bin:/bin
  export XDG_CACHE_HOME=$cache TORCH_HOME=$cache/torch HF_HOME=$cache/huggingface
  export TRITON_CACHE_DIR=$cache/triton TORCHINDUCTOR_CACHE_DIR=$cache/torchinductor
  export CUDA_CACHE_PATH=$cache/cuda MPLCONFIGDIR=$cache/matplotlib
  # Sockets and process files of this container, not of the next one on the same home.
  export JUPYTER_RUNTIME_DIR=/tmp/jupyter-$(id -u)
  # A mounted CA bundle (an inspecting proxy's, say) for pip, git, curl and Python's own TLS.
  local ca=/etc/gpudev/ca-certificates.crt
  if [ -s "$ca" ]; then
    export SSL_CERT_FILE=$ca PIP_CERT=$ca REQUESTS_CA_BUNDLE=$ca CURL_CA_BUNDLE=$ca GIT_SSL_CAINFO=$ca
  fi
}

# The user's own venv, one per Python and torch build, sees /opt/venv through a .pth file.
make_venv() {
  local venv=$HOME/.venvs/$(</opt/gpudev/venv-name)
  if [ ! -d "$venv" ]; then
    mkdir -p "$HOME/.venvs"
    rm -rf "$venv.new"
    cp -r --no-preserve=ownership /opt/gpudev/venv-template "$venv.new"
    mv -T "$venv.new" "$venv"
  fi
  if [ "$(readlink "$HOME/.venv")" != "$venv" ]; then
    if [ -e "$HOME/.venv" ] && [ ! -L "$HOME/.venv" ]; then
      say "$HOME/.venv is not gpudev's link and stays as it is; this image's venv is $venv."
    else
      ln -sfn "$venv" "$HOME/.venv"
    fi
  fi
}

# A home that came empty (a bind mount, a Kubernetes volume) gets what a new Debian user gets.
make_files() {
  local file
  for file in .bashrc .profile .bash_logout; do
    if [ ! -e "$HOME/$file" ] && [ -e "/etc/skel/$file" ]; then cp "/etc/skel/$file" "$HOME/$file"; fi
  done
  if [ ! -e "$HOME/examples" ]; then cp -r /opt/gpudev/examples "$HOME/examples"; fi
}

make_credentials() {
  config=$HOME/.config/gpudev
  if [ ! -d "$config/ssh" ]; then mkdir -p -m 0700 "$HOME/.config" "$config" "$config/ssh"; fi
  if [ -n "${JUPYTER_TOKEN:-}" ] && [ -z "${GPUDEV_MANAGED:-}" ]; then
    (umask 077 && printf '%s\n' "$JUPYTER_TOKEN" >"$config/jupyter-token")
  elif [ ! -s "$config/jupyter-token" ]; then
    (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$config/jupyter-token.new")
    mv "$config/jupyter-token.new" "$config/jupyter-token"
  fi
  unset JUPYTER_TOKEN
  if [ ! -s "$config/ssh/ssh_host_ed25519_key" ]; then
    rm -f "$config"/ssh/new "$config"/ssh/new.pub
    ssh-keygen -q -t ed25519 -N '' -C gpudev -f "$config/ssh/new"
    mv "$config/ssh/new.pub" "$config/ssh/ssh_host_ed25519_key.pub"
    mv "$config/ssh/new" "$config/ssh/ssh_host_ed25519_key"
  fi
  if [ -n "${AUTHORIZED_KEYS:-}" ]; then
    (umask 077 && printf '%s\n' "$AUTHORIZED_KEYS" >"$config/authorized_keys")
  fi
  unset AUTHORIZED_KEYS
}
