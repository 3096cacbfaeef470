"""A segment is packed as `packing` says, so that a browser can read it without knowing NumPy."""

import gzip
import json
import struct

import numpy as np
import pytest

from playground.film.packing import pack, unpack


def test_what_is_packed_is_unpacked():
    arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "whole": np.array([[1, -2], [3, 4]], np.int32),
        "real": np.array([[[0.5, np.nan, np.inf]]], np.float32),
        "none": np.zeros((0, 3), np.float32),
    }
    about, found = unpack(pack({"last": True, "words": ["μ", "σ"]}, arrays))
    assert about == {"last": True, "words": ["μ", "σ"]}
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_the_layout_is_the_one_described():
    data = gzip.decompress(pack({"a": 1}, {"x": np.array([7], np.uint8), "y": np.array([1.5], np.float32)}))
    magic, version, size = struct.unpack("<4sII", data[:12])
    assert (magic, version) == (b"FILM", 1)
    header = json.loads(data[12 : 12 + size])
    start = 12 + size
    assert start % 8 == 0
    kind, shape, offset = header["arrays"]["y"]
    assert (kind, shape, offset % 8) == ("f4", [1], 0)
    assert struct.unpack("<f", data[start + offset : start + offset + 4]) == (1.5,)


@pytest.mark.parametrize("kind", [np.float64, np.int64, bool])
def test_other_numbers_become_32_bits(kind):
    _, found = unpack(pack({}, {"x": np.array([0, 1], kind)}))
    assert found["x"].dtype == np.float32


def test_equal_segments_are_equal_bytes_whenever_they_are_made():
    assert pack({"a": 1}, {"x": np.ones(3)}) == pack({"a": 1}, {"x": np.ones(3)})


@pytest.mark.parametrize("data", [b"", b"other", b"FILM" + bytes(20)])
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError, match="no segment"):
        unpack(gzip.compress(data))
