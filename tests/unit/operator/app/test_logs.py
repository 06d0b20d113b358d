from __future__ import annotations

import json
import logging

from synthos_operator.app.logs import JsonFormatter


def test_a_line_is_one_json_object_with_its_extras() -> None:
    logger = logging.getLogger("test")
    record = logger.makeRecord("test", logging.INFO, "f", 1, "hello %s", ("you",), None, extra={"run": "ns/demo"})
    entry = json.loads(JsonFormatter().format(record))
    assert (entry["message"], entry["level"], entry["run"]) == ("hello you", "info", "ns/demo")


def test_a_traceback_stays_on_the_line() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.getLogger("test").makeRecord("test", logging.ERROR, "f", 1, "broken", (), info)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: no" in json.loads(line)["exception"]
