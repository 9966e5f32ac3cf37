"""A learning rate that goes by updates where gradients are accumulated over several steps."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ByRound(keras.optimizers.schedules.LearningRateSchedule):
    """Gives a schedule the number of updates instead of the number of steps.

    With ``gradient_accumulation_steps`` an optimizer of Keras asks for the rate of a
    step, of which there are several in one update.
    """

    def __init__(self, schedule, steps):
        super().__init__()
        self.schedule, self.steps = schedule, steps

    def __call__(self, step):
        """Returns the learning rate at a step."""
        return self.schedule(step // self.steps)

    def get_config(self):
        """The constructor's arguments."""
        save = keras.saving.serialize_keras_object
        return {"schedule": save(self.schedule), "steps": self.steps}

    @classmethod
    def from_config(cls, config):
        """Returns a schedule from these arguments."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["steps"])
