"""Records as JSON."""

from decimal import Decimal

import pytest

from domain.packing import pack
from domain.products import Coupon


def test_numbers_are_texts() -> None:
    assert pack(Coupon(percent=Decimal("1E+2"))) == {"percent": "100"}


@pytest.mark.parametrize("value", [1.5, b"x", {"a"}, Decimal("NaN")])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no JSON form|not finite"):
        pack(value)
