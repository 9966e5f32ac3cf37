"""Pack cases that make.py wrote for tests to carry: `python pack.py DIR/case … --out DATA`."""

import argparse
import os
import zipfile


def pack(folder, out):
    """One archive a case, the same bytes every time."""
    path = os.path.join(out, os.path.basename(folder.rstrip("/")) + ".zip")
    names = [os.path.join(root, name) for root, _, files in os.walk(folder) for name in files]
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(names):
            with open(name, "rb") as file:
                # Dated 1980, whenever it is packed.
                entry = zipfile.ZipInfo(os.path.relpath(name, folder))
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
