"""Records as JSON."""

from decimal import Decimal

import pytest

from domain.packing import pack, unpack, unpack_fields
from domain.products import Coupon, SourceProduct
from tests.db.records import full_product


def test_record_survives() -> None:
    told = full_product()

    assert unpack(SourceProduct, pack(told)) == told


def test_fields_that_are_unknown_or_absent_do_no_harm() -> None:
    stored = {"code": "TEN", "lost_in_a_later_release": 1}

    assert Coupon(**unpack_fields(Coupon, stored)) == Coupon(code="TEN")


def test_numbers_are_texts() -> None:
    assert pack(Coupon(percent=Decimal("1E+2"))) == {"percent": "100"}


@pytest.mark.parametrize("value", [1.5, b"x", {"a"}, Decimal("NaN")])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no JSON form|not finite"):
        pack(value)
