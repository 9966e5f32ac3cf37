"""Several optimizers in one."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Together(keras.optimizers.Optimizer):
    """Applies several optimizers in one step, each to its own variables.

    ``paths`` lists, for each optimizer, the endings of the paths of its variables:
    ``[["wide/kernel"], ["deep/kernel", "deep/bias"]]``.
    """

    def __init__(self, optimizers, paths, name="together"):
        super().__init__(learning_rate=0.0, name=name)
        self.optimizers, self.paths = optimizers, paths

    @property
    def variables(self):
        """Those of every optimizer too: JAX loses the others at the end of a step."""
        others = (v for each in self.optimizers for v in each.variables)
        return [*self._variables, *others]

    def build(self, variables):
        """Builds every optimizer with its variables."""
        if not self.built:
            super().build(variables)
            self._places = []
            for paths in self.paths:
                ends = tuple(f"/{path}" for path in paths)
                named = [f"/{v.path}".endswith(ends) for v in variables]
                self._places.append([i for i, yes in enumerate(named) if yes])
            for optimizer, places in zip(self.optimizers, self._places, strict=True):
                optimizer.build([variables[i] for i in places])

    def apply(self, grads, trainable_variables=None):
        """Applies one step of every optimizer."""
        if not self.built:
            self.build(list(trainable_variables))
        for optimizer, places in zip(self.optimizers, self._places, strict=True):
            variables = [self._trainable_variables[i] for i in places]
            optimizer.apply([grads[i] for i in places], variables)
        self.iterations.assign_add(1)

    def save_own_variables(self, store):
        """Saves its own variables; every optimizer saves its own."""
        for number, variable in enumerate(self._variables):
            store[str(number)] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store):
        """Loads its own variables."""
        for number, variable in enumerate(self._variables):
            variable.assign(store[str(number)])

    def get_config(self):
        """The constructor's arguments."""
        save = keras.saving.serialize_keras_object
        optimizers = [save(optimizer) for optimizer in self.optimizers]
        return {"name": self.name, "optimizers": optimizers, "paths": self.paths}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns an optimizer from these arguments."""
        load = keras.saving.deserialize_keras_object
        optimizers = [load(each, custom_objects) for each in config["optimizers"]]
        return cls(**{**config, "optimizers": optimizers})
