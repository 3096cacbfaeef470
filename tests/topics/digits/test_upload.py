"""A picture of a digit is read in any format, light and size, and what is none gets a sentence."""

import io
import struct
import subprocess
import sys
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from photos import KINDS, blank, jpeg, photo
from PIL import Image, ImageDraw, ImageOps
from readers import DIGITS, TEST, accuracy
from scipy.ndimage import gaussian_filter
from visitors import ROOT

from playground.topics.digits.preprocessing import counts
from playground.topics.digits.upload import DECODING, FORMATS, MOST_BYTES, MOST_PIXELS, from_upload


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


def jpeg_of_size(width, height, progressive=False):
    """A small JPEG whose header claims to be as large as that."""
    data = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG", progressive=progressive))
    frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def pixels_or_none(data):
    """The image that is read from a file; no ink where no digit is found."""
    try:
        return from_upload(data).pixels
    except ValueError:
        return np.zeros((8, 8))


# Files


@pytest.mark.parametrize(("kind", "format"), [
    ({}, "PNG"), ({"side": 8, "margin": 0}, "PNG"), ({"side": 20, "margin": 30}, "BMP"), ({"side": 64}, "GIF"),
    ({"side": 500, "margin": 100}, "JPEG"), ({"side": 700, "margin": 400}, "JPEG"), ({"margin": 0}, "WEBP"),
    ({"how": Image.Resampling.NEAREST}, "PNG"),
])  # fmt: skip
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("n_digits", [20, pytest.param(len(TEST), marks=pytest.mark.exhaustive)])
def test_pictures_of_digits_come_back_as_digits(kind, format, inverted, n_digits):
    digits = TEST[:n_digits]
    pictures = [black_on_white(DIGITS.images[i], **kind) for i in digits]
    seen = [from_upload(saved(ImageOps.invert(each) if inverted else each, format)) for each in pictures]
    assert all(np.array_equal(each.pixels, counts(each.bitmap)) for each in seen)
    likeness = [
        np.corrcoef(each.pixels.ravel(), DIGITS.images[i].ravel())[0, 1] for each, i in zip(seen, digits, strict=True)
    ]
    assert np.mean(likeness) > 0.76
    assert accuracy(each.pixels for each in seen) >= 0.8


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


# Photos


@pytest.mark.parametrize("n_digits", [20, pytest.param(len(TEST), marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.exhaustive] * (i % 2)) for i, kind in enumerate(KINDS)]
)
def test_photos_are_read_whatever_the_light_and_the_paper(kind, n_digits):
    photos = [jpeg(photo(DIGITS.images[i], kind, np.random.default_rng(int(i)), 800)) for i in TEST[:n_digits]]
    assert accuracy(pixels_or_none(each) for each in photos) >= 0.85


@pytest.mark.parametrize("n_sheets", [2, pytest.param(40, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("kind", KINDS)
def test_on_blank_paper_no_digit_is_found_whatever_the_light(kind, n_sheets):
    for seed in range(n_sheets):
        with pytest.raises(ValueError, match="No digit found"):
            from_upload(jpeg(blank(kind, np.random.default_rng(seed), 800)))


def texture(seed):
    """Coarse noise, as on cloth or wood."""
    rng = np.random.default_rng(seed)
    coarse = gaussian_filter(rng.standard_normal((300, 400)), rng.uniform(1, 4))
    return Image.fromarray((127 + 60 * coarse / coarse.std()).clip(0, 255).astype(np.uint8))


def page_of_text():
    page = Image.new("L", (600, 800), 230)
    for line in range(20):
        ImageDraw.Draw(page).text((40, 40 + 36 * line), "the quick brown fox jumps over it", fill=30, font_size=28)
    return page


def blot():
    page = Image.new("L", (400, 400), 230)
    ImageDraw.Draw(page).ellipse((120, 130, 280, 270), fill=30)
    return page


@pytest.mark.parametrize("picture", [texture(0), texture(1), texture(2), page_of_text(), blot()])
def test_in_textures_text_and_blots_no_digit_is_found(picture):
    with pytest.raises(ValueError, match="No digit found"):
        from_upload(saved(picture))


def test_a_photo_of_twelve_megapixels_is_read_as_a_small_one_is():
    i = int(TEST[1])
    small = photo(DIGITS.images[i], "light falls", np.random.default_rng(i), 1008)
    large = small.resize((3024, 4032), Image.Resampling.BICUBIC)
    difference = np.abs(from_upload(jpeg(large)).pixels - from_upload(jpeg(small)).pixels)
    assert difference.mean() < 0.5


MEMORY = """
import re, sys
from playground.topics.digits.upload import from_upload
data = open(sys.argv[1], "rb").read()
def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1))
before = peak()
try:
    from_upload(data)
except ValueError as error:
    assert "No digit" in str(error), error
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
@pytest.mark.parametrize(("format", "size", "options"), [
    ("JPEG", (8000, 8000), {}), ("JPEG", (4000, 3000), {"progressive": True}), ("PNG", (4000, 3000), {}),
    ("WEBP", (4000, 3000), {}),
])  # fmt: skip
@pytest.mark.exhaustive  # processes of their own
def test_what_decoding_takes_is_bounded(format, size, options, tmp_path):
    """`DECODING` bytes at most, in a process of its own: the largest JPEG, and the largest of other kinds."""
    file = tmp_path / "large"
    file.write_bytes(saved(Image.new("RGB", size, "gray"), format, **options))
    run = subprocess.run([sys.executable, "-c", MEMORY, file], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 2**20 < int(run.stdout) < DECODING


# What is no picture of a digit


@pytest.mark.parametrize(("data", "words"), [
    (b"", "is empty"),
    (b"\x89PNG" + bytes(MOST_BYTES), "file is too large: at most 10 MiB"),
    (b"no image at all", "not an image"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    (saved(circle(), "TIFF"), "not an image"),
    (png_of_size(100_000, 100_000), "image is too large: at most 12.5 million"),
    (png_of_size(10_000, 10_000), "image is too large"),
    (png_of_size(MOST_PIXELS + 1, 1), "image is too large"),
    (jpeg_of_size(8001, 8000), "image is too large: at most 64 million"),
    (jpeg_of_size(4000, 4000, progressive=True), "image is too large: at most 12.5 million"),
    (png_of_size(3000, 3000), "damaged"),
    (saved(circle())[:-300], "damaged"),
    (saved(circle(), "JPEG")[:-300], "damaged"),
    (saved(Image.new("L", (50, 50), 255)), "No digit found: nothing stands out"),
    (saved(Image.new("RGB", (50, 50), "navy"), "JPEG"), "No digit found: nothing stands out"),
    (saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0))), "No digit found: nothing stands out"),
    (saved(circle(ink=(240, 240, 240))), "No digit found: nothing stands out"),
    (saved(Image.new("1", (1, 1))), "No digit found: nothing stands out"),
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
