"""Chapter F. Pitfalls."""

from __future__ import annotations

from ..programs import Pitfall
from ..system import System

SYSTEMS: tuple[System, ...] = (
    System(
        "stale-graph",
        "accuracy is built on one network, training updates another",
        Pitfall(
            data="digits",
            happens="The loss falls, and accuracy stays at chance for ever, to the last digit.",
            because="Building the network a second time makes other variables: the loss hangs on "
            "w, the accuracy on w_1, which nothing trains.",
            remedy="Build loss and accuracy from the same tensor, in a graph of their own. In "
            "Keras fit and evaluate are asked of one object.",
            effect={"accuracy": 0.3},
        ),
        notes={
            "forward": "Each call of network() makes new variables; a Keras layer makes them once.",
        },
    ),
)
