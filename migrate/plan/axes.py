"""Inputs whose first axis is time and whose second is the batch: a warning of what that means."""

from __future__ import annotations

from ..errors import printable
from .network import Call, Layer, Network

_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "Recurrence")
_ALONG_BOTH = ("Activation", "Bias", "Dense", "Dropout", "Embedding", "ReversibleEmbedding")
_ELEMENTWISE = ("keras.ops.cast", "keras.ops.one_hot", "keras.ops.relu", "keras.ops.tanh")


def warn_of_time_first(plan: Network) -> None:
    """Says which inputs have time before the batch, as ``dynamic_rnn(time_major=True)`` takes them.

    Such an input is turned before a recurrent layer of Keras, which has the batch first.
    """
    for given in plan.inputs:
        reached = {id(given.value)}
        turned: set[int] = set()
        for call in plan.calls:
            taken = {id(value) for value in call.values}
            made = {id(value) for value in call.outputs}
            if taken & turned and _is(call, _RECURRENT):
                plan.warnings.append(
                    f"predict and fit would split {printable(given.tensor)} along time: its first "
                    "axis is time, and its second the batch. Call the model with whole arrays, or "
                    "put a keras.ops.swapaxes before it."
                )
                break
            if not taken & (reached | turned):
                continue
            if call.function == "keras.ops.transpose" and call.arguments[1][:2] == (1, 0):
                turned |= made if taken & reached else set()
            elif _is(call, _ALONG_BOTH) or call.function in _ELEMENTWISE:
                reached |= made if taken & reached else set()
                turned |= made if taken & turned else set()


def _is(call: Call, kinds: tuple[str, ...]) -> bool:
    return isinstance(call.function, Layer) and call.function.kind in kinds
