"""A file in `pages/` that does not say what it is fails with a sentence that names it."""

import pytest

from playground.ui import navigation

GOOD = 'PAGE = {"title": "A", "icon": ":material/home:", "position": 1}\n'


@pytest.fixture
def write(tmp_path, monkeypatch):
    """write("a", text) makes a page of a folder that has no others."""
    monkeypatch.setattr(navigation, "PAGES", tmp_path)
    return lambda name, text: (tmp_path / f"{name}.py").write_text(text, "utf-8")


def test_pages_come_in_the_order_of_their_positions(write):
    write("second", GOOD.replace('"A"', '"B"').replace("1}", "2}"))
    write("first", GOOD)
    assert [page["title"] for _, page in navigation.described()] == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "b.py has no constant PAGE"),
        (
            'PAGE = {"title": "B", "position": 2}',
            "PAGE in b.py must have title, icon and position, not title, position",
        ),
        (GOOD, "a.py and b.py have the same position, 1|b.py and a.py have the same position, 1"),
    ],
)
def test_what_a_page_lacks_is_said(write, text, message):
    write("a", GOOD)
    write("b", text)
    with pytest.raises(ValueError, match=message):
        navigation.described()
