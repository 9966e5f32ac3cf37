#!/usr/bin/env bash
# A StringLookup with a word that contains U+2028, a form feed or a lone \r counts one word more after reload.
#
# Library: keras 3.15.1 on tensorflow 2.21.0, Python 3.11.
# Behavior: The layer reads a vocabulary file by lines that end in \n, as TF1's index_table_from_file does. Saved in a .keras
#   file, the vocabulary is written one word a line and read back with Python's splitlines, which also splits at \r, \x0c,
#   \x1c, U+0085 and U+2028. Each such word becomes two, and all words after it move up by one id.
# Guess: Save and load give the same vocabulary; only a \n inside a word could harm it.
# Why it matters: Vocabularies counted from web text hold such words. Embedding rows are right until the first of them and
#   off by one from there on; nothing warns.
# Seen: file x, a<char>b, y: id of y 3 before saving, 4 after, for these five; 3 and 3 for a tab and U+00A0.
set -euo pipefail
source "$(dirname "$0")/common.sh"
modern

"$WORK/modern/bin/python" - <<'PY'
import os

import keras
import tensorflow as tf

found = {}
for place, character in enumerate("\u2028\u0085\x0c\x1c\r\t\u00a0"):
    path = os.path.join(os.environ["WORK"], "words%d.txt" % place)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("x\na%sb\ny\n" % character)
    table = tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        ),
        -1,
    )
    layer = keras.layers.StringLookup(vocabulary=path)
    model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
    model.save(os.path.join(os.environ["WORK"], "model.keras"))
    loaded = keras.models.load_model(os.path.join(os.environ["WORK"], "model.keras")).layers[-1]
    found[character] = (int(table.lookup(tf.constant("y"))), int(layer("y")), int(loaded("y")))
    print(ascii(character), "id of y: table, layer, layer after reload", found[character])
assert all(found[c] == (2, 3, 4) for c in "\u2028\u0085\x0c\x1c\r")
assert all(found[c] == (2, 3, 3) for c in "\t\u00a0")
PY
