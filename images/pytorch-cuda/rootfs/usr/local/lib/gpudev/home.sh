# Sourced by gpudev-entrypoint: makes the home ready and exports what every process in here needs. Few
# programs are started: a first start has to answer as fast as a bare `jupyter lab` or sshd.

say() { printf 'gpudev: %s\n' "$*" >&2; }

is_mounted() {
  local mounts
  IFS= read -r -d '' mounts </proc/self/mountinfo
  [[ $mounts == *" $1 "* ]]
}

# ways_out DIRECTORY: what helps where a mount belongs to somebody else.
ways_out() {
  local owner group
  owner=$(stat -c %u "$1") group=$(stat -c %g "$1")
  if [ "$owner" = 0 ]; then
    echo "Give it to uid $EUID on the host: chown $EUID:$(id -g) DIRECTORY"
  elif [ "$owner" = "$EUID" ]; then
    echo "It is mounted read-only, or its mode forbids its owner to write."
  else
    echo "Run with --user $owner:$group, or build with --build-arg DEV_UID=$owner --build-arg DEV_GID=$group, or give it to uid $EUID on the host."
  fi
}

# A home that this uid cannot write: go on in /tmp, and say what that means.
choose_home() {
  if [ -w "$HOME" ]; then return; fi
  local mend
  if is_mounted "$HOME"; then
    mend="It belongs to uid $(stat -c %u "$HOME"). $(ways_out "$HOME")"
  else
    mend="Leave out --user, or mount a directory that it owns there, or build with --build-arg DEV_UID=$EUID --build-arg DEV_GID=$(id -g)."
  fi
  say "uid $EUID cannot write the home $HOME, so settings and installed packages end with this container. $mend"
  HOME=/tmp/home-$EUID
  mkdir -p -m 0700 "$HOME"
}

check_workspace() {
  # Without a mount a read-only root is as it should be.
  if [ -w /workspace ] || ! is_mounted /workspace; then return; fi
  say "uid $EUID cannot write /workspace, which belongs to uid $(stat -c %u /workspace). $(ways_out /workspace)"
}

# What the image sets of the environment and every session should have too. The caches live in the home,
# which is writable, allows exec and outlives the container.
environment=(PATH VIRTUAL_ENV LANG PIP_CONSTRAINT UV_CONSTRAINT PIP_DISABLE_PIP_VERSION_CHECK SSL_CERT_FILE
  REQUESTS_CA_BUNDLE XDG_CACHE_HOME TORCH_HOME HF_HOME TRITON_CACHE_DIR TORCHINDUCTOR_CACHE_DIR
  CUDA_CACHE_PATH MPLCONFIGDIR JUPYTER_RUNTIME_DIR AWS_CONFIG_FILE AWS_EC2_METADATA_DISABLED)

# The image's values name /home/dev: with another home they move there.
export_environment() {
  local name
  export HOME
  for name in "${environment[@]}"; do
    if [ -n "${!name:-}" ]; then export "$name=${!name//\/home\/dev\//$HOME/}"; fi
  done
}

# The user's own venv, one per Python and torch build, sees /opt/venv through a .pth file.
make_venv() {
  local name venv
  read -r name </opt/gpudev/venv-name
  venv=$HOME/.venvs/$name
  if [ ! -d "$venv" ]; then
    mkdir -p "$HOME/.venvs"
    if [ -e "$venv.new" ]; then rm -rf "$venv.new"; fi
    cp -r --no-preserve=ownership /opt/gpudev/venv-template "$venv.new"
    mv -T "$venv.new" "$venv"
  fi
  if [ -e "$HOME/.venv" ] && [ ! -L "$HOME/.venv" ]; then
    say "$HOME/.venv is not gpudev's link and stays as it is; this image's venv is $venv."
  elif [ ! "$HOME/.venv" -ef "$venv" ]; then
    ln -sfn "$venv" "$HOME/.venv"
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

# make_credentials SERVICE...: each is made once. ssh-keygen writes the public half last, so that with it
# the pair is whole; a start that was killed before that makes a new one.
make_credentials() {
  config=$HOME/.config/gpudev
  umask 077
  if [ ! -d "$config/ssh" ]; then mkdir -p "$config/ssh"; fi
  if [ -n "${JUPYTER_TOKEN:-}" ] && [ -z "${GPUDEV_MANAGED:-}" ]; then
    printf '%s' "$JUPYTER_TOKEN" >"$config/jupyter-token"
  elif [ ! -s "$config/jupyter-token" ]; then
    # SRANDOM: 32 bits each from the kernel's generator.
    printf '%08x' "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" >"$config/jupyter-token"
  fi
  unset JUPYTER_TOKEN
  local key=$config/ssh/ssh_host_ed25519_key
  if [[ " $* " == *" ssh "* ]] && ! { [ -s "$key" ] && [ -s "$key.pub" ]; }; then
    if [ -e "$key" ]; then rm -f "$key" "$key.pub"; fi
    ssh-keygen -q -t ed25519 -N '' -C gpudev -f "$key"
  fi
  if [ -n "${AUTHORIZED_KEYS:-}" ]; then printf '%s\n' "$AUTHORIZED_KEYS" >"$config/authorized_keys"; fi
  unset AUTHORIZED_KEYS
  umask 022
}
