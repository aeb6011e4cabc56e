"""Sigstore bundles: the one verification core, with nothing to do with the network.

`parse` reads a bundle, `root` whom to trust, `policy` whom to expect; `verify` takes
the steps. `cryptography` and `rfc3161_client` are at home here, and loaded when needed.
"""
