# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # B. MNIST
#
# Softmax regression and a network with one hidden layer, on handwritten digits that are part of
# the package. All forms start from the same weights and use the same batches.
#
# The first cell installs tfmigrate where it is missing. It needs Python 3.11 or newer, no GPU and,
# once installed, no network.

# %%
import importlib.util
import os
import subprocess
import sys

# Keras 3 on TensorFlow in this notebook; tfmigrate sets what its own processes need.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_USE_LEGACY_KERAS"] = "0"
if importlib.util.find_spec("tfmigrate") is None:
    package = ".." if os.path.exists("../pyproject.toml") else "tfmigrate"  # a clone, or elsewhere
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", package], check=True)

import tfmigrate

# %% [markdown]
# ## Softmax regression
#
# A TF1 session, a TF2 tape, Keras fit and an epoch as one function: the losses agree bit for bit.

# %%
softmax = tfmigrate.compare("softmax", epochs=3)
softmax

# %% [markdown]
# A result is also data: a list of rows, one for each form and epoch.

# %%
softmax.to_rows()[:4]  # to_frame() makes a pandas.DataFrame of them

# %% [markdown]
# ## A learning rate that is too large
#
# The loss jumps. Do TF1 and TF2 still agree? Look at the verdict.

# %%
tfmigrate.compare("softmax", epochs=3, learning_rate=50.0)

# %% [markdown]
# ## A hidden layer
#
# The optimizer is the part that a port changes most: an op of the graph, a loop over gradients,
# or an argument of compile().

# %%
tfmigrate.lesson("mlp", "optimizer")

# %%
tfmigrate.compare("mlp", epochs=2, settings={"num_hidden": 32})
