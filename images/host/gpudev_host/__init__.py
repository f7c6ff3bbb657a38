"""What a GPU host of gpudev runs.

The host installs what its document says and decides nothing that the plan could have decided. It uses
Python's standard library only, so that no package index stands between a boot and a working host.
"""
