"""A real design over made-up measurements: what the verdict sees when trials have run."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from suite.spec.ablation import Ablation
from suite.spec.design import Design, Point
from suite.spec.trials import Trial
from suite.spec.workload import Workload
from suite.trial_result import EpochRecord, TrialResult, pack_correctness
from suite.verdict.judge import judge
from suite.verdict.models import AblationVerdict, ClaimVerdict

GRID = (0.01, 0.1, 1.0)
BEST = (("optimizer.lr", 0.1),)
_COMMON = {"engine.device": "cpu", "engine.validation_examples": 1000}
CLAIM = {"variant": "new", "reference": "old", "metric": "test_accuracy", "expect": "better", "margin": 0.5}


def curve(*values: float, seconds: float = 1.0) -> tuple[EpochRecord, ...]:
    """Epochs with these validation metrics."""
    return tuple(
        EpochRecord(
            epoch=i,
            train_loss=1.0,
            train_metric=value,
            val_loss=1.0,
            val_metric=value,
            learning_rate=0.1,
            gradient_norm=1.0,
            seconds=seconds,
            examples=100,
        )
        for i, value in enumerate(values, 1)
    )


def result(
    trial: Trial,
    accuracy: float = 0.9,
    *,
    status: str = "completed",
    correct: np.ndarray | None = None,
    epochs: tuple[EpochRecord, ...] | None = None,
    provenance: dict[str, Any] | None = None,
    **measurements: float,
) -> TrialResult:
    """What the trial measured: the same accuracy on validation and test data, unless `measurements` say otherwise."""
    done, tested = status == "completed", trial.purpose == "evaluation" and status == "completed"
    measured = {"val_accuracy": accuracy, "val_loss": 1 - accuracy, "parameters": 1000.0, "train_seconds": 2.0}
    measured |= {"test_accuracy": accuracy, "test_loss": 1 - accuracy} if tested else {}
    curves = epochs or curve(accuracy / 2, accuracy)
    return TrialResult(
        trial_id=trial.id,
        settings=trial.settings,
        seed=trial.seed,
        purpose=trial.purpose,
        data_fingerprint=trial.data_fingerprint,
        status=status,  # type: ignore[arg-type]
        reason=None if done else f"it {status}",
        epochs=curves,
        metric_name="accuracy",
        selected_epoch=len(curves) if done else None,
        measurements={**measured, **measurements} if done else {"parameters": 1000.0},
        test_correct=pack_correctness(correct) if correct is not None else None,
        test_examples=(10_000 if correct is None else correct.size) if tested else 0,
        provenance=provenance or {},
    )


class World:
    """An ablation with arms such as `new` and `old`, whose trials are measured as told."""

    def __init__(
        self,
        *,
        workloads: Sequence[str] = ("digits", "glyphs"),
        grid: Sequence[float] = GRID,
        tuning: str = "shared",
        max_pairs: int | None = None,
        same_arms: bool = False,
        arms: Sequence[str] = ("new", "old"),
        **claims: dict[str, Any],
    ) -> None:
        named = claims or {"claim": CLAIM}
        ablation = Ablation.model_validate(
            {
                "id": "tip",
                "path": "tip.yaml",
                "tip": "a tip",
                "quote": "a tip",
                "source": "A1",
                "workloads": {"quick": list(workloads)},
                "arms": {arm: {} for arm in arms},
                "sweep": {"optimizer.lr": list(grid)} if grid else {},
                "tuning": tuning,
                "claims": {
                    name: {**CLAIM, "primary": i == 0, **claim} for i, (name, claim) in enumerate(named.items())
                },
            }
        )
        self.results: dict[str, TrialResult] = {}
        self.design = Design(
            ablation=ablation,
            scale="quick",
            workloads=tuple(_workload(name) for name in workloads),
            device="cpu",
            fingerprints={name: f"sha of {name}" for name in workloads},
            max_pairs=max_pairs,
        )
        self._resolve(same_arms)

    @property
    def workloads(self) -> tuple[str, ...]:
        return tuple(workload.id for workload in self.design.workloads)

    def tune(
        self, arm: str, workload: str | None = None, *, best: Point = BEST, accuracy: float = 0.9, **kwargs: Any
    ) -> None:
        """Runs the arm's sweep: `accuracy` at the best point, a tenth less elsewhere."""
        for name in [workload] if workload else self.workloads:
            for point in self.design.points(arm):
                for seed in self.tuning_seeds():
                    score = accuracy if point == best or not point else accuracy - 0.1
                    self.keep(result(self.design.tuning_trial(name, arm, point, seed), score, **kwargs))

    def tuning_seeds(self) -> Iterable[int]:
        return sorted({seed for pair in range(max(self.design.looks)) for seed in self.design.tuning_seeds(pair)})

    def evaluate(
        self, arm: str, accuracies: Iterable[float], workload: str | None = None, *, point: Point = BEST, **kwargs: Any
    ) -> None:
        """Runs pairs 0, 1, ... of the arm with these test accuracies."""
        listed = list(accuracies)
        for name in [workload] if workload else self.workloads:
            for pair, accuracy in enumerate(listed):
                self.keep(result(self.design.evaluation_trial(name, arm, point, pair), accuracy, **kwargs))

    def keep(self, *results: TrialResult) -> None:
        self.results |= {item.trial_id: item for item in results}

    def drop(self, trial: Trial) -> None:
        del self.results[trial.id]

    def judge(self) -> AblationVerdict:
        return judge(self.design, self.results)

    def claim(self, name: str = "claim") -> ClaimVerdict:
        return next(claim for claim in self.judge().claims if claim.name == name)

    def _resolve(self, same_arms: bool) -> None:
        """Settings that stand for themselves: the verdict does not care what they mean."""
        for workload in self.workloads:
            for arm in self.design.ablation.arms:
                for point in (*self.design.points(arm), ()):
                    settings = {"model": "any" if same_arms else arm, **_COMMON, **dict(point)}
                    self.design._settings[workload, arm, point, False] = settings


def noisy(centre: float, n: int = 20, spread: float = 0.002, seed: int = 0) -> list[float]:
    return list(centre + spread * np.random.default_rng(seed).standard_normal(n))


def tuned(**kwargs: Any) -> World:
    """A world in which all sweeps are complete."""
    world = World(**kwargs)
    best = BEST if world.design.ablation.sweep else ()
    for arm in world.design.ablation.arms:
        world.tune(arm, best=best)
    return world


def _workload(name: str) -> Workload:
    return Workload.model_validate(
        {
            "id": name,
            "description": name,
            "source": "made up",
            "licence": "none",
            "settings": {"data": "none"},
            "scales": {"quick": {}},
        }
    )
