"""A loss of logits for outputs that a softmax or sigmoid has made."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class OfActivated(keras.losses.Loss):
    """Gives a loss of logits outputs that are no logits.

    The program applies softmax or sigmoid twice. Keras would undo one of the two.
    """

    def __init__(self, loss, name="of_activated", **options):
        super().__init__(name=name, **options)
        self.loss = loss

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The inner loss; it does not see how its copy of the outputs was made."""
        return self.loss(y_true, keras.ops.copy(y_pred), sample_weight)

    def get_config(self):
        """The constructor's arguments."""
        return {
            "name": self.name,
            "loss": keras.saving.serialize_keras_object(self.loss),
        }

    @classmethod
    def from_config(cls, config):
        """Returns a loss from these arguments."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(loss, config["name"])
