"""Commands, outputs and exit codes of `synthos` (design: exit 2 for usage, 1 for every other error)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ..data.tables import people, write_csv, write_parquet
from .conftest import Synthos

RUN = """
apiVersion: synthos.dev/v1alpha1
kind: ValidationRun
metadata: {name: a}
spec:
  dataset: {uri: s3://bucket/a.parquet}
  budget: {maxCostUSD: 10, gpuHourUSD: 2}
  cascade:
    tiers:
    - {tier: 1, modelSize: 1000000000, variants: 2, trainingRows: 1000, batchSize: 10, gpus: 4, contextLength: 1000}
"""


def test_help_and_version(synthos: Synthos) -> None:
    assert synthos("--version").out.startswith("synthos ")
    shown = synthos("--help").out
    for command in ("inspect", "profile", "sample", "validate", "plan"):
        assert command in shown
        assert synthos(command, "--help").code == 0


def test_no_command_but_validate_loads_pytorch(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", people(20))
    code = (
        "import sys\nfrom synthos_engine.cli import main\n"
        "try: main.main()\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'matplotlib'} | ({'pyarrow', 'pandas', 'boto3'} if '--help' in sys.argv else set())\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    for args in (["--help"], ["inspect", str(path)], ["profile", str(path)]):
        done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("bogus",),
        ("inspect",),
        ("inspect", "a", "b"),
        ("inspect", "a", "--bogus"),
        ("sample", "a", "--out", "x"),
        ("sample", "a", "--rows", "0", "--out", "x"),
        ("sample", "a", "--rows", "many", "--out", "x"),
        ("profile", "a", "--seed", "-1"),
        ("profile", "a", "--workers", "0"),
        ("profile", "a", "--modality", "image"),
        ("profile", "a", "--workers", "2", "--dask", "tcp://127.0.0.1:9"),
        ("validate", "a", "--cascade", "no-such-preset"),
    ],
)
def test_wrong_usage_exits_2(synthos: Synthos, tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "cwd" / "a").write_text("x,y\n1,2\n")
    done = synthos(*args)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_bad_data_exits_1_with_one_line_and_the_error_document(synthos: Synthos, tmp_path: Path, command: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n3\n")
    args = [command, path]
    done = synthos(*args)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1] == f"synthos: error 1005: {path}, row 1: 1 fields where the header has 2"
    told = synthos(*args, "--json")
    assert told.code == 1
    assert told.document == {
        "error": {
            "code": 1005,
            "message": f"{path}, row 1: 1 fields where the header has 2",
            "details": "",
            "retryable": False,
            "retry_after_seconds": 0,
        }
    }


def test_every_kind_of_bad_dataset_has_its_code(synthos: Synthos, tmp_path: Path) -> None:
    cases = {
        "none.csv": (None, 1001),
        "prose.txt": ("Words.\n", 1003),
        "empty.csv": ("", 1004),
        "header.csv": ("a,b\n", 1004),
    }
    for name, (content, code) in cases.items():
        if content is not None:
            (tmp_path / name).write_text(content)
        done = synthos("inspect", tmp_path / name, "--json")
        assert (done.code, done.document["error"]["code"]) == (1, code), name
        assert str(tmp_path / name) in done.document["error"]["message"]
    done = synthos(
        "inspect",
        "s3://b/k",
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
        AWS_MAX_ATTEMPTS="1",
    )
    assert (done.code, "error 3002" in done.err) == (1, True)


def test_inspect(synthos: Synthos, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", people(100))
    done = synthos("inspect", path, "--json")
    assert done.code == 0
    assert done.document["format"] == "CSV"
    assert done.document["total_rows"] == 100
    assert done.document["columns"][2] == {"name": "height", "type": "double"}
    assert done.document["size_bytes"] == path.stat().st_size
    assert done.document["estimated_memory_mb"] > 0
    text = synthos("inspect", path)
    assert "100 rows" in text.out
    assert "height" in text.out


def test_profile(synthos: Synthos, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", 4 * people(100))
    done = synthos("profile", path, "--json")
    assert done.code == 0
    assert done.document["profile"]["duplicate_row_percentage"] == 75.0
    screened = done.document["pre_screen"]
    matches = {match["signature_id"]: match for match in screened["matches"]}
    assert matches["table-duplicated-01"]["similarity"] > 0.5
    assert "cases" in matches["table-duplicated-01"]["historical_outcome"]
    assert screened["should_proceed"]
    assert done.document["columns"][0]["distinct"] == 100
    assert done.document["profile"]["modality"] == "table"
    assert done.document["profile"]["fingerprint"]["missing_share"] == pytest.approx(0.028)
    assert done.document["details"]["row_blocks"] == 1
    text = synthos("profile", path)
    assert "table-duplicated-01" in text.out
    assert f"pre-risk score {screened['pre_risk_score']} of 100" in text.out
    assert "reading" in text.err


def test_profile_by_processes_and_of_a_given_modality(synthos: Synthos, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", people(100))
    one, two = (synthos("profile", path, "--json", "--workers", workers) for workers in ("1", "2"))
    assert one.document == two.document
    given = synthos("profile", path, "--json", "--modality", "text").document["profile"]
    assert given["modality"] == "text"
    assert given["measured_text_bytes"] > 0


def test_sample(synthos: Synthos, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "people.parquet", people(1000))
    out = tmp_path / "new folder" / "sample.parquet"
    done = synthos("sample", path, "--rows", "50", "--out", out, "--seed", "4", "--json")
    assert (done.code, done.document["rows"], done.document["total_rows"]) == (0, 50, 1000)
    table = pq.read_table(out)
    assert (table.num_rows, table.schema.names[0]) == (50, "__row__")
    strata = done.document["strata_table"]
    assert len(strata) == min(64, done.document["strata_count"])
    assert list(strata[0]) == ["stratum", "description", "rows", "sampled", "weight", "rate"]
    assert sum(done.document["strata"]) == 1000
    first = out.read_bytes()
    text = synthos("sample", path, "--rows", "50", "--out", out, "--seed", "4")
    assert (text.code, "sampling confidence" in text.out, "cluster 0" in text.out) == (0, True, True)
    assert out.read_bytes() == first
    assert synthos("sample", path, "--rows", "50", "--out", tmp_path).code == 2
    again = synthos("sample", out, "--rows", "10", "--out", tmp_path / "again.parquet", "--json")
    assert again.document["rows"] == 10
    assert pq.read_table(tmp_path / "again.parquet").schema.names.count("__row__") == 1


def test_a_sample_never_replaces_its_dataset(synthos: Synthos, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "people.parquet", people(1000))
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(path)
    for out in (path, tmp_path / "link", path.as_uri()):
        done = synthos("sample", path, "--rows", "50", "--out", out)
        assert (done.code, "the dataset itself" in done.err) == (2, True)
    assert path.read_bytes() == before


def test_a_plan_without_models_costs_nothing(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(RUN.replace("  dataset:", "  through: Profile\n  dataset:"))
    plan = synthos("plan", path, "--json").document
    assert (plan["tiers"], plan["total"]["cost_usd"], plan["deadline"]["within"]) == ([], 0, True)
    path.write_text(RUN.replace("gpus: 4", "gpus: 0"))
    plan = synthos("plan", path, "--json").document
    assert (plan["total"]["gpu_hours"], plan["total"]["wall_hours"], plan["deadline"]["within"]) == (0, None, None)
    assert any("CPUs" in line for line in plan["assumptions"])
    assert synthos("plan", path).code == 0


def test_plan(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(RUN)
    plan = synthos("plan", path, "--json").document
    tier = plan["tiers"][0]
    # 6 × 1e9 parameters × (100 steps × 10 sequences × 1000 tokens) × 2 models, at 40 % of 989 TFLOP/s.
    assert tier["flops"] == 6 * 1e9 * 1e6 * 2
    assert tier["gpu_hours"] == pytest.approx(1.2e16 / (0.4 * 989e12) / 3600, abs=1e-6)
    assert tier["wall_hours"] == pytest.approx(tier["gpu_hours"] / 4, abs=1e-6)
    assert plan["total"]["cost_usd"] == pytest.approx(2 * tier["gpu_hours"], abs=0.01)
    assert plan["budget"] == {"max_cost_usd": 10.0, "within": True}
    assert any("assumed, not measured" in line for line in plan["assumptions"])
    path.write_text(RUN.replace("  dataset:", "  reference: {uri: s3://bucket/b}\n  dataset:"))
    assert synthos("plan", path, "--json").document["total"]["flops"] == 2 * tier["flops"]
    assert "USD" in synthos("plan", path).out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kind: Pod\n", "is no ValidationRun"),
        ("a: [1\n", "is no YAML at line"),
        (RUN.replace("variants: 2", "variants: 0"), "tiers.0.variants"),
        (RUN.replace("tiers:", "preset: nano\n    tiers:"), "either preset or tiers"),
        (RUN.replace("budget:", "bugdet:"), "bugdet"),
        (RUN.replace("s3://bucket/a.parquet", "ftp://x"), "spec.dataset.uri"),
    ],
)
def test_a_plan_of_something_else_is_wrong_usage(synthos: Synthos, tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(content)
    done = synthos("plan", path)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert str(path) in done.err
