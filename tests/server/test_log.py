"""The log has a line of JSON for what a host must know, and nothing about a visitor."""

import json
import logging
import sys

import pytest

from playground.server import log

SECRET = "what a visitor typed"


@pytest.fixture
def lines(capsys):
    log.logger.cache_clear()
    logging.getLogger("playground").handlers.clear()
    errors = logging.getLogger("streamlit.error_util")
    before = list(errors.handlers)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    logging.getLogger("playground").handlers.clear()
    errors.handlers[:] = before
    log.logger.cache_clear()


def test_the_start_is_told_once_with_the_limits(lines):
    log.started.cache_clear()
    log.started()
    log.started()
    [line] = lines()
    assert line["event"] == "start"
    assert line["limits"]["PLAYGROUND_EPOCHS"] > 0
    assert line["turns_at_once"] >= 1


def test_an_error_on_a_page_is_told_with_its_place_and_without_its_words(lines):
    log.logger()
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("streamlit.error_util").error("Uncaught app execution", exc_info=sys.exc_info())
    [line] = lines()
    assert (line["level"], line["error"], line["module"]) == ("error", "ValueError", __name__)
    assert SECRET not in json.dumps(line)


def test_a_long_wait_is_told_once_in_a_while(lines, monkeypatch):
    monkeypatch.setattr(log, "_last_told", -log.QUIET)
    for seconds in (0.1, 1.5, 2.5):
        log.waited(seconds)
    [line] = lines()
    assert (line["event"], line["waited_seconds"]) == ("saturated", 1.5)
