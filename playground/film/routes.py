"""Films over HTTP: a segment's address says all that it depends on, so it never changes, and any cache may keep it."""

import hashlib
import threading
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..settings.limits import EPOCHS, FILMS
from ..training.budget import affordable
from ..training.experiment import Experiment
from .studio import STUDIO, Busy, version

VERSION = "version"  # parameter of the address, with that of the code
FOREVER = "public, max-age=31536000, immutable"
LATER = 1  # seconds after which to ask again where too much is asked for


class Refused(Exception):
    """An address that has no segment.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, sentence: str, status: int = 400):
        super().__init__(sentence)
        self.status = status


async def film(request: Request) -> Response:
    """A segment: `/film/3?query` is number 3, `/film/epoch/7?query` the mini-batches after epoch 7."""
    try:
        experiment = asked(request.query_params)
        place = request.path_params["place"]
        if place > EPOCHS:
            raise Refused(f"A film has not more than {EPOCHS:,} epochs.")
        make = STUDIO.batches if request.url.path.rpartition("/")[0].endswith("epoch") else STUDIO.segment
        segment = await make(experiment, place)
    except Refused as refusal:
        return PlainTextResponse(str(refusal), refusal.status, {"Cache-Control": "no-store"})
    except Busy:
        return PlainTextResponse(
            "Too many ask for films just now.", 503, {"Retry-After": str(LATER), "Cache-Control": "no-store"}
        )
    tag = f'"{hashlib.sha256(segment).hexdigest()[:20]}"'
    headers = {"Cache-Control": FOREVER, "ETag": tag, "Content-Encoding": "gzip"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(segment, media_type="application/octet-stream", headers=headers)


def asked(query: Mapping[str, str]) -> Experiment:
    """The experiment that an address describes.

    Raises:
        Refused: where it is of another version of the code, or not exactly an experiment.
    """
    knobs = dict(query)
    if knobs.pop(VERSION, "") != version():
        raise Refused("The playground has been renewed since this page was opened: please load the page again.", 409)
    experiment, notices = Experiment.from_query(knobs)
    if notices:
        raise Refused("No film has this address. " + " ".join(notices))
    return affordable(experiment)[0]


_served = threading.Event()


def routes() -> list[Route]:
    """The routes of a server, which from now on serves films, unless its host doesn't want that."""
    if not FILMS:
        return []
    _served.set()
    return [Route("/film/{place:int}", film), Route("/film/epoch/{place:int}", film)]


def served() -> bool:
    """Whether this process serves films: not where a host runs the script of the pages alone."""
    return _served.is_set()
