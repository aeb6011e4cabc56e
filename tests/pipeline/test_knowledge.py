import json
from pathlib import Path

from click.testing import CliRunner

from mcpchain.cli import main

DIGEST = "sha256:" + "ab" * 32
POLICY = """\
apiVersion: mcpchain/policy/v1
name: own
rules: {gap: deny}
waivers:
  - rule: gap
    variant: partial
    purl: pkg:oci/pg@%s?repository_url=registry.example/acme/pg
    reason: scanned by the team that builds it
    owner: platform
    expires: 2099-01-01
"""


def test_what_no_advisory_speaks_of_is_named_one_by_one_and_can_be_waived(
    tmp_path: Path,
) -> None:
    images = {name: f"registry.example/acme/{name}@{DIGEST}" for name in ("pg", "web")}
    servers = {
        name: {"command": "docker", "args": ["run", "-i", image]}
        for name, image in images.items()
    }
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    policy = tmp_path / "own.yaml"
    policy.write_text(POLICY % DIGEST)
    command = ["gate", str(tmp_path / ".mcp.json"), "--policy", str(policy)]
    result = CliRunner().invoke(main, [*command, "--offline", "--format", "json"])
    told = json.loads(result.stdout)
    assert {
        each["component"]["name"]: (each["outcome"], each["where"])
        for each in told["findings"]
        if " is of no kind that " in each["message"]
    } == {
        "registry.example/acme/pg": ("waived", ".mcp.json#/mcpServers/pg"),
        "registry.example/acme/web": ("denied", ".mcp.json#/mcpServers/web"),
    }
    assert told["unusedWaivers"] == []
