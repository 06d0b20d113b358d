"""The profile phase from inputs to artifacts, in a folder and on S3; and that a finished phase is not run again."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import DatasetNotFound, SchemaMismatch, UsageError
from synthos_api.phases import PROFILE_RESULT, REFERENCE_SAMPLE, SAMPLE, PhaseConfig
from synthos_api.presets import NANO
from synthos_api.progress import Progress
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.context import PhaseContext, Preempted
from synthos_engine.data import DatasetLoader
from synthos_engine.data.artifacts import config_digest, read_extra, read_outcome
from synthos_engine.data.store import open_store
from synthos_engine.pipeline import run_phase

from .data.tables import people, write_csv, write_jsonl, write_parquet

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def config(dataset: Path | str, reference: Path | str | None, artifacts: str, **more: Any) -> PhaseConfig:
    return PhaseConfig(
        phase="Profile",
        run="test/run",
        dataset=DatasetRef(uri=str(dataset)),
        reference=DatasetRef(uri=str(reference)) if reference else None,
        artifacts_uri=artifacts,
        sample_rows=200,
        tiers=NANO,
    ).model_copy(update=more)


def run(config: PhaseConfig, seen: list[Progress] | None = None, stop: threading.Event | None = None) -> Any:
    report = seen.append if seen is not None else lambda _: None
    context = PhaseContext(config, open_store(config.artifacts_uri), report=report, stop=stop or threading.Event())
    return run_phase(context)


def test_profile_writes_samples_and_result(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "candidate.csv", people(1500))
    reference = write_jsonl(tmp_path / "reference.jsonl", people(100))
    seen: list[Progress] = []
    outcome = run(config(dataset, reference, str(tmp_path / "out")), seen)
    profile = outcome.profile
    assert (profile.total_rows, profile.sample_rows, profile.columns) == (1500, 200, 5)
    assert outcome.pre_screen.should_proceed
    artifact = (tmp_path / "out" / PROFILE_RESULT).read_bytes()
    assert outcome.sha256 == hashlib.sha256(artifact).hexdigest()
    assert outcome.result_uri == str(tmp_path / "out" / PROFILE_RESULT)
    chunks = {
        name: list(DatasetLoader().stream_chunks(str(tmp_path / "out" / name))) for name in (SAMPLE, REFERENCE_SAMPLE)
    }
    rows = [row for chunk in chunks[SAMPLE] for row in chunk.to_pylist()]
    original = people(1500)
    assert len(rows) == 200
    added = ["__row__", "__weight__", "__rank__", "__stratum__"]
    assert all(list(row)[:4] == added for row in rows)
    assert all({name: row[name] for name in list(row)[4:]} == original[row["__row__"]] for row in rows)
    assert sum(row["__weight__"] for row in rows) == pytest.approx(1500)
    assert [row["__row__"] for chunk in chunks[REFERENCE_SAMPLE] for row in chunk.to_pylist()] == list(range(100))
    assert chunks[SAMPLE][0].schema == chunks[REFERENCE_SAMPLE][0].schema
    percents = [progress.percent for progress in seen]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    extra = read_extra(open_store(str(tmp_path / "out")), PROFILE_RESULT)
    assert [column["name"] for column in extra["columns"]] == ["id", "name", "height", "member", "code"]
    assert extra["reference"]["profile"]["total_rows"] == 100


def test_a_finished_phase_answers_without_its_inputs(tmp_path: Path) -> None:
    dataset = write_parquet(tmp_path / "candidate.parquet", people(300))
    first = config(dataset, None, str(tmp_path / "out"))
    outcome = run(first)
    dataset.unlink()
    assert run(first.model_copy(update={"attempt": 2})) == outcome
    assert read_outcome(open_store(str(tmp_path / "out")), PROFILE_RESULT) == outcome
    with pytest.raises(DatasetNotFound):
        run(first.model_copy(update={"seed": 5}))
    damaged = tmp_path / "out" / PROFILE_RESULT
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(DatasetNotFound):
        run(first)


def test_the_same_on_s3(tmp_path: Path, s3: S3Client, bucket: str) -> None:
    s3.upload_file(str(write_csv(tmp_path / "c.csv", people(700))), bucket, "in/c.csv")
    base = f"s3://{bucket}/runs/1"
    outcome = run(config(f"s3://{bucket}/in/c.csv", f"s3://{bucket}/in/c.csv", base))
    assert outcome.profile.sample_uri == f"{base}/{SAMPLE}"
    body = s3.get_object(Bucket=bucket, Key=f"runs/1/{PROFILE_RESULT}")["Body"].read()
    assert hashlib.sha256(body).hexdigest() == outcome.sha256
    local = run(config(tmp_path / "c.csv", None, str(tmp_path / "out")))
    assert outcome.profile.metrics == local.profile.metrics
    assert json.loads(body)["config_digest"] == config_digest(
        config(f"s3://{bucket}/in/c.csv", f"s3://{bucket}/in/c.csv", base)
    )


def test_the_reference_is_looked_at_before_the_work_begins(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "c.csv", people(50))
    with pytest.raises(DatasetNotFound, match="no-reference"):
        run(config(dataset, tmp_path / "no-reference.csv", str(tmp_path / "out")))
    (tmp_path / "other.csv").write_text("id,name\n1,2\n")
    with pytest.raises(SchemaMismatch, match=r"other\.csv: .*lacks 'height', 'member', 'code'"):
        run(config(dataset, tmp_path / "other.csv", str(tmp_path / "out")))
    assert not list((tmp_path / "out").rglob("*.json"))


def test_stop_and_wrong_tiers(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "c.csv", people(50))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Preempted):
        run(config(dataset, None, str(tmp_path / "out")), stop=stop)
    for tier in (None, 2):
        with pytest.raises(UsageError):
            run(config(dataset, None, str(tmp_path / "out"), phase="Cascade", tier=tier, tiers=NANO[:1]))


def test_narrow_floats_are_the_reference_they_are_a_copy_of(tmp_path: Path) -> None:
    """float32 against text: the same numbers must be the same text, or the digits are what models learn."""
    values = [round(0.1 * i, 1) for i in range(300)]
    pq.write_table(pa.table({"x": pa.array(values, pa.float32()), "y": values}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("x,y\n" + "".join(f"{v},{v}\n" for v in values))
    run(config(tmp_path / "a.parquet", tmp_path / "b.csv", str(tmp_path / "out"), sample_rows=300))
    ours, theirs = (pq.read_table(tmp_path / "out" / name) for name in (SAMPLE, REFERENCE_SAMPLE))
    assert ours["x"].to_pylist() == theirs["x"].to_pylist() == values


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architecture": "temporal_eigenstate"}, "not available yet"),
        ({"tiers": (NANO[0].model_copy(update={"nodes": 2}),)}, "trains on one"),
        ({"tiers": (NANO[0].model_copy(update={"model_size": 7_000_000}),)}, "no model of about 7000000"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_any_work(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(config(tmp_path / "not even looked for", None, str(tmp_path / "out"), **change))


def test_a_retry_with_a_smaller_micro_batch_is_the_same_configuration() -> None:
    first = config("/a", None, "/out")
    assert config_digest(first) == config_digest(first.model_copy(update={"attempt": 2, "micro_batch_divisor": 2}))
    assert config_digest(first) != config_digest(first.model_copy(update={"seed": 1}))
