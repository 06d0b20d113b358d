"""Codes, categories and faces of errors."""

from __future__ import annotations

import inspect

import pytest

from synthos_api import errors


def every_error() -> list[type[errors.SynthosError]]:
    found = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.SynthosError)]
    return [c for c in found if c is not errors.SynthosError]


def test_codes_are_unique() -> None:
    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("error", every_error(), ids=lambda e: e.__name__)
def test_retryable_follows_the_category(error: type[errors.SynthosError]) -> None:
    """The wire contract: 2000 to 4999 may be retried and say after how long, the others may not."""
    info = errors.to_info(error("why"))
    assert info.retryable is (2000 <= error.code <= 4999)
    assert (info.retry_after_seconds > 0) is info.retryable


@pytest.mark.parametrize("error", every_error(), ids=lambda e: e.__name__)
def test_the_pod_exit_code_keeps_the_category(error: type[errors.SynthosError]) -> None:
    info = errors.to_info(error("why"))
    back = errors.from_pod_exit(errors.pod_exit_code(info), "why")
    assert back.code // 1000 == info.code // 1000


def test_the_place_is_in_the_message_and_the_first_place_wins() -> None:
    error = errors.CorruptData("not JSON").at("a.jsonl", row=3).at("other", row=9, byte=12)
    assert str(error) == "a.jsonl, row 3, byte 12: not JSON"


def test_the_text_of_an_unexpected_exception_is_not_told() -> None:
    info = errors.to_info(RuntimeError("secret-value"))
    assert (info.code, info.message) == (5000, "unexpected RuntimeError")


def test_a_killed_pod_lacked_a_resource_but_not_surely_memory() -> None:
    info = errors.from_pod_exit(137, "killed", details="pod x")
    assert (info.code, info.retryable, info.details) == (errors.ResourceError.code, True, "pod x")
