"""Which of the key services keeps a key."""

from collections.abc import Mapping
from typing import Final

from mcpchain.errors import UnavailableError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote import SECONDS, RemoteKey, malformed
from mcpchain.sign.remote.aws import open_aws
from mcpchain.sign.remote.gcp import open_gcp
from mcpchain.sign.remote.vault import open_vault

SCHEMES: Final = ("awskms", "gcpkms", "hashivault", "hv")


def open_kms(
    uri: str, environ: Mapping[str, str], fetcher: Fetcher, *, seconds: float = SECONDS
) -> RemoteKey:
    """Open the key that *uri* names.

    Args:
        uri: Its address, of one of `SCHEMES`.
        environ: For Vault: where it is, and who asks; for AWS: the region. The clients
            of the others read the environment of the process by themselves.
        fetcher: By which Google and Vault are asked.
        seconds: How long each answer may take.

    Raises:
        UsageError: There is no such address, or the key signs nothing of ours.
        UnavailableError: The service does not answer, or refuses.
    """
    scheme = uri.partition(":")[0]
    if scheme not in SCHEMES:
        raise malformed("awskms:arn:aws:kms:REGION:ACCOUNT:key/ID")
    if fetcher.offline:
        raise UnavailableError(
            f"a key of `{scheme}:` was not asked (offline)",
            hint="run without `--offline`, or sign with a key on this machine",
        )
    if scheme == "awskms":
        # Its own client reads AWS_DEFAULT_REGION alone, where its other clients differ.
        return open_aws(uri, region=environ.get("AWS_REGION") or None, seconds=seconds)
    if scheme == "gcpkms":
        return open_gcp(uri, fetcher, seconds=seconds)
    return open_vault(uri, environ, fetcher, seconds=seconds)
