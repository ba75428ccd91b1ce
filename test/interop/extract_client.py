"""Takes the Python client out of a mindspore-serving wheel: `extract_client.py WHEEL FOLDER`.

The wheel's own `mindspore_serving/__init__.py` wants the server's libraries, so the folder gets an empty one.
"""

import sys
import zipfile
from pathlib import Path

WANTED = ("mindspore_serving/client/", "mindspore_serving/proto/")


def extract(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(WANTED) and name.endswith(".py")]
        archive.extractall(folder, names)
    for package in ("mindspore_serving", "mindspore_serving/proto"):
        Path(folder, package, "__init__.py").touch()


if __name__ == "__main__":
    extract(*sys.argv[1:])
