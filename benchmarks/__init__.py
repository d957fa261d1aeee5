"""Holdall's speed, measured beside `cp -a`, `rsync`, raw drivers and the peers that are there.

`python -m benchmarks` runs everything; `make bench` and `make bench-quick` are the ways to call it.
"""
