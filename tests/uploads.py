"""Pictures of digits, as visitors send them."""

import io

from PIL import Image, ImageDraw


def five(ground="white", ink="black") -> bytes:
    """A picture of a five."""
    picture = Image.new("RGB", (300, 400), ground)
    stroke = [(220, 60), (120, 80), (110, 180), (200, 200), (210, 300), (100, 330)]
    ImageDraw.Draw(picture).line(stroke, fill=ink, width=24)
    return saved(picture)


def saved(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
