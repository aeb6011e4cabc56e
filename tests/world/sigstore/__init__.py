"""A Sigstore in this process: authorities and logs that sign what a test asks for.

`Instance` is whatever keys one instance has, `minting` makes bundles with it, and
`server` lets real clients talk to it on loopback. Every attack is a switch.
"""
