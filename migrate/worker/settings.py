"""What TensorFlow runs under while parity is judged: devices, threads, determinism, precision."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

from ..errors import UserError


def apply(device: str = "cpu", *, logical_cpus: int = 1) -> str:
    """Pins what would make the same program give other numbers, and finds the device.

    TensorFloat-32 is off and op determinism is on. Call before anything is computed; calling
    again with the same arguments does nothing.

    Args:
        device: ``cpu``, ``gpu``, or with a number: ``cpu:1``.
        logical_cpus: how many CPU devices to divide the CPU into.

    Returns:
        TensorFlow's name of the device: ``/CPU:0``.

    Raises:
        UserError: TensorFlow sees no such device.
    """
    if logical_cpus > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(logical_cpus)]
        tf.config.set_logical_device_configuration(cpu, parts)
    pin()
    kind, _, number = device.upper().partition(":")
    name = f"/device:{kind}:{number or 0}"
    seen = [d.name for d in tf.config.list_logical_devices()]
    if name not in seen:
        listed = ", ".join(d.removeprefix("/device:") for d in seen)
        reason = "" if tf.test.is_built_with_cuda() else " (this build has no GPU support)"
        raise UserError(f"there is no device {device}: TensorFlow sees {listed}{reason}")
    return name


def pin() -> None:
    """Turns TensorFloat-32 off and op determinism on."""
    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.config.experimental.enable_op_determinism()


def as_delivered(keras: Any, floatx: str = "float32") -> None:
    """Keras as it is without ``~/.keras/keras.json`` and without what earlier jobs left.

    Args:
        keras: Keras 3 or tf-keras.
        floatx: what layers compute in.
    """
    # Layers without a name are counted from one again; and Keras 3 keeps the policy that it made
    # of an earlier floatx.
    keras.backend.clear_session()
    keras.backend.set_floatx(floatx)
    keras.backend.set_epsilon(1e-7)
    keras.backend.set_image_data_format("channels_last")


def describe() -> dict[str, Any]:
    """The versions and float settings in force, for reports."""
    import keras

    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0",
        "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
        "deterministic": True,
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),
        "devices": [d.name.removeprefix("/device:") for d in tf.config.list_logical_devices()],
    }
