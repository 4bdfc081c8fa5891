"""The message above the effects is one sentence, however many claims it tells of."""

from built_verdicts import claim, workload

from suite.report.figures import forest


def test_only_the_first_of_several_outcomes_begins_with_a_capital() -> None:
    undecided = claim(workload([(0.9, 0.9), (0.91, 0.9)]), verdict="inconclusive", outcome="undecided")
    said = forest._message([undecided, undecided])
    assert said.startswith("Whether ")
    assert "; whether " in said
