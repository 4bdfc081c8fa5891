import math
import subprocess
import sys

from built_verdicts import claim, open_claim, verdict, workload

from suite.report import words

FASTER = [(3.0, 5.0), (3.2, 5.1), (2.9, 4.9), (3.1, 5.2), (3.0, 4.8)]
BETTER = [(0.940, 0.930), (0.942, 0.931), (0.939, 0.931), (0.941, 0.930), (0.940, 0.929)]
ALIKE = [(0.930, 0.9302), (0.931, 0.9305), (0.929, 0.9293), (0.932, 0.9316), (0.9305, 0.9303)]
LOG_MARGIN = math.log(1.05)


def said(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def test_a_speed_claim_says_how_many_fewer_epochs_with_its_interval() -> None:
    effects = [workload(FASTER, metric="epochs_to_target", margin=LOG_MARGIN, name=name) for name in ("a", "b")]
    text = said(words.sentence(claim(*effects, metric="epochs_to_target", strong=True)))
    assert text == (
        "“bn” clearly helps: 39 % fewer epochs to target than “neither” (37 % to 42 % fewer); "
        "5 pairs on each of 2 workloads."
    )


def test_an_accuracy_claim_is_in_signed_points() -> None:
    text = said(words.sentence(claim(workload(BETTER))))
    assert text.startswith("“bn” helps: +1.02 points of test accuracy against “neither” (+")
    assert text.endswith("5 pairs on digits_cnn.")


def test_a_claim_of_no_difference_says_what_counts_as_none() -> None:
    text = said(words.sentence(claim(workload(ALIKE), verdict="no practical difference")))
    assert "“bn” makes no practical difference to “neither”: +0.01 points of test accuracy (-0.10 to +0.13)" in text
    assert "anything within 0.50 points counts as none" in text


def test_an_undecided_claim_says_where_the_effect_lies_and_what_would_have_been_seen() -> None:
    text = said(words.sentence(claim(workload(ALIKE), verdict="inconclusive", outcome="undecided")))
    assert text.startswith(
        "Whether “bn” differs from “neither” could not be decided: the effect lies between -0.10 and +0.13"
    )
    assert "an effect of 1.10 points would have been seen with 80 % power" in text


def test_an_effect_that_is_there_but_below_the_margin_is_not_called_none() -> None:
    small = [(0.9325, 0.9302), (0.9328, 0.9305), (0.9317, 0.9293), (0.9340, 0.9316), (0.9325, 0.9303)]
    text = said(words.sentence(claim(workload(small), verdict="inconclusive", outcome="undecided")))
    assert text.startswith("“bn” differs from “neither”, but whether by as much as counts could not be decided: ")


def test_what_would_have_been_seen_is_told_in_margins_where_the_interval_is_wider_than_what_is_judged() -> None:
    wild = [(0.9, 0.2), (0.9, 0.9), (0.9, 0.91), (0.91, 0.9), (0.9, 0.905)]
    text = said(words.sentence(claim(workload(wild), verdict="inconclusive", outcome="undecided")))
    assert "margins would have been seen with 80 % power" in text


def test_where_points_and_margins_disagree_on_an_effect_it_is_told_in_the_margins_that_are_judged() -> None:
    steady = workload([(0.905, 0.900), (0.906, 0.900), (0.904, 0.900), (0.905, 0.899), (0.906, 0.901)], margin=0.1)
    wild = workload([(0.9, 0.97), (0.97, 0.9), (0.91, 0.9), (0.9, 0.92), (0.95, 0.9)], margin=50.0, name="glyphs_cnn")
    text = said(words.sentence(claim(steady, wild)))
    assert "“bn” helps: +2.6 margins of test accuracy against “neither” (+1.9 to +3.4), better in 8 of 10 pairs" in text
    assert "+2.6 margins of test accuracy (+1.9 to +3.4)" in said(words.short_sentence(claim(steady, wild)))
    undecided = said(words.sentence(claim(steady, wild, verdict="inconclusive", outcome="undecided")))
    assert "the effect lies between +1.9 and +3.4 margins of test accuracy" in undecided
    assert " margins of" not in words.sentence(claim(steady)), "only where they disagree"


def test_margins_of_a_loss_say_which_way_is_better_and_count_failed_pairs() -> None:
    steady = workload([(0.905, 0.900), (0.906, 0.900), (0.904, 0.900)], metric="test_loss", margin=0.001)
    wild = workload([(0.9, 0.97), (0.97, 0.9), (0.88, 0.9)], metric="test_loss", margin=50.0, name="glyphs_cnn")
    loss = {"metric": "test_loss", "unit": "nats"}
    undecided = said(words.sentence(claim(steady, wild, verdict="inconclusive", outcome="undecided", **loss)))
    assert "margins of test loss (positive is better)" in undecided
    failed = workload([(0.906, 0.900)] * 9 + [(None, 0.900)])
    text = said(words.sentence(claim(failed, verdict="inconclusive", outcome="undecided")))
    assert "margins of test accuracy" in text
    assert "diverged in 1 of 10 runs" in text
    assert "leaves out pairs" not in text, "in margins a failed pair counts"
    assert said(words.plain_interval(claim(failed))).endswith(" margins")


def test_an_interval_that_points_the_other_way_is_not_told() -> None:
    small = workload([(0.905, 0.900), (0.9051, 0.900), (0.9049, 0.900)], margin=0.1)
    large = workload([(0.90, 0.92), (0.90, 0.9201), (0.90, 0.9199)], margin=10.0, name="glyphs_cnn")
    text = said(words.sentence(claim(small, large)))
    assert "-0.7" not in text
    assert "“bn” helps: +2.4 margins of test accuracy" in text


def test_data_sets_that_disagree_are_told_one_by_one() -> None:
    up = workload([(0.91, 0.90), (0.912, 0.90), (0.91, 0.901)])
    down = workload([(0.90, 0.91), (0.90, 0.912), (0.901, 0.91)], name="glyphs_cnn")
    higher = workload([(0.97, 0.90), (0.972, 0.90), (0.97, 0.901)], name="glyphs_cnn")
    lost = workload([(None, 0.90), (None, 0.90), (None, 0.901)], name="glyphs_cnn")
    apart = "; +1.03 points on digits_cnn and -1.03 points on glyphs_cnn; anything"
    assert apart in said(words.sentence(claim(up, down, verdict="no practical difference")))
    assert "+2.1 margins on digits_cnn and -10.0 margins on glyphs_cnn" in said(words.sentence(claim(up, lost)))
    assert " on glyphs_cnn" not in words.sentence(claim(up, higher)), "all go the same way by more than a margin"
    assert " on digits_cnn and " not in words.sentence(claim(up, up)), "they agree"
    undecided = claim(up, higher, verdict="inconclusive", outcome="undecided")
    assert " points on digits_cnn and " in said(words.sentence(undecided)), "nothing decided: each is told"


def test_a_claim_that_goes_on_does_not_pretend_to_be_over() -> None:
    going = claim(workload(ALIKE), verdict="inconclusive", outcome="undecided", decided=False)
    assert "is not decided yet" in words.sentence(going)
    assert "power" not in words.sentence(going)
    assert words.standing(going).endswith("5 of at most 20 pairs: not decided yet")


def test_before_the_first_look_there_is_a_reason_and_no_number() -> None:
    text = words.sentence(open_claim())
    assert text == "Nothing can be said yet about “bn” against “neither”: the sweep is not complete: 3 of 24 trials."
    assert words.standing(open_claim(pairs=2)) == "2 of 5 pairs for the first look"


def test_a_claim_that_can_never_be_measured_says_why() -> None:
    never = open_claim(decided=True, reason="no target for digits_cnn.")
    assert words.sentence(never) == "Nothing can be said about “bn” against “neither”: no target for digits_cnn."
    assert words.standing(never) == "no target for digits_cnn"


def test_where_every_run_failed_the_failures_are_the_finding() -> None:
    dead = claim(workload([(None, 0.93)] * 5), verdict="hurts", outcome="contradicted")
    assert said(words.sentence(dead)) == (
        "“bn” hurts: “bn” diverged in 5 of 5 runs (“neither”: 0 of 5); 5 pairs on digits_cnn."
    )


def test_failures_come_first_where_the_remaining_pairs_point_the_other_way() -> None:
    mixed = claim(workload([(None, 0.93), (None, 0.93), *BETTER]), verdict="hurts", outcome="contradicted")
    text = said(words.sentence(mixed))
    assert text.startswith(
        "“bn” hurts: “bn” diverged in 2 of 7 runs (“neither”: 0 of 7); where both runs have a value, +1.02"
    )


def test_a_single_failure_is_said_after_the_number() -> None:
    values = [(3.0, None), *FASTER, *FASTER]
    text = said(
        words.sentence(claim(workload(values, metric="epochs_to_target", margin=LOG_MARGIN), metric="epochs_to_target"))
    )
    assert "“bn” helps: 39 % fewer epochs to target" in text
    assert "“neither” did not reach the target in 1 of 11 runs (“bn”: 0 of 11)" in text
    assert "leaves out pairs in which a run failed" in text


def test_what_is_the_same_in_every_pair_has_no_interval() -> None:
    more = workload([(12_000.0, 10_000.0)] * 5, metric="parameters", margin=LOG_MARGIN)
    text = said(words.sentence(claim(more, metric="parameters", verdict="hurts")))
    assert "20 % more parameters than “neither”, exactly so in every pair" in text


def test_mixed_names_each_workload_with_its_side() -> None:
    worse = [(reference, variant) for variant, reference in BETTER]
    mixed = claim(workload(BETTER, name="a"), workload(worse, name="b"), verdict="mixed", outcome="undecided")
    assert "+2.0 margins on a and -2.0 margins on b" in said(words.sentence(mixed))


def test_the_outcome_says_what_the_tip_expects() -> None:
    assert words.outcome(claim(workload(BETTER))) == "The tip is supported: it expects “bn” to do better than “neither”"
    same = claim(workload(BETTER), expect="same", outcome="contradicted")
    assert words.outcome(same).endswith("contradicted: it expects “bn” to make no practical difference to “neither”")


def test_the_answer_is_the_primary_claim_s_sentence() -> None:
    first, second = claim(workload(ALIKE), primary=False), claim(workload(BETTER), primary=True)
    assert words.answer(verdict(first, second)) == words.sentence(second)


def test_the_command_line_starts_without_a_plotting_library() -> None:
    heavy = ("matplotlib", "pandas", "jinja2", "torch", "ray")
    program = f"import sys, suite.report.words; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
