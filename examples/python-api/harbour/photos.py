"""Photographs of cargo: what is sent is written down, with a small one beside it."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

UPLOADS = Path(__file__).parent.parent / "uploads"
SIDE = 64  # pixels


def keep(name: str, data: bytes) -> dict[str, int]:
    """Writes the photograph and its small copy; their sizes in pixels."""
    photograph = Image.open(io.BytesIO(data)).convert("RGB")
    UPLOADS.mkdir(exist_ok=True)
    stem = Path(name).stem
    photograph.save(UPLOADS / f"{stem}.png")
    small = photograph.copy()
    small.thumbnail((SIDE, SIDE))
    small.save(UPLOADS / f"{stem}-small.jpeg")
    return {"width": photograph.width, "height": photograph.height, "small": small.width}


def sample() -> bytes:
    """A picture of containers, drawn here."""
    picture = Image.new("RGB", (160, 120), "#9cc4d8")
    pen = ImageDraw.Draw(picture)
    for row in range(3):
        pen.rectangle((20, 20 + row * 30, 140, 44 + row * 30), fill=("#b4552d", "#2d6ab4", "#3f8f4f")[row])
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
