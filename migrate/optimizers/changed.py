"""What a program does to gradients and weights around the updates of its optimizer."""

import keras


class ChangedSteps:
    """Changes gradients before an optimizer's updates, and weights before and after.

    Each list holds pairs of a function and the endings of the paths of its weights:
    ``[(change_gradient, ["deep/kernel", "deep/bias"])]``.
    """

    gradients = ()  # functions of gradient and weight
    before = ()  # functions of the weight
    after = ()

    def apply(self, grads, trainable_variables=None):
        """Applies one step, with its changes."""
        variables = list(trainable_variables or self._trainable_variables)
        changed = []
        for gradient, variable in zip(grads, variables, strict=True):
            change = self._change_of(self.gradients, variable)
            if change is not None and gradient is not None:
                gradient = change(keras.ops.convert_to_tensor(gradient), variable)
            changed.append(gradient)
        self._change_weights(self.before, variables)
        super().apply(changed, trainable_variables)
        self._change_weights(self.after, variables)

    def _change_weights(self, changes, variables):
        for variable in variables:
            change = self._change_of(changes, variable)
            if change is not None:
                variable.assign(change(keras.ops.convert_to_tensor(variable)))

    def _change_of(self, changes, variable):
        for change, paths in changes:
            if f"/{variable.path}".endswith(tuple(f"/{path}" for path in paths)):
                return change
        return None
