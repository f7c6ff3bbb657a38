# Sourced by gpudev-entrypoint: makes the home ready and exports what every process in here needs. Few
# programs are started: a first start has to answer as fast as a bare `jupyter lab` or sshd.

say() { printf 'gpudev: %s\n' "$*" >&2; }

# A home that this uid cannot write: go on in /tmp, and say what that means.
choose_home() {
  if [ -w "$HOME" ]; then return; fi
  say "uid $EUID cannot write the home $HOME, so settings and installed packages end with this container." \
    "Mount a volume or a directory that it owns, run with --user $(stat -c %u:%g "$HOME"), or build with" \
    "--build-arg DEV_UID=$EUID --build-arg DEV_GID=$(id -g)."
  HOME=/tmp/home-$EUID
  mkdir -p -m 0700 "$HOME"
}

check_workspace() {
  if [ -w /workspace ]; then return; fi
  # Without a mount a read-only root is as it should be.
  case $(</proc/self/mountinfo) in *' /workspace '*) ;; *) return ;; esac
  say "uid $EUID cannot write /workspace, which belongs to uid $(stat -c %u /workspace)." \
    "Run with --user $(stat -c %u:%g /workspace), or build with --build-arg DEV_UID=$(stat -c %u /workspace)" \
    "--build-arg DEV_GID=$(stat -c %g /workspace), or give the directory to uid $EUID."
}

# What the image sets of the environment and every session should have too. The caches live in the home,
# which is writable, allows exec and outlives the container.
environment=(PATH VIRTUAL_ENV LANG PIP_CONSTRAINT UV_CONSTRAINT PIP_DISABLE_PIP_VERSION_CHECK SSL_CERT_FILE
  REQUESTS_CA_BUNDLE XDG_CACHE_HOME TORCH_HOME HF_HOME TRITON_CACHE_DIR TORCHINDUCTOR_CACHE_DIR
  CUDA_CACHE_PATH MPLCONFIGDIR JUPYTER_RUNTIME_DIR)

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

# make_credentials SERVICE...: each is made once, in a place of its own first, so that a start that is
# killed leaves no half of one.
make_credentials() {
  config=$HOME/.config/gpudev
  if [ ! -d "$config" ]; then mkdir -p -m 0700 "$HOME/.config" "$config"; fi
  if [ -n "${JUPYTER_TOKEN:-}" ] && [ -z "${GPUDEV_MANAGED:-}" ]; then
    (umask 077 && printf '%s' "$JUPYTER_TOKEN" >"$config/jupyter-token")
  elif [ ! -s "$config/jupyter-token" ]; then
    # SRANDOM: 32 bits each from the kernel's generator.
    (umask 077 && printf '%08x' "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" >"$config/jupyter-token")
  fi
  unset JUPYTER_TOKEN
  if [[ " $* " == *" ssh "* ]] && [ ! -s "$config/ssh/ssh_host_ed25519_key" ]; then
    if [ -e "$config/ssh" ] || [ -e "$config/ssh.new" ]; then rm -rf "$config/ssh" "$config/ssh.new"; fi
    mkdir -m 0700 "$config/ssh.new"
    ssh-keygen -q -t ed25519 -N '' -C gpudev -f "$config/ssh.new/ssh_host_ed25519_key"
    mv -T "$config/ssh.new" "$config/ssh"
  fi
  if [ -n "${AUTHORIZED_KEYS:-}" ]; then
    (umask 077 && printf '%s\n' "$AUTHORIZED_KEYS" >"$config/authorized_keys")
  fi
  unset AUTHORIZED_KEYS
}
