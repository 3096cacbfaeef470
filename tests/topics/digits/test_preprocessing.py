"""A picture is prepared like the data's digits: drawn at any place, and at any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from readers import DIGITS, TEST, accuracy

from playground.topics.digits.preprocessing import bitmap_of, centred, counts, normalised

bitmaps = arrays(bool, (32, 32))


def moved(bitmap, seed):
    """The digit of a bitmap smaller, wider or narrower, and somewhere else."""
    rng = np.random.default_rng(seed)
    rows, columns = (np.flatnonzero(bitmap.any(axis=axis)) for axis in (1, 0))
    digit = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height = int(32 * rng.uniform(0.35, 0.9))
    width = min(32, int(digit.shape[1] * height / 32 * rng.uniform(0.8, 1.25)))
    small = np.asarray(Image.fromarray(digit.astype(np.float32)).resize((width, height), Image.Resampling.BOX)) >= 0.4
    top, left = rng.integers(0, 33 - height), rng.integers(0, 33 - width)
    return np.pad(small, ((top, 32 - height - top), (left, 32 - width - left)))


# Counts and bitmaps


def test_a_pixel_is_the_number_of_set_ones_in_its_block():
    bitmap = np.zeros((32, 32), bool)
    bitmap[4:8, 12:16] = True
    bitmap[31, 30] = True
    expected = np.zeros((8, 8))
    expected[1, 3], expected[7, 7] = 16, 1
    assert np.array_equal(counts(bitmap), expected)


@given(arrays(np.int64, (8, 8), elements=st.integers(0, 16)))
def test_a_bitmap_has_the_counts_it_was_made_for(pixels):
    assert np.array_equal(counts(bitmap_of(pixels)), pixels)


def test_every_digit_of_the_data_has_a_bitmap():
    assert all(np.array_equal(counts(bitmap_of(image)), image) for image in DIGITS.images)


# Drawings


@given(bitmaps)
@settings(max_examples=100, deadline=None)
def test_any_drawing_gives_an_image_and_only_an_empty_one_an_empty_one(bitmap):
    pixels = centred(bitmap)
    assert pixels.shape == (8, 8)
    assert ((pixels >= 0) & (pixels <= 16)).all()
    assert pixels.any() == bitmap.any()
    if bitmap.any():
        assert 261 <= pixels.sum() <= 368


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 31), (31, 0), (31, 31), (15, 16)])
def test_a_single_dot_is_a_drawing(row, column):
    bitmap = np.zeros((32, 32), bool)
    bitmap[row, column] = True
    assert centred(bitmap).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 300)])
def test_a_drawing_of_any_shape_fits(shape):
    assert normalised(np.ones(shape)).shape == (32, 32)


def test_a_digit_fills_all_rows_and_stands_in_the_middle():
    bitmaps = [normalised(moved(bitmap_of(image), seed)) for seed, image in enumerate(DIGITS.images[:200])]
    assert all(bitmap[:2].any() and bitmap[-2:].any() for bitmap in bitmaps)
    means = [np.nonzero(bitmap)[1].mean() + 0.5 for bitmap in bitmaps]
    assert np.mean(means) == pytest.approx(16.3, abs=0.5)
    assert np.std(means) < 1


@given(st.integers(0, 20), st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_the_place_of_a_drawing_does_not_matter(down, right):
    small = bitmap_of(DIGITS.images[5])[::3, ::3]
    bitmap = np.zeros((32, 32), bool)
    bitmap[down : down + 11, right : right + 11] = small
    assert np.array_equal(centred(bitmap), centred(small))


def test_slant_and_thickness_do_not_matter():
    rows, columns = np.mgrid[:32, :32]
    thin, thick = np.abs(columns - 16) < 1, np.abs(columns - 16) < 4
    slanted = np.abs(columns - 16 + (rows - 16) / 5) < 2
    images = [centred(each) for each in (thin, thick, slanted)]
    assert max(np.abs(image - images[0]).mean() for image in images) < 1.5


def test_small_drawings_in_corners_are_read_only_when_centred():
    drawings = [moved(bitmap_of(DIGITS.images[i]), i) for i in TEST]
    assert accuracy(map(counts, drawings)) < 0.35
    assert accuracy(map(centred, drawings)) > 0.88
