"""What is typed into a field for a number is read as it is meant, or asked back."""

import pytest

from playground.ui.fields import read_number


def read(text, **more):
    return read_number(text, -1e9, 1e9, **more)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25), (" 1/4 ", 0.25), ("0,25", 0.25), ("-2e-3", -0.002), ("\u22122", -2), ("1000", 1000),
        ("0,125", 0.125), ("12,5", 12.5), ("1,25", 1.25), ("1,0000", 1.0), ("1234,567", 1234.567),
    ],
)  # fmt: skip
def test_a_number_is_read_with_a_point_or_a_comma(text, value):
    assert read(text) == read(text, percent=True) == value


@pytest.mark.parametrize("text", ["25%", "25 %", "25,0%", "50/2 %"])
def test_percent_is_what_the_question_asks_for(text):
    assert read(text) == 0.25
    assert read(text, percent=True) == 25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,000", "Is the comma in 1,000 one of thousands? Type 1000 or, with a decimal point, 1.0."),
        ("-12,250", "Is the comma in 12,250 one of thousands? Type 12250 or, with a decimal point, 12.25."),
        ("1/1,000", "Is the comma in 1,000 one of thousands?"), ("1,234,567", "Type 1234567."),
        ("1,250%", "Is the comma in 1,250 one of thousands?"),
    ],
)  # fmt: skip
def test_a_comma_that_may_be_one_of_thousands_is_asked_back(text, words):
    with pytest.raises(ValueError) as refused:
        read(text)
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["", "abc", "%", "25%%", "nan", "1e999", "1/0", "1.000,5", "--1"])
def test_what_is_no_number_is_told_with_what_is_expected(text):
    with pytest.raises(ValueError, match=r"Type a number.* such as 0\.25, -2e-3, 1/3 or 25%\."):
        read(text)
    with pytest.raises(ValueError, match=r"Type a number.* in percent, such as 25 or 25%\."):
        read(text, percent=True)
