"""stale-graph in TensorFlow 2: a model is an object, so loss and accuracy cannot part."""

import keras
import numpy as np
import tensorflow as tf

# --- inputs
# None: fit and evaluate take arrays.


# --- forward
def build_model(num_inputs, num_classes):
    """Its variables belong to it; whatever uses the model uses these."""
    tf.random.set_seed(0)
    # TensorFlow's own random numbers, not keras.initializers', to start where TF1 starts.
    kernel = tf.random.normal([num_inputs, num_classes], seed=1)
    dense = keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input((num_inputs,)), dense])
    dense.kernel.assign(kernel)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    sgd = keras.optimizers.SGD(0.001)
    model.compile(sgd, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def run(model, arrays, epochs):
    """Trains, and gives loss and accuracy on the test set after each epoch."""
    x_train, y_train, x_test, y_test = arrays
    history = []
    for epoch in range(epochs):
        model.fit(x_train, y_train, batch_size=128, shuffle=False, verbose=0)
        model.reset_metrics()
        history.append(model.test_on_batch(x_test, y_test))  # the whole set at once, as in TF1
        print(f"epoch {epoch + 1}: loss {history[-1][0]:.6g}, accuracy {history[-1][1]:.4f}")
    losses, accuracies = np.array(history, np.float32).T
    return {"loss": losses, "accuracy": accuracies}


# --- trap
# None: a second model is a second name, and fit and evaluate are asked of one of the two.


# --- cure
def cure(x_train, y_train, x_test, y_test, epochs=5):
    """Train and evaluate the same object."""
    model = build_model(x_train.shape[1], y_train.shape[1])
    return run(model, (x_train, y_train, x_test, y_test), epochs)
