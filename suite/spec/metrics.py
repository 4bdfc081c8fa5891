"""What a claim may be about: each metric's unit, direction and default margin (see docs/verdict.md)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["points", "nats", "log_ratio"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """How differences of one measurement are expressed.

    points: 100 x (variant - reference) of a fraction. nats: variant - reference. log_ratio: log(variant / reference).
    """

    label: str
    unit: Unit
    higher_is_better: bool
    default_margin: float
    """In the unit; for points it is a ceiling: the margin is min(this, 10 % of the reference arm's error)."""
    fixed_margin: bool = False
    """Points that are no accuracy: the default margin does not depend on the reference arm's error."""
    from_curve: bool = False
    """Computed from the validation curve and a target frozen on tuning seeds, not stored with the trial."""
    yes_or_no: bool = False
    """Of a single run it is 0 or 1, so that few runs that agree say little."""
    derived: bool = False
    """Computed when a claim is judged, from all that is stored, and known of runs that diverged as well."""
    timed: bool = False
    """A time, which depends on the device and on who else uses it."""
    evaluation_only: bool = False
    """Measured on the test set, so only in evaluation trials."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Mechanisms without which nobody measures it, by slot."""

    @property
    def of_test_examples(self) -> bool:
        """Another test set would have another value."""
        return self.evaluation_only and not self.timed


_FIVE_PERCENT = math.log(1.05)

METRICS: dict[str, Metric] = {
    "test_accuracy": Metric(
        label="test accuracy", unit="points", higher_is_better=True, default_margin=0.5, evaluation_only=True
    ),
    "test_macro_f1": Metric(
        label="test macro-F1",
        unit="points",
        higher_is_better=True,
        default_margin=0.5,
        evaluation_only=True,
        needs={"task": "classification"},
    ),
    "test_loss": Metric(
        label="test loss", unit="nats", higher_is_better=False, default_margin=0.01, evaluation_only=True
    ),
    "test_perplexity": Metric(
        label="test perplexity",
        unit="log_ratio",
        higher_is_better=False,
        default_margin=math.log(1.01),
        evaluation_only=True,
        needs={"task": "continuation"},
    ),
    "test_mean_average_precision": Metric(
        label="test mAP",
        unit="points",
        higher_is_better=True,
        default_margin=1.0,
        evaluation_only=True,
        needs={"task": "detection"},
    ),
    **{
        f"test_recall{size}": Metric(
            label=f"test recall{of}",
            unit="points",
            higher_is_better=True,
            default_margin=1.0,
            evaluation_only=True,
            needs={"task": "detection"},
        )
        for size, of in {
            "": "",
            "_small": " of small objects",
            "_medium": " of medium objects",
            "_large": " of large objects",
        }.items()
    },
    "test_mean_iou": Metric(
        label="test mean IoU",
        unit="points",
        higher_is_better=True,
        default_margin=0.5,
        evaluation_only=True,
        needs={"task": "segmentation"},
    ),
    "test_border_f1": Metric(
        label="test border F1",
        unit="points",
        higher_is_better=True,
        default_margin=0.5,
        evaluation_only=True,
        needs={"task": "segmentation"},
    ),
    **{
        f"test_border_{what}": Metric(
            label=f"{what} of predicted borders",
            unit="log_ratio",
            higher_is_better=False,
            default_margin=math.log(1.01),
            evaluation_only=True,
            needs={"task": "segmentation"},
        )
        for what in ("length", "roughness")
    },
    "test_map_at_r": Metric(
        label="test MAP@R",
        unit="points",
        higher_is_better=True,
        default_margin=1.0,
        evaluation_only=True,
        needs={"task": "retrieval"},
    ),
    "test_recall_at_1": Metric(
        label="test recall@1",
        unit="points",
        higher_is_better=True,
        default_margin=0.5,
        evaluation_only=True,
        needs={"task": "retrieval"},
    ),
    "test_collapsed": Metric(
        label="collapsed embeddings",
        unit="points",
        higher_is_better=False,
        default_margin=10.0,
        fixed_margin=True,
        yes_or_no=True,
        evaluation_only=True,
        needs={"task": "retrieval"},
    ),
    "train_accuracy": Metric(
        label="training accuracy",
        needs={"task": "classification"},
        unit="points",
        higher_is_better=True,
        default_margin=5.0,
        fixed_margin=True,
    ),
    "abnormal_curve": Metric(
        label="abnormal loss curves",
        unit="points",
        higher_is_better=False,
        default_margin=10.0,
        fixed_margin=True,
        yes_or_no=True,
        derived=True,
    ),
    "tuning_seconds": Metric(
        label="tuning time",
        unit="log_ratio",
        higher_is_better=False,
        default_margin=_FIVE_PERCENT,
        timed=True,
        derived=True,
    ),
    "epochs_to_target": Metric(
        label="epochs to target",
        unit="log_ratio",
        higher_is_better=False,
        default_margin=_FIVE_PERCENT,
        from_curve=True,
    ),
    "seconds_to_target": Metric(
        label="seconds to target",
        unit="log_ratio",
        higher_is_better=False,
        default_margin=_FIVE_PERCENT,
        timed=True,
        from_curve=True,
    ),
    "train_seconds": Metric(
        label="training time", unit="log_ratio", higher_is_better=False, default_margin=_FIVE_PERCENT, timed=True
    ),
    "scoring_seconds": Metric(
        label="scoring time",
        unit="log_ratio",
        higher_is_better=False,
        default_margin=_FIVE_PERCENT,
        timed=True,
        evaluation_only=True,
    ),
    "parameters": Metric(label="parameters", unit="log_ratio", higher_is_better=False, default_margin=_FIVE_PERCENT),
    "flops_per_example": Metric(
        label="training FLOPs per example", unit="log_ratio", higher_is_better=False, default_margin=_FIVE_PERCENT
    ),
    "tokens_per_second": Metric(
        label="tokens per second", unit="log_ratio", higher_is_better=True, default_margin=_FIVE_PERCENT, timed=True
    ),
    "padding_share": Metric(
        label="share of padding", unit="points", higher_is_better=False, default_margin=1.0, fixed_margin=True
    ),
    "peak_memory_bytes": Metric(
        label="peak memory", unit="log_ratio", higher_is_better=False, default_margin=_FIVE_PERCENT
    ),
    "edge_energy": Metric(
        label="energy of edge filters",
        unit="points",
        higher_is_better=True,
        default_margin=5.0,
        fixed_margin=True,
        needs={"probe": "edges"},
    ),
}
