"""A picture is prepared like the data's digits: drawn at any place, at any size, and in any kind of file."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageOps
from sklearn.datasets import load_digits

from playground.nn import Adam, Dense, NeuralNetwork, ReLU, Softmax
from playground.topics.digits.preprocessing import (
    MOST_BYTES,
    MOST_PIXELS,
    bitmap_of,
    centred,
    counts,
    from_upload,
    normalised,
)

DIGITS = load_digits()
ORDER = np.random.default_rng(0).permutation(len(DIGITS.images))
TRAIN, TEST = ORDER[:1300], ORDER[1300:1500]
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
bitmaps = arrays(bool, (32, 32))


@pytest.fixture(scope="module")
def accuracy():
    """accuracy(images) of a network that was trained on other digits, for images of the first test digits in order."""
    rng, X, y = np.random.default_rng(0), DIGITS.data / 16, np.eye(10)[DIGITS.target]
    network = NeuralNetwork([Dense(64, 64, "he_normal", rng), ReLU(), Dense(64, 10, "glorot_normal", rng), Softmax()])
    network.train(X[TRAIN], y[TRAIN], epochs=40, optimizer=Adam(0.003), rng=rng)

    def score(images):
        images = np.reshape(list(images), (-1, 64))
        return network.evaluate(images / 16, y[TEST[: len(images)]])[1]

    return score


def saved(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def black_on_white(pixels, side=160, margin=40, how=Image.Resampling.BICUBIC):
    """A digit as a picture: smooth, of some size, on a margin."""
    ink = Image.fromarray(np.asarray(pixels / 16 * 255, np.uint8)).resize((side, side), how)
    return ImageOps.invert(ImageOps.expand(ink, margin, 0))


def circle(mode="RGB", size=(120, 120), paper="white", ink="black"):
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).ellipse((30, 20, 80, 100), outline=ink, width=10)
    return image


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_size(width, height):
    """A PNG of a few bytes that claims to be as large as that."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


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


def test_small_drawings_in_corners_are_read_only_when_centred(accuracy):
    drawings = [moved(bitmap_of(DIGITS.images[i]), i) for i in TEST]
    assert accuracy(map(counts, drawings)) < 0.35
    assert accuracy(map(centred, drawings)) > 0.88


# Uploads


@pytest.mark.parametrize(("kind", "format"), [
    ({}, "PNG"), ({"side": 8, "margin": 0}, "PNG"), ({"side": 20, "margin": 30}, "BMP"), ({"side": 64}, "GIF"),
    ({"side": 500, "margin": 100}, "JPEG"), ({"side": 700, "margin": 400}, "JPEG"), ({"margin": 0}, "WEBP"),
    ({"how": Image.Resampling.NEAREST}, "PNG"),
])  # fmt: skip
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("n_digits", [50, pytest.param(len(TEST), marks=pytest.mark.exhaustive)])
def test_pictures_of_digits_come_back_as_digits(accuracy, kind, format, inverted, n_digits):
    digits = TEST[:n_digits]
    pictures = [black_on_white(DIGITS.images[i], **kind) for i in digits]
    seen = [from_upload(saved(ImageOps.invert(each) if inverted else each, format)) for each in pictures]
    assert all(np.array_equal(each.pixels, counts(each.bitmap)) for each in seen)
    likeness = [
        np.corrcoef(each.pixels.ravel(), DIGITS.images[i].ravel())[0, 1] for each, i in zip(seen, digits, strict=True)
    ]
    assert np.mean(likeness) > 0.82
    assert accuracy(each.pixels for each in seen) > 0.82


