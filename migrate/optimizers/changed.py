"""What a program does to gradients and weights around the updates of its optimizer."""

import keras


class ChangedSteps:
    """Changes gradients before an optimizer's updates, and weights before and after.

    Each list holds lists of a function, the endings of the paths of its weights, and
    further arguments: ``[[change_gradient, ["deep/kernel", "deep/bias"]]]``. These are
    arrays of each weight, named in ``held``, or noise: "normal", "truncated_normal",
    "uniform".
    """

    gradients = ()  # functions of gradient and weight
    before = ()  # functions of the weight
    after = ()
    held = ()  # all ones in a new optimizer; a saved model has their values

    def build(self, variables):
        """Makes the arrays that functions take."""
        if not self.built:
            super().build(variables)
            for name in self.held:
                arrays = [
                    self.add_variable_from_reference(variable, name, "ones")
                    if name in self._change_of(self.gradients, variable)[1:]
                    else None
                    for variable in variables
                ]
                setattr(self, f"_{name}", arrays)

    def apply(self, grads, trainable_variables=None):
        """Applies one step, with its changes."""
        variables = list(trainable_variables or self._trainable_variables)
        if not self.built:
            self.build(variables)
        changed = []
        for gradient, variable in zip(grads, variables, strict=True):
            change, *names = self._change_of(self.gradients, variable)
            if change is not None and gradient is not None:
                more = [self._array(name, variable) for name in names]
                if hasattr(gradient, "dense_shape"):  # rows of an embedding
                    values, rows = gradient.values, gradient.indices
                    gradient = keras.ops.segment_sum(values, rows, variable.shape[0])
                gradient = keras.ops.convert_to_tensor(gradient)
                gradient = change(gradient, variable, *more)
            changed.append(gradient)
        self._change_weights(self.before, variables)
        super().apply(changed, trainable_variables)
        self._change_weights(self.after, variables)

    def _change_weights(self, changes, variables):
        for variable in variables:
            change, *_ = self._change_of(changes, variable)
            if change is not None:
                variable.assign(change(keras.ops.convert_to_tensor(variable)))

    def _array(self, name, variable):
        if name in self.held:
            return getattr(self, f"_{name}")[self._get_variable_index(variable)]
        return getattr(keras.random, name)(variable.shape)

    def _change_of(self, changes, variable):
        for change, paths, *names in changes:
            if f"/{variable.path}".endswith(tuple(f"/{path}" for path in paths)):
                return [change, *names]
        return [None]
