"""A host can lower or raise what one visitor may ask for, and gets a clear message if a limit makes no sense."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.settings.limits import LIMITS, PREFIX

ROOT = Path(__file__).parents[2]
KNOBS = (
    "from playground.training.experiment import KNOBS; from playground.topics.initialization.race import Race; "
    "from playground.topics.initialization import papers; "
)


def python(code, **limits):
    environment = os.environ | {PREFIX + name: str(value) for name, value in limits.items()}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_host_changes_a_limit_and_every_knob_follows():
    code = KNOBS + "print(KNOBS['epochs'].high, Race.knobs()['epochs'].high, KNOBS['hidden'].widest)"
    assert python(code, EPOCHS=700, WIDTH=48).stdout.split() == ["700", "700", "48"]


def test_the_app_opens_with_every_limit_at_its_lowest():
    lowest = {name: limit.lowest for name, limit in LIMITS.items()}
    code = KNOBS + (
        "from playground.topics.digits import splits; from playground.topics.batch_norm import sweep; "
        "from playground.topics.initialization import scheme_comparison; "
        "from playground.topics.forward_backward import training_step"
    )
    done = python(code, **lowest)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["", "many", "-1", "0", "1e9", "10**9", "99999999999", "7.5", " 64", "٦٤"])
def test_what_is_no_limit_is_told_at_the_start(text):
    done = python("import playground.settings.limits", WIDTH=text)
    assert "PLAYGROUND_WIDTH must be a whole number from 32 up" in done.stderr


def test_the_app_does_not_start_with_what_is_no_limit():
    done = python(KNOBS, WIDTH="many")
    assert done.returncode != 0
    assert "PLAYGROUND_WIDTH must be a whole number from 32 up" in done.stderr


def test_the_page_for_hosts_names_every_limit_with_its_default():
    hosting = (ROOT / ".github" / "HOSTING.md").read_text("utf-8")
    for limit in LIMITS.values():
        assert f"| `{PREFIX}{limit.name}` | {limit.default:,} | {limit.meaning} |" in hosting
