"""`synthos validate` from data to verdict, with a cascade of two very small models."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.results import VerdictDocument

from .conftest import COMMAND, Synthos, environment

CASCADE = """
tiers:
- {tier: 1, modelSize: 30000, variants: 2, trainingRows: 20000, batchSize: 8, gpus: 0, steps: 30, contextLength: 64}
"""
EXIT = {"clear": 0, "collapse": 3, "inconclusive": 4}


def written(path: Path, rows: int, words: int, seed: int) -> Path:
    """Rows of words of a made-up language: word frequencies follow Zipf's law over `words` words."""
    rng = np.random.default_rng(seed)
    letters = np.random.default_rng(0)
    lexicon = ["".join(letters.choice(list("abcdefghij"), letters.integers(2, 8))) for _ in range(words)]
    chance = 1 / np.arange(1, words + 1)
    texts = [" ".join(rng.choice(lexicon, 25, p=chance / chance.sum())) for _ in range(rows)]
    pq.write_table(pa.table({"text": pa.array(texts)}), path)
    return path


@pytest.fixture
def cascade(tmp_path: Path) -> Path:
    path = tmp_path / "cascade.yaml"
    path.write_text(CASCADE)
    return path


def test_a_narrowed_dataset_ends_in_a_verdict_with_both_documents(
    synthos: Synthos, tmp_path: Path, cascade: Path
) -> None:
    reference = written(tmp_path / "reference.parquet", 1500, 400, 1)
    candidate = written(tmp_path / "candidate.parquet", 700, 12, 2)
    args = (
        "validate",
        candidate,
        "--reference",
        reference,
        "--cascade",
        cascade,
        "--out",
        tmp_path / "out",
        "--seed",
        "3",
    )
    done = synthos(*args, "--json")
    verdict = VerdictDocument.model_validate(done.document)
    assert (verdict.verdict, done.code) == ("collapse", 3), done.err
    assert verdict.mode == "with_reference"
    assert json.loads((tmp_path / "out" / "verdict.json").read_bytes()) == done.document
    report = (tmp_path / "out" / "report.html").read_text()
    assert "<html" in report
    assert not [word for word in ("http://", "https://") if f'src="{word}' in report], "the report loads something"
    # Nothing is trained a second time, and the summary names the files.
    again = synthos(*args)
    assert (again.code, "done before" in again.err) == (3, True)
    assert again.out.startswith("COLLAPSE")
    assert str(tmp_path / "out" / "report.html") in again.out


def test_without_a_reference_never_clear(synthos: Synthos, tmp_path: Path, cascade: Path) -> None:
    candidate = written(tmp_path / "candidate.parquet", 700, 400, 2)
    done = synthos("validate", candidate, "--cascade", cascade, "--json")
    assert done.code in (3, 4), done.err
    assert (EXIT[done.document["verdict"]], done.document["mode"]) == (done.code, "no_reference")
    assert done.document["effect"]["excess_loss"] is None
    assert (tmp_path / "cwd" / "synthos-report" / "verdict.json").is_file()


def test_changed_data_are_not_answered_with_the_old_verdict(synthos: Synthos, tmp_path: Path, cascade: Path) -> None:
    candidate = written(tmp_path / "candidate.parquet", 700, 400, 2)
    assert synthos("validate", candidate, "--cascade", cascade).code in (3, 4)
    candidate.write_bytes(b"PAR1 and nothing else")
    done = synthos("validate", candidate, "--cascade", cascade, "--json")
    assert (done.code, done.document["error"]["code"]) == (1, 1005)


def test_too_little_data_and_odd_options(synthos: Synthos, tmp_path: Path, cascade: Path) -> None:
    candidate = written(tmp_path / "small.parquet", 3, 400, 2)
    done = synthos("validate", candidate, "--cascade", cascade, "--json")
    assert (done.code, done.document["error"]["code"]) == (1, 1008)
    assert str(candidate) in done.document["error"]["message"]
    (tmp_path / "file").touch()
    assert synthos("validate", candidate, "--cascade", cascade, "--out", tmp_path / "file").code == 2
    (tmp_path / "bad.yaml").write_text("preset: huge\n")
    assert synthos("validate", candidate, "--cascade", tmp_path / "bad.yaml").code == 2
    assert synthos("validate", candidate, "--reference", tmp_path / "none", "--cascade", cascade).code == 1


def test_ctrl_c_ends_with_130_and_the_next_call_continues(synthos: Synthos, tmp_path: Path) -> None:
    candidate = written(tmp_path / "candidate.parquet", 700, 400, 2)
    cascade = tmp_path / "long.yaml"
    cascade.write_text(CASCADE.replace("steps: 30", "steps: 100000"))
    command = [
        *COMMAND,
        "validate",
        str(candidate),
        "--thorough",
        "--cascade",
        str(cascade),
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "variant 1" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "synthos: interrupted"
    assert list((tmp_path / "out").rglob("checkpoint.json")), "nothing to continue from"
    assert "Traceback" not in err
