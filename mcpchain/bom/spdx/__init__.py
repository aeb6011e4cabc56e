"""SPDX 2.3 as JSON: written from an inventory, read as one, and checked.

SPDX names packages, files and how they hang together. It has no place for services,
model cards or how firmly something is pinned; what has none is told in comments and
annotations, and what even those cannot hold is said on standard error.
"""
