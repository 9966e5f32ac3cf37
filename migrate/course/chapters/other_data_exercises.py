"""The exercises of chapter D: Other data."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "autoencoder": (
        Exercise(
            "How many numbers describe a picture in the code, and how many parameters does the "
            "whole network have? Why so few?",
            "--set epochs=1",
            "A picture of 784 pixels has 84 numbers in between: 28 rows of 3. The network has "
            "1,439 parameters, because all rows share one small network: it never sees two rows "
            "together.",
            {"84 numbers": "TF1 | printed", "1,439": "parameters"},
        ),
        Exercise(
            "Raise the learning rate of Adam to 0.1 for one epoch. Is the error smaller?",
            "--set epochs=1 --set learning_rate=0.1",
            "No: the mean squared error is 0.159 instead of 0.110. With ReLU in the code, steps "
            "of that length push some of its 3 units below 0 for all rows, and a code of fewer "
            "numbers draws less.",
            {"0.159": "mse", "0.110": "default | mse"},
        ),
        Exercise(
            "The values come from the network cut in two. Is the picture that the decoder draws "
            "from a code the one that the whole network draws?",
            "--set epochs=1",
            "Yes: the first pixel is 0.469 in both. The two models share their layers, so nothing "
            "is copied and nothing can differ; in TF1 the same graph is run from another tensor.",
            {"0.469": "picture, from the code[0]"},
        ),
    ),
    "fare": (
        Exercise(
            "The root mean squared error of the test set is 17.45 in the second table. Why is the "
            "mean over batches lower?",
            "--set epochs=1",
            "16.94: a root of a mean is at least the mean of the roots, and equal only if all "
            "batches have the same error. A metric that is a plain function is averaged over the "
            "batches by Keras, which flatters it.",
            {"16.94": "rmse, averaged over batches", "17.45": "rmse of the test set"},
        ),
        Exercise(
            "Raise the learning rate to 0.05. Does the network predict better after one epoch? "
            "What does that tell about the inputs?",
            "--set epochs=1 --set learning_rate=0.05",
            "No: 15.75 dollars after 15.73. The inputs are raw degrees, -74 and 41, which differ "
            "by hundredths from trip to trip: the network predicts the mean fare at any learning "
            "rate. Scale the inputs, or use places as wide-deep does.",
            {"15.75": "rmse", "15.73": "default | rmse"},
        ),
        Exercise(
            "Evaluate once instead of five times in the virtual epochs. How many steps has a "
            "virtual epoch now, and is the last error the same?",
            "--set epochs=1 --set evaluations=1",
            "125 instead of 25 steps, and 15.73 in both: evaluation changes nothing in training. "
            "Virtual epochs only say how often to look.",
            {
                "125": "steps in a virtual epoch",
                "25": "default | steps in a virtual epoch",
                "15.73": "rmse after each[-1]",
            },
        ),
    ),
    "wide-deep": (
        Exercise(
            "Raise the learning rate of Adam to 0.05 for one epoch. Why does wide-deep gain so "
            "much more than fare?",
            "--set epochs=1 --set learning_rate=0.05",
            "The error falls from 22.7 to 8.0 dollars. Each pair of places has a weight of its "
            "own, which is changed only by its own trips: 63 steps of 0.001 cannot raise it from "
            "0 to dollars, steps of 0.05 can.",
            {"22.7": "default | rmse", "8.0": "rmse"},
        ),
        Exercise(
            "How many parameters has the network? Most of them are in one part: which?",
            "--set epochs=1",
            "111,371: the pairs of places fall into 10,000 buckets, and the embedding has several "
            "numbers for each. Most buckets never occur in the data; their rows stay at the "
            "initial values.",
            {"111,371": "parameters"},
        ),
        Exercise(
            "Put 256 examples in a batch. How many steps has an epoch, and what does the error "
            "say after one?",
            "--set epochs=1 --set batch_size=256",
            "8 steps instead of 63, and 23.1 dollars instead of 22.7: rare places get a gradient "
            "in few of the steps, so sparse models need many steps more than large batches.",
            {"8": "steps", "63": "default | steps", "23.1": "rmse", "22.7": "default | rmse"},
        ),
    ),
    "cats": (
        Exercise(
            "Raise the learning rate to 0.05. Look at the test accuracy of each epoch: which one "
            "would you report?",
            "--case plain --set learning_rate=0.05",
            "It ends at 0.88 instead of 0.66, but was 0.60 four epochs before: 50 test pictures "
            "make steps of two hundredths, and the large learning rate jumps. Choose the epoch on "
            "the dev set, and report the test set once.",
            {"0.88": "accuracy", "0.66": "default | accuracy", "0.60": "accuracy[12]"},
        ),
        Exercise(
            "Raise the factor of L2 to 1. The loss is above 30: is the network useless?",
            "--case L2 --set l2=1",
            "No: the accuracy is 0.74. Nearly all of the loss of 30.6 is the penalty, which falls "
            "in each epoch as the weights shrink.",
            {"0.74": "accuracy", "30.6": "loss"},
        ),
        Exercise(
            "Drop 80 % of the units of hidden layers of 20 and 3: on average 0.6 of the 3 units "
            "are left. What happens in a step in which none is, and what does the accuracy say?",
            "--case dropout --set rate=0.8",
            "The output is only the bias, for half of the examples (0.8 to the third power). The "
            "accuracy is 0.38, and the loss of 0.69 is ln 2, a guess between two classes. Dropout "
            "needs layers with units to spare.",
            {"0.38": "accuracy", "0.69": "loss"},
        ),
    ),
}
