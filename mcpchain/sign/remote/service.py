"""Services that keep keys and are asked by plain HTTP."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from mcpchain.address import Credential
from mcpchain.bundle import keys
from mcpchain.document import Node
from mcpchain.errors import MalformedError, UnavailableError
from mcpchain.fetch import Fetcher, FetchError, Request
from mcpchain.inventory import State
from mcpchain.sign.remote import unfit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_LIMIT: Final = 1 << 20
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Who keeps a key, and how it is asked."""

    title: str
    """Of the key."""
    base: str
    """An address, with a slash at its end, below which everything is asked."""
    token: Callable[[], str] = field(repr=False)
    fetcher: Fetcher
    needs: str
    """What the caller has to be allowed to do, for a hint."""
    seconds: float

    def ask(
        self,
        path: str,
        body: Mapping[str, object] | None,
        read: Callable[[Node], _T],
    ) -> _T:
        """Return what *read* makes of the answer.

        Args:
            path: Below the base.
            body: What is sent, if something is.
            read: Makes something of a JSON object; what it does not find is an error.

        Raises:
            UnavailableError: There is no usable answer.
        """
        step = "show its public key" if body is None else "sign"
        credential = Credential(scope=self.base, header=f"Bearer {self.token()}")
        request = Request(
            url=self.base + path,
            credential=credential,
            limit=_LIMIT,
            seconds=self.seconds,
            keep=False,
            body=json.dumps(body).encode() if body is not None else b"",
            content_type="application/json" if body is not None else "",
        )
        try:
            return read(self.fetcher.fetch(request).document())
        except FetchError as error:
            problem, hint = str(error), error.hint
            if error.state is State.UNREADABLE:
                problem = "what it answers is not of its kind"
            if "(not allowed)" in problem or error.state is State.MISSING:
                hint = f"check the name of the key; the caller needs {self.needs}"
        except MalformedError:
            problem = "what it answers is not of its kind"
            hint = f"check that `{self.base}` is what it should be"
        raise UnavailableError(
            f"`{self.title}` did not {step}: {problem}", hint=hint
        ) from None


def data(node: Node) -> bytes:
    """Return the bytes that stand here in base64.

    Raises:
        MalformedError: There are none.
    """
    try:
        return base64.b64decode(node.text(), validate=True)
    except (binascii.Error, ValueError):
        raise node.malformed("not base64") from None


def public_key(title: str, node: Node) -> "PublicKeyTypes":
    """Return the public key that stands here in PEM.

    Raises:
        MalformedError: There is none.
        UsageError: It is of a kind that is not accepted.
    """
    try:
        return keys.load(node.text().encode())
    except keys.WeakKeyError as error:
        raise unfit(title, str(error)) from None
    except ValueError:
        raise node.malformed("no public key") from None
