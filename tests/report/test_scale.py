import math

import pytest
from built_verdicts import claim, workload
from scipy import stats

from suite.report.scale import detectable, raw_effect, workload_raw_effect

VALUES = [(0.940, 0.930), (0.942, 0.931), (0.939, 0.931), (0.941, 0.930), (0.940, 0.929)]


def test_points_are_the_mean_difference_with_student_s_interval() -> None:
    differences = [100 * (variant - reference) for variant, reference in VALUES]
    expected = stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)
    raw = workload_raw_effect(workload(VALUES), "points")
    assert raw.centre == pytest.approx(sum(differences) / 5)
    assert raw.plain_95 is not None
    assert (raw.plain_95.low, raw.plain_95.high) == pytest.approx(tuple(expected))


def test_the_interval_does_not_depend_on_the_margin() -> None:
    fine, coarse = (raw_effect(claim(workload(VALUES, margin=margin))) for margin in (0.3, 2.0))
    assert fine.repeated is not None
    assert coarse.repeated is not None
    assert fine.repeated.low == pytest.approx(coarse.repeated.low)


def test_pairs_cut_off_at_ten_margins_keep_their_real_size_here() -> None:
    values = [(10.0, 100.0), (11.0, 99.0), (9.0, 101.0), (10.0, 98.0), (10.5, 102.0)]
    raw = raw_effect(
        claim(workload(values, metric="epochs_to_target", margin=math.log(1.05)), metric="epochs_to_target")
    )
    assert math.exp(raw.centre) == pytest.approx(0.1, abs=0.01)
    assert raw.repeated is not None
    assert raw.repeated.low < raw.centre < raw.repeated.high < math.log(0.2)
    assert not raw.partial


def test_one_usable_pair_gives_no_interval_and_none_gives_no_number() -> None:
    one = raw_effect(claim(workload([(0.94, 0.93), (None, 0.93), (None, 0.93)])))
    assert one.centre == pytest.approx(1.0)
    assert one.repeated is None
    assert one.partial
    none = raw_effect(claim(workload([(None, 0.93)] * 5)))
    assert math.isnan(none.centre)
    assert none.plain_95 is None


def test_nothing_can_be_said_of_power_where_a_run_failed_in_every_pair() -> None:
    assert math.isnan(detectable(claim(workload([(None, 0.93)] * 5))))
    assert detectable(claim(workload(VALUES))) == pytest.approx(1.1)
