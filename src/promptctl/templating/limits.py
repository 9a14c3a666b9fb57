"""How large a rendering may become."""

RENDERED_LIMIT = 1_000_000
"""Characters of one rendering. A larger prompt is a mistake or an attack; the sandbox itself sets no limit."""
IMAGES_LIMIT = 30_000_000
"""Characters of the addresses of all images in one rendering: about 20 MB of pictures."""