@pytest.mark.parametrize("format", FORMATS)
def test_all_formats_show_the_same_digit(format):
    assert np.abs(from_upload(saved(circle(), format)).pixels - from_upload(saved(circle())).pixels).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_all_kinds_of_pixels_show_the_same_digit(mode):
    grey = circle("L", ink=0, paper=255)
    image = Image.fromarray(np.asarray(grey, np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    assert np.array_equal(from_upload(saved(image)).pixels, from_upload(saved(grey)).pixels)


def test_what_is_transparent_is_paper():
    clear = circle("RGBA", paper=(0, 0, 0, 0))
    assert np.array_equal(from_upload(saved(clear)).pixels, from_upload(saved(circle())).pixels)
    assert from_upload(saved(clear)).thumbnail[0, 0].tolist() == [255, 255, 255]


def test_a_photo_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    upright = Image.new("L", (90, 120), 255)
    ImageDraw.Draw(upright).line([(20, 20), (70, 20), (40, 100)], fill=0, width=9)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    seen = from_upload(saved(lying, "JPEG", exif=exif, quality=95))
    assert seen.thumbnail.shape == (120, 90, 3)
    assert np.abs(seen.pixels - from_upload(saved(upright)).pixels).max() <= 3


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(format):
    animation = saved(circle(), format, save_all=True, append_images=[Image.new("RGB", (120, 120), "white")])
    assert np.abs(from_upload(animation).pixels - from_upload(saved(circle())).pixels).max() <= 2


def test_dust_and_light_from_one_side_are_not_the_digit():
    rng = np.random.default_rng(0)
    grey = np.asarray(circle("L", ink=60, paper=220), float)
    grey += np.linspace(0, 30, 120) + 5 * rng.standard_normal(grey.shape)
    grey[2:4, 110:112] = 0
    photo = from_upload(saved(Image.fromarray(grey.clip(0, 255).astype(np.uint8)), "JPEG"))
    assert np.abs(photo.pixels - from_upload(saved(circle())).pixels).max() <= 4


def test_a_thumbnail_is_small_and_keeps_its_colours():
    thumbnail = from_upload(saved(circle(size=(1000, 500), paper="yellow"))).thumbnail
    assert thumbnail.shape == (128, 256, 3)
    assert thumbnail.dtype == np.uint8
    assert thumbnail[0, 0].tolist() == [255, 255, 0]


# What is no picture of a digit


@pytest.mark.parametrize(("data", "words"), [
    (b"", "is empty"),
    (b"\x89PNG" + bytes(MOST_BYTES), "file is too large: at most 2 MiB"),
    (b"no image at all", "not an image"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    (saved(circle(), "TIFF"), "not an image"),
    (png_of_size(100_000, 100_000), "image is too large: at most 12.5 million"),
    (png_of_size(10_000, 10_000), "image is too large"),
    (png_of_size(MOST_PIXELS + 1, 1), "image is too large"),
    (png_of_size(3000, 3000), "damaged"),
    (saved(circle())[:-300], "damaged"),
    (saved(circle(), "JPEG")[:-300], "damaged"),
    (saved(Image.new("L", (50, 50), 255)), "Nothing is drawn"),
    (saved(Image.new("RGB", (50, 50), "navy"), "JPEG"), "Nothing is drawn"),
    (saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0))), "Nothing is drawn"),
    (saved(circle(ink=(240, 240, 240))), "Nothing is drawn"),
    (saved(Image.new("1", (1, 1))), "Nothing is drawn"),
])  # fmt: skip
def test_what_can_not_be_read_is_said_in_words(data, words):
    with pytest.raises(ValueError, match=words):
        from_upload(data)


def seen_or_refused(data):
    """The result is a valid image or a `ValueError`."""
    try:
        pixels = from_upload(data).pixels
    except ValueError as error:
        assert str(error)
    else:
        assert ((pixels >= 0) & (pixels <= 16)).all()


@given(st.binary(max_size=300))
@example(b"GIF89a")
@example(b"BM")
@settings(max_examples=200, deadline=None)
def test_bytes_at_random_do_no_harm(data):
    seen_or_refused(data)


@given(st.sampled_from(FORMATS), st.data())
@settings(max_examples=300, deadline=None)
def test_files_cut_short_and_falsified_do_no_harm(format, data):
    file = bytearray(saved(circle("L"), format))
    for place in data.draw(st.lists(st.integers(0, min(len(file), 400) - 1), max_size=4)):
        file[place] = data.draw(st.integers(0, 255))
    seen_or_refused(bytes(file[: data.draw(st.integers(1, len(file)))]))


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
@settings(max_examples=100, deadline=None)
def test_a_header_may_claim_any_size(width, height):
    seen_or_refused(png_of_size(width, height))


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
@settings(max_examples=100, deadline=None)
def test_any_picture_gives_an_image_or_words(grey):
    seen_or_refused(saved(Image.fromarray(grey)))


@pytest.mark.parametrize("size", [(5000, 3), (3, 5000), (20, 1), (1, 1)])
def test_a_picture_may_be_a_strip(size):
    pixels = np.random.default_rng(0).integers(0, 255, size[::-1], np.uint8)
    seen_or_refused(saved(Image.fromarray(pixels)))


def test_what_was_seen_stays_as_it_was():
    seen = from_upload(saved(circle()))
    with pytest.raises(AttributeError):
        seen.pixels = None
    assert replace(seen, pixels=np.zeros((8, 8))).bitmap is seen.bitmap
