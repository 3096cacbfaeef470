"""A segment is packed into bytes that a browser reads without parsing numbers: a header in JSON, then the arrays.

The format, version 1, little-endian:

    bytes 0 to 3   "FILM"
    bytes 4 to 7   version, unsigned 32 bits
    bytes 8 to 11  size of the header in bytes, unsigned 32 bits
    then           the header: JSON, UTF-8, padded with spaces so that the arrays begin at a multiple of 8
    then           the arrays, each from a multiple of 8 on

The header is an object. Its "arrays" tells of each array: {name: [dtype, shape, offset]}, with dtype one of `DTYPES`,
and offset in bytes from the end of the header. What else it has is up to the film. The whole is compressed by gzip,
which browsers undo themselves.
"""

import gzip
import json
from typing import Any

import numpy as np

MAGIC = b"FILM"
VERSION = 1
ALIGNED = 8  # bytes
DTYPES = {"u1": "Uint8Array", "i4": "Int32Array", "f4": "Float32Array"}  # NumPy's name -> JavaScript's
COMPRESSION = 1  # of gzip: a level of 6 takes five times as long for a tenth less


def pack(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """A segment as bytes.

    Args:
        about: what the header tells besides; it must be JSON.
        arrays: by name. Numbers of other types than those of `DTYPES` become "f4".
    """
    told, parts, offset = {}, [], 0
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        kind = array.dtype.str[1:]
        if kind not in DTYPES:
            kind, array = "f4", array.astype("<f4")
        told[name] = [kind, list(array.shape), offset]
        data = array.tobytes()
        padded = data + bytes(-len(data) % ALIGNED)
        parts.append(padded)
        offset += len(padded)
    header = json.dumps({**about, "arrays": told}, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-(len(header) + 12) % ALIGNED)
    opening = MAGIC + VERSION.to_bytes(4, "little") + len(header).to_bytes(4, "little")
    return gzip.compress(b"".join([opening, header, *parts]), COMPRESSION, mtime=0)


def unpack(segment: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `pack` was given: the header without "arrays", and the arrays.

    Raises:
        ValueError: if the bytes are no segment of this version.
    """
    data = gzip.decompress(segment)
    if data[:4] != MAGIC or int.from_bytes(data[4:8], "little") != VERSION:
        raise ValueError(f"These bytes are no segment of a film, version {VERSION}.")
    start = 12 + int.from_bytes(data[8:12], "little")
    about = json.loads(data[12:start])
    arrays = {
        name: np.frombuffer(data, f"<{kind}", int(np.prod(shape)), start + offset).reshape(shape)
        for name, (kind, shape, offset) in about.pop("arrays").items()
    }
    return about, arrays
