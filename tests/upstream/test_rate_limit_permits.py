"""How many calls a second a limit is."""

from decimal import Decimal

import pytest

from upstream.rate_limit import SECOND, window


@pytest.mark.parametrize(
    ("calls_per_second", "permits", "seconds"),
    [("50", 50, SECOND), ("2.5", 2, SECOND), ("1", 1, SECOND), ("0.25", 1, 4 * SECOND)],
)
def test_a_limit_is_a_number_of_permits_in_a_window(
    calls_per_second: str, permits: int, seconds: float
) -> None:
    assert window(Decimal(calls_per_second)) == (permits, seconds)
