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
# # F. Pitfalls
#
# Six traps of TF1, and of programs that were ported from it. Each shows what happens, why, and
# the cure, on both sides.
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
# ## keep_prob became rate
#
# The second argument of tf.nn.dropout is the share to keep in TF1, and the share to drop in TF2.
# For which value do both readings train alike?

# %%
tfmigrate.compare("keep-prob", settings={"keep_prob": 0.5, "epochs": 2})

# %% [markdown]
# ## A graph that is built twice
#
# The loss falls, and the accuracy never changes.

# %%
tfmigrate.lesson("stale-graph", "trap")

# %%
tfmigrate.compare("stale-graph", settings={"epochs": 3})

# %% [markdown]
# ## Variables without names
#
# Nothing to set here: read the error, and then the values that were restored without one.

# %%
tfmigrate.compare("unnamed-variables")
