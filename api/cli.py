"""The command `penstock`."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import PenstockError
from engine.version import VERSION

app = typer.Typer(
    name="penstock",
    help="A self-hosted vision inference server built around a workflow engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(name="models", help="List, add and fetch models.", no_args_is_help=True)
app.add_typer(models_app)


def main() -> None:
    """Run a command; an error that we foresaw is one sentence on stderr and exit code 1, not a traceback."""
    try:
        app()
    except PenstockError as error:
        typer.secho(f"penstock: {error}", fg=typer.colors.RED, err=True)
        for block in error.blocks[:20]:
            parts = (block.block_id, block.property_name, block.property_details)
            typer.echo("  " + ": ".join(part for part in parts if part), err=True)
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"penstock {VERSION}")
        raise typer.Exit


@app.callback()
def penstock(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted vision inference server built around a workflow engine."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment, else 127.0.0.1.")] = (
        None
    ),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; PORT in the environment, else 9001.")
    ] = None,
) -> None:
    """Serve HTTP until interrupted; requests that are inside finish first."""
    from api.serving import serve as run_server  # noqa: PLC0415 - heavy, and no other command needs it

    given = {"HOST": host, "PORT": port}
    run_server(_settings(**{name: value for name, value in given.items() if value is not None}))


@app.command()
def run(
    workflow: Annotated[Path, typer.Argument(help="A workflow in JSON.", exists=True, dir_okay=False)],
    image: Annotated[list[str], typer.Option(help="NAME=FILE: a picture for an input; repeat for more.")] = [],  # noqa: B006
    param: Annotated[list[str], typer.Option(help="NAME=VALUE: a parameter, in JSON or as text.")] = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the pictures of the outputs.")] = None,
) -> None:
    """Run a workflow without a server: JSON on stdout, pictures into a folder."""
    from api.running import run_file  # noqa: PLC0415 - heavy, and no other command needs it

    with closing(_server()) as server:
        sys.stdout.buffer.write(run_file(server, workflow, _pairs(image), _pairs(param), out))


@app.command()
def validate(
    workflow: Annotated[Path, typer.Argument(help="A workflow in JSON.", exists=True, dir_okay=False)],
) -> None:
    """Compile a workflow and say what is wrong with it, without running it."""
    from api.describe.interface import warn  # noqa: PLC0415 - as above
    from api.running import read_workflow  # noqa: PLC0415 - heavy, and no other command needs it

    with closing(_server()) as server:
        definition = read_workflow(workflow)
        plan = server.engine.plan(definition)
    typer.echo(f"{workflow} is a valid workflow: {len(plan.steps)} steps, {len(plan.outputs)} outputs.")
    for warning in warn(definition):
        typer.echo(f"Warning: {warning}")


@app.command()
def blocks(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Say more about one block.")] = None,
) -> None:
    """List the blocks that workflows can use, or describe one."""
    from api.listing import list_blocks  # noqa: PLC0415 - heavy, and no other command needs it

    typer.echo(list_blocks(_server().engine.registry, type_))


@app.command()
def doctor() -> None:
    """Say what is installed, whether a GPU is used and why not, and which models are there."""
    from api.doctor import examine  # noqa: PLC0415 - heavy, and no other command needs it

    typer.echo(examine(_settings()))


@models_app.command("list")
def list_models() -> None:
    """List the models on disk and in the starter catalogue."""
    from api.listing import list_models as listed  # noqa: PLC0415 - heavy, and no other command needs it

    typer.echo(listed(_settings()))


@models_app.command("add")
def add_model(
    file: Annotated[Path, typer.Argument(help="Weights in ONNX form.", exists=True, dir_okay=False)],
    model_id: Annotated[str, typer.Option("--id", help="What to call it, such as mine/1.")],
    family: Annotated[str | None, typer.Option(help="How to read its outputs, where the graph does not tell.")] = None,
    labels: Annotated[str | None, typer.Option(help="coco, imagenet, or a text file with a class a line.")] = None,
    replace: Annotated[bool, typer.Option(help="Take the place of a model of this id.")] = False,
) -> None:
    """Copy weights into the folder of models, under an id."""
    from models.providers.disk import add  # noqa: PLC0415 - heavy, and no other command needs it

    manifest = add(_settings().models_dir, file, model_id, family=family, labels=labels, replace=replace)
    typer.echo(f"{manifest.id}: {manifest.family}, {manifest.task}, {len(manifest.classes)} classes.")


@models_app.command("pull")
def pull_model(
    model_id: Annotated[str | None, typer.Argument(help="An id of the starter catalogue.")] = None,
) -> None:
    """Fetch a model of the starter catalogue; without an id, the default one."""
    from api.pulling import pull  # noqa: PLC0415 - heavy, and no other command needs it

    typer.echo(pull(_settings(), model_id))


def _settings(**given: Any) -> Any:
    from pydantic import ValidationError  # noqa: PLC0415 - `penstock --help` should be quick

    from api.settings import Settings, SettingsError  # noqa: PLC0415

    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name} in the environment is not valid: {reason}, got {first['input']!r}.") from None
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    return settings


def _server() -> Any:
    from api.server import build  # noqa: PLC0415 - `penstock --help` should be quick

    return build(_settings(), load_seconds=None)


def _pairs(items: list[str]) -> list[tuple[str, str]]:
    """NAME=VALUE texts, split."""
    pairs = []
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{item!r} is not of the form NAME=VALUE")
        pairs.append((name, value))
    return pairs
