"""Small pictures, and things that look like one: what a test of images puts into files and values."""

import base64

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OTHER_PNG = PNG + b"\x00"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
GIF = b"GIF89a" + b"\x00" * 20
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\x00" * 8
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

KINDS = {"image/png": PNG, "image/jpeg": JPEG, "image/gif": GIF, "image/webp": WEBP}


def uri(data: bytes = PNG, kind: str = "image/png") -> str:
    """The data URI of a picture."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def part(data: bytes = PNG, kind: str = "image/png", **more: str) -> dict[str, object]:
    """An image as a request holds it."""
    return {"type": "image_url", "image_url": {"url": uri(data, kind), **more}}


def text(words: str) -> dict[str, str]:
    """A text beside an image, as a request holds it."""
    return {"type": "text", "text": words}
