"""Writes text.png: three lines of text on light paper, in the font that Pillow carries.

    pip install -r requirements.txt
    python make-image.py
"""

import pathlib

from PIL import Image, ImageDraw, ImageFont

LINES = [
    ("Distributed serving", 40, (30, 30), (20, 20, 60)),
    ("Invoice No. 2024-0815", 30, (30, 100), (0, 0, 0)),
    ("Total: 42.50 EUR", 34, (30, 160), (120, 20, 20)),
]

image = Image.new("RGB", (450, 230), (250, 248, 240))
draw = ImageDraw.Draw(image)
for text, size, place, colour in LINES:
    draw.text(place, text, fill=colour, font=ImageFont.load_default(size))
image.save(pathlib.Path(__file__).parent / "text.png", optimize=True)
