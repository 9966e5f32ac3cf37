"""Write test cases with real TensorFlow 1.15 and check them: `python make.py --out DIR`.

Run with Python 3.7, tensorflow==1.15.5, protobuf<3.21, numpy<1.19.
"""

import argparse
import os
import sys
import traceback
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import tensorflow as tf  # noqa: E402

import harness  # noqa: E402

for family in (
    "dense",
    "conv",
    "norm",
    "structure",
    "embedding",
    "rnn",
    "inputs",
    "training",
    "losses",
    "objectives",
    "github",
    "cells",
    "loops",
    "attention",
    "wild",
    "feature_columns",
    "sizes",
    "idioms",
    "composed",
    "attention_heads",
    "pytorch",
):
    __import__(family)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder that gets one folder a case")
    parser.add_argument("--only", help="make this case alone (or several, with commas)")
    parser.add_argument("--missing", action="store_true", help="make only what is not there")
    parser.add_argument("--check", action="store_true", help="restore and reproduce, make nothing")
    parser.add_argument("--list", action="store_true", help="list the cases, make nothing")
    arguments = parser.parse_args()
    tf.logging.set_verbosity("ERROR")
    names = arguments.only.split(",") if arguments.only else list(harness.CASES)
    failed = 0
    for name in names:
        folder = os.path.join(arguments.out, name)
        if arguments.list:
            print(f"{name:32} {harness.CASES[name].__doc__}")
            continue
        if arguments.missing and os.path.exists(folder):
            continue
        try:
            if arguments.check:
                differences = harness.check(folder)
                worst = max(differences.values())
                failed += worst > 1e-6
                print(f"{name:32} {worst:.2g}", differences if worst > 1e-6 else "")
            else:
                harness.make(name, arguments.out)
                print(f"{name:32} made")
        except Exception as error:
            failed += 1
            traceback.print_exc()
            print(f"{name:32} FAILED {str(error)[:120]!r}")
        sys.stdout.flush()
    sys.exit(failed > 0)


main()
