"""Pack cases that make.py wrote for tests to carry: `python pack.py DIR/case … --out DATA`."""

import argparse
import os
import zipfile


def pack(folder, out):
    """One archive a case, the same bytes every time."""
    path = os.path.join(out, os.path.basename(folder.rstrip("/")) + ".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                entry = zipfile.ZipInfo(name)  # dated 1980, whenever it is packed
                archive.writestr(entry, file.read(), zipfile.ZIP_LZMA)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        path = pack(folder, arguments.out)
        print(f"{os.path.getsize(path):8} {path}")


main()
