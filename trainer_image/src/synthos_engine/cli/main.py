"""`synthos`: the commands and their options. What they do is in the other modules, loaded when needed.

Exit codes: 0; `validate` 0 clear, 3 collapse, 4 inconclusive; 2 wrong usage; 130 interrupted; 1 any
other error. tests/unit/engine/cli pins commands, options and codes.
"""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from .edge import command_edge
from .reading import DropMalformed, Format, Missing, Sheet, TablePath, reading

app = typer.Typer(
    name="synthos",
    help="Tells whether a training dataset will make a model collapse, before the money is spent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="A path, a folder, a glob, or a file:// or s3:// URI.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Same data and seed, same result.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synthos {metadata.version('synthos-validation')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def inspect(
    dataset: Dataset,
    file_format: Format = None,
    drop_malformed: DropMalformed = False,
    missing: Missing = None,
    sheet: Sheet = None,
    table: TablePath = None,
    as_json: Json = False,
) -> None:
    """What a dataset is, without loading it: format, rows, columns, sizes."""
    with command_edge(as_json=as_json):
        from .data_commands import inspect_dataset

        how = reading(file_format, drop_malformed, missing, sheet, table)
        inspect_dataset(dataset, how, as_json=as_json)


@app.command()
def profile(
    dataset: Dataset,
    modality: Annotated[
        str | None,
        typer.Option("--modality", metavar="KIND", help="text, table, series or mixed. Default: found out."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that share the work.")] = 1,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Work on the Dask cluster of this scheduler.")
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="HTML page to write, with pictures.")
    ] = None,
    file_format: Format = None,
    drop_malformed: DropMalformed = False,
    missing: Missing = None,
    sheet: Sheet = None,
    table: TablePath = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Diversity, clusters, correlations, and the pre-screen against signatures of degenerate data.

    The result is the same whoever does the work: one core, several processes or a Dask cluster.
    """
    with command_edge(as_json=as_json):
        from .data_commands import ProfileWork, profile_command

        how = reading(file_format, drop_malformed, missing, sheet, table)
        work = ProfileWork(modality, workers, dask, seed)
        profile_command(dataset, how, work, report, as_json=as_json)


@app.command()
def sample(
    dataset: Dataset,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows to take; all where there are no more.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Parquet file to write: a path or an s3:// URI.")],
    file_format: Format = None,
    drop_malformed: DropMalformed = False,
    missing: Missing = None,
    sheet: Sheet = None,
    table: TablePath = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Write a stratified sample as Parquet: `__row__` is a row's number in DATASET, `__weight__` what it stands for."""
    with command_edge(as_json=as_json):
        from .data_commands import sample_command

        how = reading(file_format, drop_malformed, missing, sheet, table)
        sample_command(dataset, how, rows=rows, out=out, seed=seed, as_json=as_json)


@app.command()
def validate(
    dataset: Dataset,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="REF", help="Trusted real data; without it never a firm clear.")
    ] = None,
    cascade: Annotated[
        str | None,
        typer.Option(
            "--cascade",
            metavar="PRESET|FILE",
            help="nano, synthos-18, or a YAML or JSON file with a cascade as in a ValidationRun. "
            "Default: synthos-18 where there is a GPU, else nano.",
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for verdict.json, report.html and the artifacts.")
    ] = "synthos-report",
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Train every model of the cascade, also once the verdict is certain.")
    ] = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train the cascade on this machine and judge. Exit code: 0 clear, 3 collapse, 4 inconclusive.

    Writes DIR/verdict.json and DIR/report.html. What was finished before an interruption is used
    again by the next call with the same data, options and DIR.
    """
    with command_edge(as_json=as_json):
        from .validate_command import validate_command

        code = validate_command(dataset, reference, cascade, out, thorough=thorough, seed=seed, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def plan(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A ValidationRun as YAML or JSON.")], as_json: Json = False
) -> None:
    """FLOPs, GPU-hours, time and cost of a ValidationRun before anything runs, with the assumptions."""
    with command_edge(as_json=as_json):
        from .plan_command import plan_command

        plan_command(file, as_json=as_json)


def main() -> NoReturn:
    """Entry point of the console script."""
    from .edge import run

    sys.exit(run(app))
