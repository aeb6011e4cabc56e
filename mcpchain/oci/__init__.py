"""Images as the OCI keeps them: manifests by digest, and what is attached to them.

`manifest` is the format; `registry` (the network) and `layout` (a folder) are two
sources of it, and `attached` gathers what somebody may have signed about an image.
Nothing is verified here but that bytes have the digest by which they were asked for.
"""
