"""Other people's checkpoints, graphs and SavedModels: what becomes of each, as planned."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError

pytestmark = pytest.mark.xdist_group("corpus")

# Those that do not become Keras models, and what becomes of them.
VARIABLES = {
    "bsivanantham__word2vec/model.ckpt",
    "chrismattmann__MLwithTensorFlow2ed/hist_3f178fe6/ch4-softmax-netflix-sentiment.ckpt",
    "chrismattmann__MLwithTensorFlow2ed/hist_f762ac4a/spikes.ckpt",
    "darienmt__intro-to-tensorflow/model.ckpt",
    "darienmt__intro-to-tensorflow/model_names.ckpt",
}
LIFTED = {
    "GoogleCloudPlatform__asl-ml-immersion/churn/",  # tests strings for equality
    "onnx__tensorflow-onnx/saved_model_assign/",
}
REFUSED = {
    "BenjyWP__deep_meta-learning_guidance_law/fragments/index_meta_no_data/model.ckpt-9247499.index",
    "Roodmaster__rnn-lstm-tensorflow/fragments/index_meta_no_data/model.ckpt-171999.index",
    "chrismattmann__MLwithTensorFlow2ed/tf_ckpts/ckpt-3",
    "google-deepmind__sonnet/cifar10_convnet/checkpoint-1",
    "google-deepmind__sonnet/conv2d_lstm/checkpoint-1",
    "keras-team__tf-keras/lso_ckpt_tf2.2/ckpt",
    "tensorflow__serving/saved_model_counter/00000123/",
    "yenchenlin__DeepLearningFlappyBird/fragments/meta_only/bird-dqn-2920000.meta",
}


def test_every_entry_becomes_what_it_can(shared: Path) -> None:
    with (shared / "corpus" / "MANIFEST.tsv").open(encoding="utf-8") as file:
        entries = [line["id"] for line in csv.DictReader(file, delimiter="\t")]
    expected = dict.fromkeys(entries, "keras")
    for outcome, names in (("variables", VARIABLES), ("lifted", LIFTED), ("refused", REFUSED)):
        assert names <= expected.keys()
        expected |= dict.fromkeys(names, outcome)
    found = {}
    for entry in entries:
        try:
            found[entry] = convert(shared / "corpus" / entry, dry_run=True).report["outcome"]
        except UserError:
            found[entry] = "refused"
    assert found == expected
