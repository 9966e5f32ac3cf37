#!/usr/bin/env bash
# A process reads a vocabulary file once: a new StringLookup on the rewritten file still has the old words.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: TensorFlow shares lookup tables by file name within a process. A second layer or StaticHashTable on the same
#   path gets the first one's table, even when the file has other words and another length by then, and even when the first
#   one is gone. vocabulary_size() and get_vocabulary() answer from the old table as well.
# Guess: Building a layer reads its file.
# Why it matters: A converter or a notebook that writes vocab.txt for one model after the other, in one process and at one
#   path, gives all of them the vocabulary of the first. In a process of its own each is right.
# Seen: file x, y: id of y 2; rewritten to z, x, w, y: a new layer says 2 and lists x, y; at another path 4.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import gc
import os

import keras


def lookup(name, words):
    path = os.path.join(os.environ["WORK"], name)
    with open(path, "w") as file:
        file.write("".join(word + "\n" for word in words))
    layer = keras.layers.StringLookup(vocabulary=path)
    return int(layer("y")), [str(word) for word in layer.get_vocabulary()]


first = lookup("words.txt", ["x", "y"])
gc.collect()
again = lookup("words.txt", ["z", "x", "w", "y"])
elsewhere = lookup("other.txt", ["z", "x", "w", "y"])
print("first", first)
print("same path, new content", again)
print("other path", elsewhere)
assert first == again == (2, ["[UNK]", "x", "y"])
assert elsewhere == (4, ["[UNK]", "z", "x", "w", "y"])
PY
