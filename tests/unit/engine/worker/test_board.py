"""The board shows the latest progress, never a smaller percent, never more bytes than allowed."""

from __future__ import annotations

from synthos_api.errors import DatasetNotFound, to_info
from synthos_api.progress import MAX_PROGRESS_BYTES, Progress
from synthos_api.results import ModelResult
from synthos_engine.worker.server import ProgressBoard


def shown(board: ProgressBoard) -> Progress:
    return Progress.model_validate_json(board.as_json())


def test_percent_never_goes_back() -> None:
    board = ProgressBoard(Progress(phase="Cascade", tier=1))
    for percent in (10, 5, 20):
        board.report(Progress(phase="Cascade", tier=1, percent=percent, step=f"at {percent}"))
    assert (shown(board).percent, shown(board).step) == (20, "at 20")
    board.report(Progress(phase="Cascade", percent=3))
    assert shown(board).percent == 20


def test_an_error_is_shown() -> None:
    board = ProgressBoard(Progress(phase="Profile"))
    board.fail(to_info(DatasetNotFound("does not exist").at("x.csv")))
    error = shown(board).error
    assert error is not None
    assert error.code == 1001


def test_many_models_stay_within_the_limit() -> None:
    curve = [1 / 3 + i for i in range(64)]
    models = [
        ModelResult(tier=1, variant=i + 1, model_size=1, loss_curve=curve, reference_loss_curve=curve)
        for i in range(64)
    ]
    board = ProgressBoard(Progress(phase="Cascade", results=models))
    assert len(board.as_json()) <= MAX_PROGRESS_BYTES
    assert len(shown(board).results) == 64
