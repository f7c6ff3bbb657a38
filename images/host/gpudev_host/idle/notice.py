"""Tells a user what is about to happen: on every terminal, and as a file that Jupyter shows.

It is done inside the container as the user, so that nothing the user put there can mislead root.
"""
from __future__ import annotations

from ..commands import run

FILE = "STOPPING-SOON.txt"
TELL = f"""
text=$(cat)
printf '%s\\n' "$text" > "$HOME/{FILE}" 2>/dev/null
for tty in /dev/pts/[0-9]*; do
  [ -w "$tty" ] && timeout 2 printf '\\r\\n*** %s ***\\r\\n' "$text" > "$tty"
done
exit 0
"""
ADVICE = (
    "To be kept: date --iso-8601=seconds -d '+3 hours' > ~/.config/gpudev/keep-awake (or work on). "
    "What is in your home stays."
)


def tell(container: str, text: str, limit: float = 20) -> bool:
    return run(["docker", "exec", "--interactive", container, "sh", "-c", TELL], limit, f"{text} {ADVICE}").ok


def take_back(container: str) -> bool:
    return run(["docker", "exec", container, "sh", "-c", f'rm -f "$HOME/{FILE}"'], 20).ok
