"""Constraints: on known scalars equal to jsonschema; three-valued on everything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from configguard.evaluate.constraints import UNDECIDED, judge
from configguard.evaluate.worlds import EnvSet
from configguard.ruleset.judge import judge_check
from configguard.ruleset.rule import Check
from configguard.runners.profile import FactCase, KnownFact, OneOfFact, UnknownFact, When

SCALARS = st.one_of(
    st.booleans(), st.integers(-5, 5), st.floats(-5, 5), st.sampled_from(["none", "e2e", ""])
)
NUMBERS = st.integers(-5, 5)
SIMPLE = st.one_of(
    st.fixed_dictionaries({"const": SCALARS}),
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"minimum": NUMBERS}),
    st.fixed_dictionaries({"maximum": NUMBERS}),
)
CONSTRAINTS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=5,
)


@given(CONSTRAINTS, SCALARS)
def test_a_decided_verdict_equals_jsonschema(constraint: dict[str, Any], value: Any) -> None:
    verdict = judge(constraint, value)
    if verdict is not None:
        assert verdict == Draft202012Validator(constraint).is_valid(value)


@given(CONSTRAINTS, NUMBERS)
def test_numbers_are_always_decided_where_a_library_decides_by_value(
    constraint: dict[str, Any], value: int
) -> None:
    assert judge(constraint, value) is not None


@given(CONSTRAINTS)
def test_an_unknown_value_is_never_guessed(constraint: dict[str, Any]) -> None:
    assert judge(constraint, UNDECIDED) is None


def test_a_text_does_not_pass_a_bound() -> None:
    assert Draft202012Validator({"maximum": 1}).is_valid("unlimited")
    assert judge({"maximum": 1}, "unlimited") is None


LIMITS = {"maxRetries": 1.0}
CHECK = Check(
    "suite", {}, {"retries": {"maximum": {"limit": "maxRetries"}}}, {"retries": "maxRetries"}
).at(LIMITS)


def fact(unset: float, then: float) -> OneOfFact:
    """One value with E2E unset, another with it set."""
    return OneOfFact(
        (
            FactCase(When(((EnvSet("E2E"), False),)), KnownFact(unset)),
            FactCase(When(((EnvSet("E2E"), True),)), KnownFact(then)),
        )
    )


@pytest.mark.parametrize(("unset", "then", "sure"), [(2, 2, True), (2, 0, True), (0, 2, False)])
def test_sure_is_what_holds_with_every_variable_unset(
    unset: float, then: float, sure: bool
) -> None:
    verdict = judge_check(CHECK, {"retries": fact(unset, then)}, 8)
    assert [violation.sure for violation in verdict.violations] == [sure]
    assert [violation.limit for violation in verdict.violations] == ["maxRetries"]


def test_what_is_open_is_told_and_is_no_violation() -> None:
    unknown = UnknownFact("it depends on the value of $N")
    verdict = judge_check(CHECK, {"retries": unknown}, 8)
    assert verdict.violations == ()
    assert verdict.open == (("retries", unknown),)


def test_a_fact_that_the_version_lacks_is_no_violation() -> None:
    assert judge_check(CHECK, {}, 8).violations == ()


def test_a_case_in_which_the_rule_does_not_apply_breaks_nothing() -> None:
    """3 here where 3 is elsewhere, by one variable: no difference between here and there."""
    check = Check("suite", {"there": {"maximum": 1}}, {"here": {"maximum": 1}}, {"here": None})
    assert judge_check(check, {"here": fact(0, 3), "there": fact(0, 3)}, 8).violations == ()
    assert judge_check(check, {"here": fact(0, 3), "there": fact(3, 0)}, 8).violations != ()
    [violation] = judge_check(check, {"here": fact(2, 3), "there": fact(0, 3)}, 8).violations
    assert (violation.case.fact.value, violation.sure) == (2, True)  # type: ignore[union-attr] # a known fact
