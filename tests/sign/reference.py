"""The reference tool for signatures of models, as its users call it."""

from importlib.metadata import entry_points

from click.testing import CliRunner


def model_signing(*args: str) -> None:
    (tool,) = entry_points(group="console_scripts", name="model_signing")
    done = CliRunner().invoke(tool.load(), args)
    assert done.exit_code == 0, done.output
