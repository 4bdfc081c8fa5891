"""All figures of a report, in the order of the page."""

from suite.report.evidence import Evidence
from suite.report.figures.answers import answers
from suite.report.figures.cost import cost
from suite.report.figures.curves import curves
from suite.report.figures.filters import filters
from suite.report.figures.forest import forest
from suite.report.figures.pairs import pairs
from suite.report.figures.recall import recall
from suite.report.figures.sensitivity import sensitivity
from suite.report.figures.style import Arms, Figure
from suite.report.figures.tuning import budget, tuned_against_default

_MAKERS = (forest, curves, pairs, sensitivity, cost, tuned_against_default, budget, filters, recall, answers)


def every_figure(evidence: Evidence) -> dict[str, Figure]:
    """By slug; a figure that has nothing to show yet is left out."""
    arms = Arms(evidence.arms)
    made = (maker(evidence, arms) for maker in _MAKERS)
    return {figure.slug: figure for figure in made if figure is not None}
