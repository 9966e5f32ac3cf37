"""The exercises of chapter A: First principles."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "perceptron": (
        Exercise(
            "Multiply the bias and both weights by 10. Does any point change its class, if an "
            "output above 0.5 is one class? What changes?",
            "--set bias=10 --set w1=30 --set w2=-20",
            "No point changes its class: the line on which the output is 0.5 depends on the ratio "
            "of the weights only. The outputs move towards 0 and 1: at the origin 0.99995 instead "
            "of 0.731. Larger weights make the neuron more certain, not different.",
            {"0.99995": "y[1]", "0.731": "default | y[1]"},
        ),
        Exercise(
            "Set the bias to 0. What is the output at (0, 0), and does it depend on the weights? "
            "What can such a neuron not learn?",
            "--set bias=0",
            "It is 0.5 for any weights: without a bias, the line between the classes passes "
            "through the origin. The neuron cannot learn classes that only another line separates.",
            {"0.5": "y[1]"},
        ),
        Exercise(
            "Where is the derivative of the sigmoid largest, and how large is it there? What is "
            "left of a gradient that passes through ten such neurons?",
            "",
            "It is 0.25 at 0, and 0.0025 at -6 and 6. Ten factors of at most 0.25 leave at most a "
            "millionth of the gradient. This is why deep networks of sigmoids learn slowly.",
            {"0.25": "slope[6]", "0.0025": "slope[0]"},
        ),
    ),
    "linear-collapse": (
        Exercise(
            "Give the hidden layers 256 units. How many parameters do the three layers have, and "
            "how many has the one layer that computes the same? What do the others gain?",
            "--set num_hidden=256",
            "67843 against 15. They gain nothing: without a nonlinearity between the layers, the "
            "product of three matrices is one matrix of 4 x 3.",
            {"67843": "printed", "15": "printed"},
        ),
        Exercise(
            "Give the hidden layers a single unit. The three layers now have fewer parameters "
            "than the one layer. Which linear functions can they no longer compute?",
            "--set num_hidden=1",
            "13 parameters against 15. All three outputs depend on one number, the hidden unit: "
            "they lie on a line in space. The one layer can compute any linear function of the "
            "four inputs, also those whose outputs fill the space.",
            {"13": "printed", "15": "printed"},
        ),
        Exercise(
            "How far is the network with ReLU from the one layer? Can another single layer be "
            "closer to it at all points?",
            "",
            "The largest difference is 116. No single layer can follow: it is linear, and ReLU "
            "bends the function at each hidden unit. That is what depth needs to be useful.",
            {"116": "largest difference, ReLU"},
        ),
    ),
    "dense-from-scratch": (
        Exercise(
            "Compute how many parameters the layer has with 64 units on 4 inputs. Then compare "
            "with the shapes that both programs print.",
            "--set num_units=64",
            "4·64 + 64 = 320: a weight of shape [4, 64] and a bias of shape [1, 64]. The built-in "
            "layer has a bias of shape [64], which is as many numbers.",
            {"[4, 64]": "printed", "[1, 64]": "printed"},
        ),
        Exercise(
            "The gradient is that of the sum of the squared outputs. Why is every element of the "
            "gradient of the bias positive, whatever the points are?",
            "",
            "Each example adds 2·y·y·(1 - y), and a sigmoid y is between 0 and 1, so every term "
            "is positive. For the first unit the sum is 4.83. The gradient of the weight also has "
            "the factor x, which can be negative: its first element is -0.84.",
            {"4.83": "gradient of the bias[0]", "-0.84": "gradient of the weight[0]"},
        ),
        Exercise(
            "Run it with another seed. The outputs change; do the weights? How can you tell?",
            "--seed 1",
            "The weights stay: their seeds are in the program, and the seed of the command only "
            "draws the points. The first output is 0.86 instead of 0.38.",
            {"0.86": "by hand[0]", "0.38": "default | by hand[0]"},
        ),
    ),
    "optimizers-by-hand": (
        Exercise(
            "The valley is twenty times steeper across than along. After 20 steps, where along "
            "the valley is gradient descent, and where is momentum? Which is better?",
            "",
            "They begin at 2. Gradient descent is at 1.34: a learning rate that is safe across "
            "the valley is slow along it. Momentum is at -0.54: it has collected speed, passed "
            "the minimum at 0, and swings back. After 20 steps momentum is nearer, and still "
            "moving.",
            {"1.34": "gradient descent[-2]", "-0.54": "momentum[-2]"},
        ),
        Exercise(
            "The average starts at 0. The first value of the series is 2.25. What are the first "
            "average and the first corrected average with beta 0.98?",
            "--set beta=0.98",
            "The first average is 0.045, which is (1 - 0.98)·2.25: the 0 at the start has the "
            "weight 0.98. The correction divides by 1 - 0.98 and returns 2.25. Adam divides its "
            "averages in the same way, or its first steps would be too small.",
            {"0.045": "average[0]", "2.25": "average, corrected[0]"},
        ),
        Exercise(
            "Which of the rules 1/(1+epoch), 0.95^epoch and 1/sqrt(epoch) has the lowest learning "
            "rate after 10 epochs, and which after 100?",
            "--set num_epochs=100",
            "After 10 epochs 1/(1+epoch), with 0.0018. After 100 epochs 0.95^epoch, with 0.00012 "
            "against 0.00020: an exponential falls below any power in the end. 1/sqrt(epoch) is "
            "still at 0.0020.",
            {
                "0.0018": "1/(1+epoch)[9]",
                "0.00012": "0.95^epoch[-1]",
                "0.00020": "1/(1+epoch)[-1]",
                "0.0020": "1/sqrt(epoch)[-1]",
            },
        ),
    ),
    "initialization": (
        Exercise(
            "He's rule keeps the deviation of the signal near 1 over 50 layers of ReLU. Does it "
            "over 200? What does SELU have that He's rule has not?",
            "--set depth=200",
            "It is 0.80 after 50 layers and 0.29 after 200. He's rule keeps the expected size; in "
            "layers of 100 units each factor differs a little from 1, and the product drifts. "
            "SELU pulls the deviation back at every layer: after 1,000 layers it is 0.99.",
            {
                "0.80": "default | ReLU, sqrt(2/n)[-1]",
                "0.29": "ReLU, sqrt(2/n)[-1]",
                "0.99": "SELU, 1,000 layers: deviation[-1]",
            },
        ),
        Exercise(
            "With sigma 1, how large is the deviation of the ReLU signal after 20 layers? float32 "
            "ends at 3.4e38: why is the deviation already infinite after 30 layers?",
            "--set depth=20",
            "6.0e16: each layer multiplies by about sqrt(100/2), which is 7. After 30 layers the "
            "signal is near 1e25; the deviation needs its square, which is more than 3.4e38. The "
            "signal itself lasts some layers longer, and is NaN after 50.",
            {"6.0e16": "ReLU, sigma 1[-1]"},
        ),
        Exercise(
            "tanh with sigma 1 keeps the deviation at 0.96 over any number of layers. Why is it a "
            "bad initialization all the same?",
            "",
            "A deviation of 0.96 means that nearly all units are at -1 or 1. There tanh is flat: "
            "its derivative is nearly 0, and so is the gradient that reaches the first layers. "
            "With sqrt(1/n) the deviation is 0.097, and tanh is nearly linear there.",
            {"0.96": "tanh, sigma 1[-1]", "0.097": "tanh, sqrt(1/n)[-1]"},
        ),
    ),
    "dropout-by-hand": (
        Exercise(
            "Keep half of the activations. What is the mean after dropout, and what would it be "
            "without the division by keep_prob?",
            "--set keep_prob=0.5",
            "0.995 with the division, as before dropout (0.999), and 0.498 without. Without it, "
            "the next layer would see half the input in training and all of it in use.",
            {
                "0.995": "mean after",
                "0.999": "mean before",
                "0.498": "mean after, not divided",
            },
        ),
        Exercise(
            "All activations are below 1.5. Why is the largest one after dropout with keep_prob "
            "0.8 larger than that?",
            "",
            "It is 1.87: each activation that is kept is divided by 0.8. The sum stays the same "
            "on average, because 20 % are 0.",
            {"1.87": "by hand.max", "20 %": "share dropped"},
        ),
        Exercise(
            "Which keep_prob turns dropout off, and which rate is that in TensorFlow 2? What "
            "happens to a TF1 program that feeds this number as rate?",
            "--set keep_prob=1",
            "keep_prob 1 drops 0 elements, and is rate 0. As a rate, 1 drops everything: see "
            "tfmigrate lesson keep-prob.",
            {"0": "share dropped"},
        ),
    ),
}
