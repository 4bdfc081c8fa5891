"""Everything that is worth looking at before a long training, in seconds: data, network, loss, step and rate.

Tip C1 of the catalogue: see whether the model can overfit a small set; if not, try a lower rate, then check what the
loader really gives, then whether each layer's size is as expected.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from suite.training import overfit as tiny
from suite.training.build import arguments
from suite.training.data_cache import Dataset
from suite.training.finding import Finding
from suite.training.findings import Measured, find
from suite.training.inspect_data import inspect_data
from suite.training.inspect_model import inspect_model
from suite.training.loaded import Loaded, load_examples
from suite.training.overfit import Make, make_parts
from suite.trial_result import Settings


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What was measured and what follows from it."""

    measured: Measured
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The faults among the findings."""
        return tuple(finding for finding in self.findings if finding.wrong)


def check(settings: Settings, dataset: Dataset, seed: int, *, swept_rates: Sequence[float] = ()) -> Checkup:
    """Of an arm, as its settings make it. The same answer for the same settings, data and seed.

    Raises ValueError if the data set has too few examples.
    """
    return check_loaded(settings, load_examples(settings, dataset, seed), seed, swept_rates=swept_rates)


def check_loaded(settings: Settings, loaded: Loaded, seed: int, *, swept_rates: Sequence[float] = ()) -> Checkup:
    """Of examples that are loaded already."""
    torch.set_num_threads(int(arguments(settings, "engine").get("threads", 1)))
    meant = any(key.endswith(".fixed") and value is True for key, value in settings.items())
    make = make_parts(settings, loaded, seed)
    return check_parts(make, loaded, seed, swept_rates=swept_rates, freezing_meant=meant)


def check_parts(
    make: Make, loaded: Loaded, seed: int, *, swept_rates: Sequence[float] = (), freezing_meant: bool = False
) -> Checkup:
    """Of any parts and examples, with whatever faults they have."""
    with torch.random.fork_rng(devices=()):
        data, model = inspect_data(loaded), inspect_model(make, loaded, seed)
        learnt, old_gradients = None, 0.0
        if not model.problem:
            old_gradients = tiny.keeps_old_gradients(make, loaded, seed)
            learnt = tiny.overfit(make, loaded, seed)
    measured = Measured(
        data=data,
        classes=len(loaded.classes),
        model=model,
        overfit=learnt,
        old_gradients=old_gradients,
        freezing_meant=freezing_meant,
        swept_rates=tuple(swept_rates),
    )
    return Checkup(measured=measured, findings=find(measured))
