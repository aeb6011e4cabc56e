"""What the configuration of yarn, pnpm and bun says of registries."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.errors import MalformedError
from mcpchain.settings.node_managers import READERS, Read
from mcpchain.settings.npmrc import Registries

A, B = "https://a.example", "https://b.example/npm"
YML, RC, PNPM, BUN = READERS.values()


def read(reader: Callable[[bytes, str], Read], text: str) -> Read:
    return reader(text.encode(), "x")


@pytest.mark.parametrize(
    ("reader", "text", "default", "scopes"),
    [
        (YML, f'npmRegistryServer: "{A}"', A, ()),
        (
            YML,
            f"npmScopes:\n  acme:\n    npmRegistryServer: {B}",
            None,
            (("@acme", B),),
        ),
        (YML, "npmScopes:\n  acme:\n    npmAuthToken: x", None, ()),
        (YML, "nodeLinker: node-modules", None, ()),
        (YML, "", None, ()),
        (RC, f'registry "{A}"', A, ()),
        (RC, f'# x\n"@acme:registry" "{B}"\nlastUpdateCheck 5', None, (("@acme", B),)),
        (RC, "", None, ()),
        (PNPM, f"registries:\n  default: {A}\n  '@acme': {B}", A, (("@acme", B),)),
        (PNPM, f"registry: {A}", A, ()),
        (PNPM, "packages:\n- packages/*", None, ()),
        (PNPM, "", None, ()),
        (BUN, f'[install]\nregistry = "{A}"', A, ()),
        (BUN, f'[install.registry]\nurl = "{A}"\ntoken = "x"', A, ()),
        (BUN, f'[install.scopes]\nacme = "{B}"', None, (("@acme", B),)),
        (BUN, f'[install.scopes]\n"@acme" = {{url = "{B}"}}', None, (("@acme", B),)),
        (BUN, "[run]\nbun = true", None, ()),
        (BUN, "", None, ()),
    ],
)
def test_registries_are_read(
    reader: Callable[[bytes, str], Read],
    text: str,
    default: str | None,
    scopes: tuple[tuple[str, str], ...],
) -> None:
    assert read(reader, text) == (Registries(default=default, scopes=scopes), [])


def test_no_secret_of_an_address_is_kept() -> None:
    registries, _ = read(YML, 'npmRegistryServer: "https://u:p@a.example/?t=secret"')
    assert registries.default == A


@pytest.mark.parametrize(
    ("reader", "text", "settings"),
    [
        (YML, "enableStrictSsl: false", ["enableStrictSsl"]),
        (YML, "enableStrictSsl: true", []),
        (YML, "plugins:\n- path: ./x.cjs", ["plugins"]),
        (YML, "plugins: []", []),
        (YML, "httpProxy: http://evil.example", ["httpProxy"]),
        (YML, "unsafeHttpWhitelist: ['*']", ["unsafeHttpWhitelist"]),
        (YML, "checksumBehavior: ignore", ["checksumBehavior"]),
        (RC, "strict-ssl false\nproxy http://evil.example", ["proxy", "strict-ssl"]),
        (RC, "yarn-offline-mirror ./mirror", ["yarn-offline-mirror"]),
        (PNPM, "strictSsl: false\npnpmfile: x.cjs", ["pnpmfile", "strictSsl"]),
        (PNPM, "verifyStoreIntegrity: false", ["verifyStoreIntegrity"]),
        (PNPM, "configDependencies:\n  x: 1.0.0", ["configDependencies"]),
        (PNPM, "configDependencies: {}", []),
        (PNPM, "overrides:\n  x: 1.0.0", []),
        (BUN, '[install]\ncafile = "x"', ["cafile"]),
    ],
)
def test_what_changes_more_than_a_registry_is_named(
    reader: Callable[[bytes, str], Read], text: str, settings: list[str]
) -> None:
    assert read(reader, text)[1] == settings


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (YML, "npmRegistryServer: 5"),
        (YML, "npmScopes: []"),
        (YML, "npmScopes: {a: 5}"),
        (YML, "npmScopes: {a: {npmRegistryServer: []}}"),
        (YML, "[]"),
        (YML, "a: &a [*a]"),
        (PNPM, "registries: {default: 5}"),
        (PNPM, "registries: x"),
        (PNPM, "5"),
        (BUN, "install = 5"),
        (BUN, "[install]\nregistry = 5"),
        (BUN, "[install]\nscopes = []"),
        (BUN, "["),
    ],
)
def test_what_is_of_another_shape_is_refused(
    reader: Callable[[bytes, str], Read], text: str
) -> None:
    with pytest.raises(MalformedError):
        read(reader, text)


@pytest.mark.parametrize("name", READERS)
@given(
    data=st.binary(max_size=60)
    | st.text("ab:[]{}\"'=\n -", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        READERS[name](data, "x")
