"""The message above the effects is one sentence, however many claims it tells of."""

import dataclasses

from built_verdicts import claim, workload

from suite.report.figures import forest


def test_the_primary_claim_is_told_and_the_others_are_counted() -> None:
    helps = claim(workload([(0.9, 0.8), (0.91, 0.8)]), verdict="helps", outcome="supported")
    undecided = dataclasses.replace(helps, verdict="inconclusive", outcome="undecided", primary=False)
    primary = dataclasses.replace(helps, primary=True)
    assert forest._message([undecided, primary]).endswith(" helps; 0 of 1 other claim decided")
    assert forest._message([primary, undecided, undecided]).endswith(" helps; 0 of 2 other claims decided")
    assert forest._message([primary]).endswith(" helps")
