"""Files that were taken home, run where nothing of this project can be imported."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_fresh(text: str, folder: Path) -> list[str]:
    """What a script prints in a fresh process that has only NumPy and scikit-learn."""
    file = folder / "taken_home.py"
    file.write_text(text, "utf-8")
    elsewhere = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-W", "error", str(file)],
        cwd=folder, env=elsewhere, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def run_here(text: str) -> list[str]:
    """What a script prints, in this process: a hundredth of the time of a fresh one."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(text, "taken_home.py", "exec"), {"__name__": "__main__"})
    return printed.getvalue().splitlines()


def code_cells(text: str) -> list[str]:
    """The code of a notebook, cell by cell."""
    return [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def ruff(text: str, name: str = "taken_home.py") -> str:
    """What ruff says about a script, by this project's rules, and whether it would format it differently."""
    arguments = ["--config", str(ROOT / ".ruff.toml"), "--no-cache", "--stdin-filename", name, "-"]
    said = []
    for command in (["check", "--quiet"], ["format", "--diff", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *arguments],
            input=text, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        said.append(done.stdout + done.stderr)
    return "".join(said)


def run_fresh_each(texts: list[str], folder: Path) -> list[list[str]]:
    """What each of the scripts prints, all in one fresh process; no name of one is known to another."""
    end = "-" * 20
    runner = f"for text in {texts!r}:\n    exec(compile(text, 'taken_home', 'exec'), {{'__name__': '__main__'}})\n"
    printed = "\n".join(run_fresh(f"{runner}    print({end!r})\n", folder))
    return [part.strip().splitlines() for part in printed.split(end)[:-1]]
