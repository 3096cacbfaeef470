"""The addresses of films: exact ones have a segment for ever, others a sentence."""

from urllib.parse import urlencode

import pytest
from runs import finish
from starlette.requests import Request

from playground.film import routes
from playground.film.packing import unpack
from playground.film.routes import VERSION, film
from playground.film.studio import Busy, version
from playground.training.experiment import Experiment


def get(place=0, path="/film/0", tag=None, **query):
    """The answer to a request."""
    headers = [(b"if-none-match", tag.encode())] if tag else []
    scope = {
        "type": "http", "method": "GET", "path": path, "headers": headers, "path_params": {"place": place},
        "query_string": urlencode({VERSION: version()} | query).encode(), "server": ("test", 80), "scheme": "http",
    }  # fmt: skip
    return finish(film(Request(scope)))


def test_a_segment_may_be_kept_for_ever():
    answer = get()
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    _, arrays = unpack(answer.body)
    assert arrays["step"][0] == 0
    again = get(tag=answer.headers["etag"])
    assert (again.status_code, again.body) == (304, b"")


def test_an_address_is_the_experiment_as_in_a_link():
    experiment = Experiment(dataset="moons", hidden=(3,), epochs=7)
    one = get(**experiment.to_query())
    assert one.body == get(dataset="moons", hidden="3", epochs="7").body
    assert one.body != get().body


def test_the_mini_batches_of_an_epoch_have_an_address():
    _, arrays = unpack(get(3, "/film/epoch/3").body)
    assert arrays["epoch"][0] > 3
    assert arrays["epoch"][-1] == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"learning_rate": "fast"}, "Learning rate"),
        ({"learning_rate": "99"}, "Learning rate"),
        ({"nonsense": "1"}, "nonsense"),
        ({"hidden": "9" * 50}, "Hidden layers"),
        ({"changes": "5.learning_rate.x"}, "Changes"),
    ],
)
def test_a_malformed_address_gets_a_sentence(query, words):
    answer = get(**query)
    assert answer.status_code == 400
    assert words in answer.body.decode()
    assert answer.headers["cache-control"] == "no-store"


def test_a_place_beyond_all_films_gets_a_sentence():
    assert get(10**9).status_code == 400


def test_a_page_of_an_older_version_is_told_to_load_again():
    answer = get(**{VERSION: "older"})
    assert answer.status_code == 409
    assert "load the page again" in answer.body.decode()


def test_too_many_are_told_when_to_come_again(monkeypatch):
    async def busy(*_):
        raise Busy

    monkeypatch.setattr(routes.STUDIO, "segment", busy)
    answer = get()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
