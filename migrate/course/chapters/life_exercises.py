"""The exercises of chapter E: The life of a model."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "save-restore": (
        Exercise(
            "Compute how many bytes of numbers a checkpoint has with 10 units on 2 inputs. Which "
            "of the four files grows with them?",
            "--set num_units=10",
            "120: a weight of [2, 10] and a bias of [10] are 30 numbers of 4 bytes. Only the "
            ".data file grows; .meta has the graph, which has as many ops as before.",
            {"120": "bytes of numbers"},
        ),
        Exercise(
            "Run it with another seed. Which values change, and which do not? Why?",
            "--seed 1",
            "The seed draws the points, so the outputs change: the first one is 1.69 instead of "
            "-0.05. The weights stay, the first one at 0.680: their seeds are in the program.",
            {"1.69": "outputs[0]", "-0.05": "default | outputs[0]", "0.680": "weight[0]"},
        ),
        Exercise(
            "The TF1 program builds the graph with seed 0, and again with seed 1 before it "
            "restores. By how much do the outputs change? Why does it run no initializer?",
            "",
            "By 0. restore assigns a value to every variable, so the initial values of the second "
            "seed are never used. Without the initializer, a variable that the checkpoint lacks "
            "raises an error instead of starting with random numbers.",
            {"0": "changed by saving"},
        ),
    ),
    "export": (
        Exercise(
            "Export the network after a single step of training. What does the server return, and "
            "does anything warn you?",
            "--set steps=1",
            "It returns fares of 0.03, 0.79 and 0.05 dollars; the fares were 13.4, 65.6 and 15.3. "
            "Nothing warns: an export has no accuracy. Compare predictions with known answers "
            "before you serve a model.",
            {
                "0.03": "predictions[0]",
                "0.79": "predictions[1]",
                "0.05": "predictions[2]",
                "13.4": "fares[0]",
                "65.6": "fares[1]",
                "15.3": "fares[2]",
            },
        ),
        Exercise(
            "Train 1,000 steps instead of 200. Are all three predictions better? The first fare "
            "is 13.4 dollars.",
            "--set steps=1000",
            "No: the first is 11.4 instead of 11.8. Training lowers the mean error of all "
            "examples; a single prediction may become worse. Three requests show that a server "
            "works, not that a model is good.",
            {"11.4": "predictions[0]", "11.8": "default | predictions[0]"},
        ),
        Exercise(
            "Both programs print the files that they exported. Which file has the graph, and "
            "which the weights? In which format are the weights?",
            "",
            "saved_model.pb has the graph and its signatures. "
            "variables/variables.data-00000-of-00001 has the weights: a checkpoint, so tfmigrate "
            "inspect reads the folder. The name of the folder is a time: a server takes the "
            "largest number as the latest version.",
            {
                "saved_model.pb": "printed",
                "variables/variables.data-00000-of-00001": "printed",
            },
        ),
    ),
    "tensorboard": (
        Exercise(
            "Train for 10 epochs. Which step has the first point of the curve, and which the last?",
            "--set epochs=10",
            "0 and 9: both programs count epochs from 0. The loss at the last one is 0.290.",
            {"0": "steps[0]", "9": "steps[-1]", "0.290": "epoch_loss[-1]"},
        ),
        Exercise(
            "With ten classes, a guess has a loss of 2.30. Why does the curve start lower?",
            "--set epochs=1",
            "It starts at 1.82. A point is the mean of the losses of an epoch, and each of them "
            "is measured before its step: after the first of 11 steps the network does better.",
            {"1.82": "epoch_loss[0]"},
        ),
        Exercise(
            "TF1 writes the scalar with an op of its graph, Keras with a callback. Why do both "
            "curves appear in one chart?",
            "",
            "TensorBoard groups by tag: both programs name the scalar epoch_loss, and each folder "
            "is a run. After 5 epochs both end at 0.466. Another tag would make two charts.",
            {"0.466": "epoch_loss[-1]"},
        ),
    ),
    "devices": (
        Exercise(
            "The program does not time its first epoch. What does it print if there is only one?",
            "--set epochs=1",
            "0 examples/s: the first epoch allocates memory and traces functions, so its time "
            "says little about the others. Here no other epoch is left.",
            {"0 examples/s": "printed"},
        ),
        Exercise(
            "An epoch has 12 steps. How many losses are compared after 12 epochs, and are those "
            "of the first 6 epochs the same as before?",
            "--set epochs=12",
            "144. The first losses stay the same, from 2.32 on: the number of epochs does not "
            "change the steps before the end. It would, if the learning rate had a schedule.",
            {"144": "loss, cpu:0.size", "2.32": "loss, cpu:0[0]"},
        ),
        Exercise(
            "Ten classes, and weights with a small sigma: what is the first loss, approximately? "
            "ln 10 is 2.30.",
            "",
            "About 2.30: all classes have nearly the same probability, a tenth. The first loss is "
            "2.32. A first loss far above it means that the weights or inputs are too large: see "
            "tfmigrate lesson unscaled-input.",
            {"2.32": "loss, cpu:0[0]"},
        ),
    ),
    "summary": (
        Exercise(
            "Halve the hidden layers of mlp-deep to 128 units. Does the number of parameters "
            "halve too?",
            "--set num_hidden=128",
            "No: it falls from 269,322 to 118,282. The first layer halves, because the inputs "
            "stay; the second falls to a quarter, 16,512, because both of its sides shrink.",
            {
                "269,322": "default | mlp-deep: parameters",
                "118,282": "mlp-deep: parameters",
                "16,512": "mlp-deep: parameters per layer[1]",
            },
        ),
        Exercise(
            "With how many hidden units does the second layer have as many parameters as the "
            "first? Try 512, and then the number that you expect.",
            "--set num_hidden=784",
            "With 784, as many as there are inputs: both layers have 615,440. With 512 the first "
            "still has more, because 784 is more than 512.",
            {
                "615,440": "mlp-deep: parameters per layer[0]",
                "784": "mlp-deep: units a layer[1]",
            },
        ),
        Exercise(
            "How many parameters of batch-norm are not trainable? Which are they, and why does "
            "the optimizer not change them?",
            "",
            "271,346 - 268,978 = 2,368 moving means and variances: two for each of 784, 300 and "
            "100 units. They follow from the data as averages, not from a gradient. Of the 3,136 "
            "parameters of the first batch normalization, half are trainable.",
            {
                "271,346": "batch-norm: parameters",
                "268,978": "batch-norm: trainable",
                "3,136": "batch-norm: parameters per layer[0]",
            },
        ),
    ),
}
