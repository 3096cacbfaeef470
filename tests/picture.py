"""The README's picture: the playground when its network has learnt two spirals, in a browser, as a PNG.

    python -m tests.picture [file]

Needs Chromium, and Linux. The experiment below gives the same network each time; which moments of it the curves show
depends on how fast the machine is.
"""

import argparse
import io
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, expect

from playground.training.experiment import Experiment
from tests.load.server import Server
from tests.visitors import ROOT, Tab, browser_path, launched

FILE = ROOT / ".github" / "playground.png"
SCREEN = {"width": 1440, "height": 1185}  # down to the last chart, and between two lines of the sidebar
SCALE = 1.5  # dots of the picture a dot of the page
COLORS = 256
LARGEST = 300_000  # bytes
PATIENCE = 180  # seconds for the training
EXPERIMENT = Experiment(
    dataset="spirals", noise=0.05, hidden=(12, 12, 12), activation="tanh", initializer="glorot_normal",
    optimizer="adam", learning_rate=0.01, epochs=200,
)  # fmt: skip

# Resolves once all fonts are there and the page has not changed for half a second.
SETTLED = """async () => {
  await document.fonts.ready;
  await new Promise(resolve => {
    let timer = setTimeout(resolve, 500);
    new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(resolve, 500); })
      .observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  });
}"""


def train(page: Page) -> None:
    """Play to the last epoch at the highest speed, point at nothing, and wait until all is drawn."""
    tab = Tab(page)
    page.get_by_label("Speed").select_option("Fastest")
    tab.settle().press("Play")
    expect(tab.timeline).to_contain_text(f"Epoch {EXPERIMENT.epochs} of", timeout=1000 * PATIENCE)
    tab.settle()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(SCREEN["width"] - 1, 1)
    page.evaluate(SETTLED)


def photograph() -> Image.Image:
    """The page with the trained network."""
    path = browser_path()
    assert path, "there is no Chromium"
    with Server(films=True) as server, launched(path) as browser:
        page = browser.new_context(viewport=SCREEN, device_scale_factor=SCALE, color_scheme="light").new_page()
        page.goto(f"http://{server.host}:{server.port}/?{urlencode(EXPERIMENT.to_query())}")
        train(page)
        picture = page.screenshot()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=FILE)
    file = parser.parse_args().file
    picture = photograph().quantize(COLORS, dither=Image.Dither.NONE)
    picture.save(file, optimize=True)
    size = file.stat().st_size
    print(f"{file}: {picture.width} x {picture.height}, {size / 1000:.0f} kB")
    assert size < LARGEST, f"more than {LARGEST / 1000:.0f} kB"


if __name__ == "__main__":
    main()
