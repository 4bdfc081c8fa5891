"""No tip of the collections is without an ablation."""

from pathlib import Path

import pytest

from suite.spec.ablation import find_ablations, load_ablation

ROOT = Path(__file__).parents[1]
TIPS = [
    f"{collection}{number}" for collection, last in (("A", 15), ("B", 14), ("C", 19)) for number in range(1, last + 1)
]
ROWS = (
    "conv3x3_stack", "conv_1xn", "init_scheme", "bn_vs_dropout", "fpn_vs_no_fpn", "sgd_vs_adam", "activation",
    "batch_size", "initial_lr", "multistep_schedule", "zero_center", "residual_dense", "focal_loss",
    "metric_choice", "finetune_vs_scratch", "upsample_vs_deconv", "whitening", "shuffle", "sobel_first_layer",
    "dropout_as_ensemble", "binary_then_finetune", "lrn", "filters_pow2", "multiscale", "first_layer_width",
    "overfit_small_set", "early_stopping", "curve_diagnosis", "small_subset_tuning", "known_good_skeleton",
    "adam_lr", "radam", "cosine_tmax", "grad_clip", "lstm_init", "norm_dropout_placement", "rnn_layer_norm",
    "metric_learning_order", "triplet_margin", "batch_size_one", "embed_vs_hidden", "lstm_depth",
    "weight_decay", "cnn_depth", "gru_vs_lstm", "strong_baseline", "padding_length", "data_over_model",
    # rows that name several families have an ablation in each
    "focal_loss_det", "finetune_vs_scratch_det", "binary_then_finetune_det", "multiscale_seg",
    "norm_dropout_placement_seq",
    *(f"{row}_seq" for row in ("sgd_vs_adam", "batch_size", "batch_size_one", "adam_lr", "radam", "cosine_tmax")),
    *(f"{row}_lm" for row in ("sgd_vs_adam", "batch_size", "batch_size_one", "adam_lr", "radam", "grad_clip")),
    *(f"{row}_lm" for row in ("lstm_init", "rnn_layer_norm", "embed_vs_hidden", "lstm_depth", "gru_vs_lstm")),
    *(f"{row}_seq" for row in ("weight_decay", "shuffle", "early_stopping", "overfit_small_set", "strong_baseline")),
    "data_over_model_seq", "grad_clip_high_rate", "grad_clip_high_rate_lm",
    # controls
    "conv_1xn_squares", "multiscale_one_size",
)  # fmt: skip
FOR_A_GPU = (
    "finetune_imagenet", "finetune_imagenet_det", "finetune_vs_scratch_torchvision", "focal_loss_torchvision",
    "fpn_vs_no_fpn_resnet50",
)  # fmt: skip
ABLATIONS = {path.stem: path for path in find_ablations(ROOT / "ablations")}


@pytest.mark.parametrize("tip", TIPS)
def test_every_tip_has_an_ablation(tip: str) -> None:
    assert any(tip in load_ablation(str(path)).source.split(", ") for path in ABLATIONS.values())


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_catalogue_is_there(row: str) -> None:
    assert "quick" in load_ablation(str(ABLATIONS[row])).workloads


def test_no_ablation_is_missing_from_the_rows_or_gone_from_the_folder() -> None:
    assert set(ABLATIONS) == {*ROWS, *FOR_A_GPU}
