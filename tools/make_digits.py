"""Makes migrate/course/datasets/digits.npz from the handwritten digits that scikit-learn carries.

    python tools/make_digits.py          # needs scikit-learn; run once, the result is committed

The images are the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C.
Kaynak, 1998, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0): 1,797 digits by 13
people, 8 × 8 pixels of 0 to 16. They are stored as they are; the package scales them to 28 × 28
when it loads them. The last 360 are the test set.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

NUM_TEST = 360
TARGET = Path(__file__).parent.parent / "migrate" / "course" / "datasets" / "digits.npz"

digits = load_digits()
images = digits.images.astype(np.uint8)
labels = digits.target.astype(np.uint8)
np.savez_compressed(
    TARGET,
    x_train=images[:-NUM_TEST],
    y_train=labels[:-NUM_TEST],
    x_test=images[-NUM_TEST:],
    y_test=labels[-NUM_TEST:],
)
print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
