# Shared setup of the findings: a temporary folder and pinned environments in it. Source it, do not run it.
# FINDINGS_ENVS names a folder that keeps the environments from one run to the next; without it each run makes its own.
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
export WORK KERAS_HOME="$WORK/keras" KERAS_BACKEND=tensorflow
export CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0 PYTHONWARNINGS=ignore
unset PYTHONPATH PYTHONHOME TF_USE_LEGACY_KERAS

# environment NAME PYTHON PIN...: makes the environment $WORK/NAME with exactly the pinned packages.
environment() {
  local folder="$WORK/$1"
  if [ -n "${FINDINGS_ENVS:-}" ]; then
    folder="$FINDINGS_ENVS/$(printf '%s\n' "${@:2}" | cksum | cut -d' ' -f1)"
    ln -s "$folder" "$WORK/$1"
    if [ -e "$folder/complete" ]; then return; fi
    rm -rf "$folder"
    mkdir -p "$FINDINGS_ENVS"
  fi
  "$2" -m venv "$folder"
  "$folder/bin/pip" install -q --disable-pip-version-check "${@:3}"
  touch "$folder/complete"
}

# tensorflow1: the environment tf1 with TensorFlow 1.15.5, which needs Python 3.7.
tensorflow1() {
  environment tf1 "${PYTHON37:-python3.7}" tensorflow==1.15.5 protobuf==3.20.3 numpy==1.18.5
}

# modern PIN...: the environment modern with TensorFlow 2.21.0, Keras 3.15.1 and the pins given.
modern() {
  environment modern "${PYTHON:-python3.11}" tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6 "$@"
}
