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
# # A. First principles
#
# One neuron, layers without a nonlinearity, and dropout by hand. Both sides return numbers, which
# are compared one by one.
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
# ## One neuron
#
# A placeholder becomes an argument, and a graph that runs in a session becomes a call. The lesson
# shows both programs side by side.

# %%
tfmigrate.lesson("perceptron", "forward")

# %% [markdown]
# Before you run the next cell: with a bias of 0, what is the output at (0, 0)? Does it depend on
# the weights?

# %%
tfmigrate.compare("perceptron", settings={"bias": 0.0})

# %% [markdown]
# ## Depth without a nonlinearity
#
# Three linear layers equal one. With 256 hidden units there are 67,843 parameters, and no more
# functions than with 15.

# %%
linear = tfmigrate.compare("linear-collapse", settings={"num_hidden": 256})
assert linear  # a result is true where both sides agree
linear

# %% [markdown]
# ## Dropout
#
# Half of the activations become 0, and the mean stays. Look for "mean after, not divided" in the
# table.

# %%
tfmigrate.compare("dropout-by-hand", settings={"keep_prob": 0.5})

# %% [markdown]
# ## Exercises
#
# Each lesson ends with three questions. The answers open on a click.

# %%
tfmigrate.lesson("dropout-by-hand")
