"""Ask an authority to sign for when a signature existed (RFC 3161, by HTTP)."""

from dataclasses import dataclass
from typing import Final

from mcpchain.bundle.refusal import RefusedError
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.timestamp import verify_timestamp
from mcpchain.errors import UnavailableError
from mcpchain.fetch import Fetcher, FetchError, Request

_LIMIT: Final = 1 << 20
_SECONDS: Final = 30.0
_HINT: Final = "nothing was signed; name another authority, or sign without one"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampAuthority:
    """A service that signs for times, and by whom its answers are verified."""

    url: str
    fetcher: Fetcher
    root: TrustedRoot

    def __call__(self, signature: bytes) -> bytes:
        """Return a timestamp of *signature*, verified.

        Raises:
            UnavailableError: It did not answer, or what it answered does not hold.
        """
        from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response
        from rfc3161_client.base import HashAlgorithm

        asked = (
            TimestampRequestBuilder()
            .data(signature)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=False)
            .build()
        )
        request = Request(
            url=self.url,
            accept="application/timestamp-reply",
            body=asked.as_bytes(),
            content_type="application/timestamp-query",
            limit=_LIMIT,
            seconds=_SECONDS,
        )
        try:
            data = self.fetcher.fetch(request).body
            verify_timestamp(data, signature, self.root.timestamp_authorities)
            same = decode_timestamp_response(data).tst_info.nonce == asked.nonce
        except FetchError as error:
            problem = str(error)
        except RefusedError as error:
            problem = f"`{self.root.name}`: {error}"
        else:
            if same:
                return data
            problem = "it answers another request"
        raise UnavailableError(f"the timestamp failed: {problem}", hint=_HINT)
