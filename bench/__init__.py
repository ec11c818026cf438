"""Benchmarks: re-runnable, each figure beside its floor, medians of several rounds.

Durability is never weakened: `fsync` and `synchronous_commit` are on in every run, and each
report says so.
"""
