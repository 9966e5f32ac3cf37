"""Recurrent layers: loops and unrolled steps put into one node a layer, and those into Keras.

Recurrence is not a matter of single operations, so it is found before anything else is built, as
dropout is: :func:`fold_recurrent` rewrites the graph so that a whole layer is one node of op
``Recurrent``; the handlers of :mod:`.handlers` make Keras layers of these. A loop whose cell Keras
does not have is one node of op ``Recurrence``, with its step. What stays a loop is explained by
:func:`unfolded`.
"""

from ..view import View
from . import handlers  # noqa: F401  registers the family
from .blocks import fold_block_lstm
from .conds import fold_conds
from .draft import Draft
from .loops import fold_loops
from .reasons import unfolded
from .simplify import simplify
from .stepwise import fold_stepwise
from .unrolled import fold_unrolled

_CELLS = {
    "Sigmoid", "Tanh", "LSTMBlockCell", "GRUBlockCell", "GRUBlockCellV2", "BlockLSTM",
    "BlockLSTMV2", "While", "StatelessWhile", "Enter", "Relu", "Minimum",
}  # fmt: skip


def fold_recurrent(view: View) -> View:
    """The view of a graph in which each recurrent layer is one node."""
    if not any(node.op in _CELLS for node in view.graph.nodes.values()):
        return view
    for fold in (fold_loops, fold_stepwise, fold_conds, fold_unrolled, fold_block_lstm):
        draft = Draft(view)
        fold(draft)
        if draft.replaced:
            view = draft.finish()
    return simplify(view)


__all__ = ["fold_recurrent", "unfolded"]
