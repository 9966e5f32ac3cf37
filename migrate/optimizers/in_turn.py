"""Optimizers that train one model in turn, each for a loss of its own."""

import keras

from .together import Together


@keras.saving.register_keras_serializable(package="tf1")
class InTurn(Together):
    """Holds the optimizers of several losses, and applies the one that has its turn.

    ``turn`` is its number; a single optimizer has every turn. Models of the same layers
    share the optimizers: one has them at turn 0, another those ``at(1)``. Whichever is
    saved, the state of all is.
    """

    def __init__(self, optimizers, paths, turn=0, name="in_turn"):
        super().__init__(optimizers, paths, name)
        self.turn = turn

    def at(self, turn):
        """Returns the same optimizers, of which another one is applied."""
        return InTurn(self.optimizers, self.paths, turn)

    def build(self, variables):
        """Builds every optimizer whose variables are all in the model."""
        if not self.built:
            keras.optimizers.Optimizer.build(self, variables)
            self._places = [self._places_of(paths) for paths in self.paths]
            every = self.paths
            if len(self.optimizers) == 1:
                every = [[path for paths in self.paths for path in paths]]
            for optimizer, paths in zip(self.optimizers, every, strict=True):
                places = dict.fromkeys(self._places_of(paths))
                if len(places) >= len(set(paths)) and not optimizer.built:
                    optimizer.build([variables[i] for i in places])

    def _places_of(self, paths):
        named = [f"/{v.path}" for v in self._trainable_variables]
        ends = [f"/{path}" for path in paths]
        return [i for end in ends for i, name in enumerate(named) if name.endswith(end)]

    def apply(self, grads, trainable_variables=None):
        """Applies one step of the optimizer that has its turn."""
        if not self.built:
            self.build(list(trainable_variables))
        places = self._places[self.turn]
        variables = [self._trainable_variables[i] for i in places]
        number = self.turn if len(self.optimizers) > 1 else 0
        self.optimizers[number].apply([grads[i] for i in places], variables)
        self.iterations.assign_add(1)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "turn": self.turn}
