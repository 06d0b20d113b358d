from __future__ import annotations

from pathlib import Path

import pytest

from synthos_api.errors import UsageError
from synthos_operator.config import load

GOOD = "artifactsUri: s3://bucket/runs\ntrainer: {image: trainer:1}\n"


def test_a_minimal_file_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "operator.yaml"
    file.write_text(GOOD)
    config = load(file)
    assert config.trainer.image == "trainer:1"
    assert config.timing.progress_write_seconds == 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "document"),
        ("artifactsUri: s3://bucket/x", "trainer"),
        (GOOD + "workrs: 3\n", "workrs"),
        (GOOD.replace("s3://bucket/runs", "ftp://x"), "artifactsUri"),
        (GOOD + "timing: {resyncSeconds: 0}", "timing.resyncSeconds"),
        ("a: [", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "operator.yaml"
    file.write_text(content)
    with pytest.raises(UsageError) as caught:
        load(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.yaml"):
        load(tmp_path / "absent.yaml")


def test_the_documented_file_is_valid(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "operator.md").read_text(encoding="utf-8")
    file = tmp_path / "operator.yaml"
    file.write_text(text.rsplit("```yaml\n", 1)[1].split("```")[0])
    assert load(file).trainer.gpu_pool.runtime_class_name == "nvidia"
