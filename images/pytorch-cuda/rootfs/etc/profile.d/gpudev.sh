# Debian's /etc/profile sets PATH anew for login shells.
PATH=$HOME/.venv/bin:/opt/venv/bin:$PATH
export PATH
