"""Installs driver, Docker and container toolkit where the AMI lacks them, and holds what must not move."""
