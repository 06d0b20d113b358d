"""`inspect`, `profile` and `sample`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from synthos_api.errors import UsageError
from synthos_api.results import PreScreenResult
from synthos_engine.data import DatasetMetadata
from synthos_engine.data.location import LocalPath, S3Object, parse_location

from .edge import emit, say
from .reading import Reading, tell_notes
from .view import ProgressView

if TYPE_CHECKING:
    from synthos_engine.context import Store
    from synthos_engine.profile.executors import Executor
    from synthos_engine.profile.extract import Drawn

MOST_STRATA_SHOWN: Final = 64
"""In JSON."""
_LARGEST_SHOWN: Final = 6


def inspect_dataset(dataset: str, how: Reading, *, as_json: bool) -> None:
    metadata = how.loader().get_metadata(dataset, how.file_format)
    tell_notes(metadata)
    if as_json:
        emit(asdict(metadata))
        return
    table = Table("column", "type", title=None)
    for column in metadata.columns:
        table.add_row(escape(repr(column.name) if column.name.strip() != column.name else column.name), column.type)
    _out().print(
        f"{metadata.format}{_stored(metadata)}, {metadata.total_rows:,} rows, {len(metadata.columns)} columns, "
        f"{metadata.size_bytes:,} bytes, about {metadata.estimated_memory_mb:,.1f} MB in memory"
    )
    _out().print(table)


def _stored(metadata: DatasetMetadata) -> str:
    compression = f" ({metadata.compression})" if metadata.compression else ""
    return f"{compression} in {metadata.files} files" if metadata.files > 1 else compression


@dataclass(frozen=True)
class ProfileWork:
    """How a profile is to be made; `workers` and `dask` exclude each other."""

    modality: str | None
    workers: int
    dask: str | None
    seed: int


def profile_command(dataset: str, how: Reading, work: ProfileWork, report: str | None, *, as_json: bool) -> None:
    from synthos_engine.profile import prescreen, profile_dataset
    from synthos_engine.profile.modality import modality_named

    given = None if work.modality is None else modality_named(work.modality)
    executor = _executor(work.workers, work.dask)
    loader, ref = how.loader(), how.reference(dataset)
    page = None if report is None else _goal(report, ref.uri)
    with ProgressView() as view:
        view.begin("profile")
        profile = profile_dataset(
            loader,
            ref,
            seed=work.seed,
            on_rows=lambda done, total: view.rows("reading", done, total),
            modality=given,
            executor=executor,
        )
        view.end()
    tell_notes(loader.get_metadata(ref.uri, ref.format))
    result = profile.result
    screened = prescreen(result)
    columns = [asdict(column) for column in profile.columns]
    if page is not None:
        from synthos_engine.report.render import render_profile

        store, name = page
        store.write_bytes(name, render_profile(dataset, result, screened, {"details": profile.details}).encode())
        say(f"report: {store.uri(name)}")
    if as_json:
        emit(
            {
                "profile": result.model_dump(mode="json"),
                "pre_screen": screened.model_dump(mode="json"),
                "columns": columns,
                "details": profile.details,
            }
        )
        return
    _print_profile(result.model_dump(), screened, columns)


def _executor(workers: int, dask: str | None) -> Executor:
    from synthos_engine.profile.dask_executor import DaskCluster
    from synthos_engine.profile.executors import OneCore, ProcessPool

    if dask is not None and workers > 1:
        raise UsageError("--workers and --dask exclude each other")
    if dask is not None:
        return DaskCluster(dask)
    return ProcessPool(workers) if workers > 1 else OneCore()


def sample_command(dataset: str, how: Reading, *, rows: int, out: str, seed: int, as_json: bool) -> None:
    from synthos_engine.profile import profile_dataset
    from synthos_engine.profile.extract import draw_sample

    loader, ref = how.loader(), how.reference(dataset)
    store, name = _goal(out, ref.uri)
    with ProgressView() as view, tempfile.TemporaryDirectory(prefix="synthos-") as work:
        view.begin("sample")
        profile = profile_dataset(loader, ref, seed=seed, on_rows=lambda d, t: view.rows("finding strata", d, t))
        path = Path(work) / "sample.parquet"
        drawn = draw_sample(
            loader,
            ref,
            profile,
            rows=rows,
            seed=seed,
            path=path,
            on_rows=lambda d, t: view.rows("taking rows", d, t),
        )
        store.write_file(name, path)
        view.end()
    tell_notes(loader.get_metadata(ref.uri, ref.format))
    total = profile.result.total_rows
    if as_json:
        emit(
            {
                "sample": store.uri(name),
                "rows": drawn.rows,
                "total_rows": total,
                "strata": drawn.strata,
                "strata_count": len(drawn.table),
                "strata_table": [asdict(row) for row in drawn.table[:MOST_STRATA_SHOWN]],
                "sampling_confidence": drawn.confidence,
            }
        )
        return
    _print_sample(drawn, total, out)


def _print_sample(drawn: Drawn, total: int, out: str) -> None:
    of = "all rows" if drawn.strata is None else f"{len(drawn.table):,} strata"
    _out().print(f"{drawn.rows:,} of {total:,} rows ({of}), sampling confidence {drawn.confidence}: {escape(out)}")
    if drawn.strata is None:
        return
    rarest = sorted(drawn.table, key=lambda row: (-row.rate, -row.rows))
    table = Table("stratum", "rows", "in the sample", "weight")
    shown = drawn.table[:_LARGEST_SHOWN]
    shown += [row for row in rarest if row not in shown][:_LARGEST_SHOWN]
    for row in shown:
        table.add_row(escape(row.description), f"{row.rows:,}", f"{row.sampled:,}", _number(row.weight))
    _out().print(table)
    if len(drawn.table) > len(shown):
        _out().print(f"the largest and the most over-represented of {len(drawn.table):,} strata")


def _goal(out: str, dataset: str) -> tuple[Store, str]:
    """Where a file to write goes. Raises UsageError for a folder and for the dataset itself."""
    from synthos_engine.data.store import open_store

    folder, name = _split(out)
    place = parse_location(out)
    if isinstance(place, S3Object) and not place.key:
        raise UsageError("an S3 location of a file is s3://bucket/key").at(out)
    if isinstance(place, LocalPath) and place.path.exists() and not place.path.is_file():
        raise UsageError("is there already and is no regular file").at(out)
    if _same_place(dataset, out):
        raise UsageError("the file to write is the dataset itself, which it would replace").at(out)
    return open_store(folder), name


def _split(out: str) -> tuple[str, str]:
    """(folder, name) of a file to write."""
    if not out or out.endswith("/"):
        raise UsageError("names a folder where a file to write was expected").at(out)
    if isinstance(parse_location(out), LocalPath):
        path = Path(out).expanduser() if "://" not in out else None
        if path is not None:
            if path.is_dir():
                raise UsageError("names a folder where a file to write was expected").at(out)
            return str(path.absolute().parent), path.name
    folder, _, name = out.rpartition("/")
    return folder, name


def _same_place(dataset: str, out: str) -> bool:
    ours, theirs = parse_location(dataset), parse_location(out)
    if isinstance(ours, LocalPath) and isinstance(theirs, LocalPath):
        return theirs.path.exists() and ours.path.exists() and theirs.path.samefile(ours.path)
    return ours == theirs


def _out() -> Console:
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def _print_profile(result: dict[str, Any], screened: PreScreenResult, columns: list[dict[str, Any]]) -> None:
    out, metrics = _out(), result["metrics"]
    out.print(f"{result['format']}, {result['modality']}, {result['total_rows']:,} rows, {result['columns']} columns")
    out.print(
        f"clusters {metrics['cluster_count']}, entropy {_number(metrics['entropy'])} bits, "
        f"Gini {_number(metrics['gini_coefficient'])}, duplicates {_number(result['duplicate_row_percentage'])} %, "
        f"rare {_number(metrics['rare_pattern_percentage'])} %, outliers {_number(metrics['outlier_percentage'])} %"
    )
    # The first line above has the metrics of the wire; what they leave out is here, at the same size.
    others = {name: value for name, value in result["fingerprint"].items() if name not in metrics}
    measures = ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in others.items())
    out.print(f"at {result['measured_rows']:,} rows: {measures}")
    table = Table("column", "type", "missing", "distinct", "mean / mean length", "least", "most")
    for column in columns:
        numeric, text = column["numeric"], column["text"]
        cells = ["", "", ""]
        if numeric:
            cells = [_number(numeric[key]) for key in ("mean", "minimum", "maximum")]
        elif text:
            cells = [_number(text[key]) for key in ("mean_length", "minimum_length", "maximum_length")]
        about = "" if column["distinct_exact"] else "≈"
        table.add_row(
            escape(column["name"]),
            column["type"],
            _number(column["missing"]),
            about + _number(column["distinct"]),
            *cells,
        )
    out.print(table)
    for pair in metrics["correlations"][:5]:
        out.print(f"correlation {pair['correlation']:+.3f}  {escape(pair['column_a'])} · {escape(pair['column_b'])}")
    for match in screened.matches:
        kind = f" ({match.collapse_type})" if match.collapse_type else ""
        outcome = f", {match.historical_outcome}" if match.historical_outcome else ""
        out.print(f"signature {match.signature_id}{kind}: similarity {match.similarity:.2f}{outcome}")
    score = (
        "no pre-risk score." if screened.pre_risk_score is None else f"pre-risk score {screened.pre_risk_score} of 100."
    )
    out.print(f"{score} {screened.recommendation}")
