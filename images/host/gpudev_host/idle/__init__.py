"""Stops what nobody uses. It runs as root on the host, where no user can switch it off."""
