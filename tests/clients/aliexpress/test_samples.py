"""Every sample answer of the reference material, against what it says a client must make of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from clients.aliexpress import answers, parse, variants
from clients.aliexpress.links import links_by_address
from clients.values import Row
from domain.exceptions import MarketplaceError, Throttled
from tests.clients.aliexpress.fakes import NOW, answer
from upstream.contract import Answer

pytestmark = pytest.mark.shared

COUNTS = {
    "category.get": lambda result: len(parse.categories(result)),
    "product.sku.detail.get": lambda result: len(variants.variants(result, observed_at=NOW)),
}


@pytest.fixture(scope="module")
def samples(reference: Path) -> list[dict[str, Any]]:
    folder = reference / "marketplaces/aliexpress/samples"
    listed = json.loads((folder / "index.json").read_text(encoding="utf-8"))["samples"]
    return [json.loads((folder / one["file"]).read_text(encoding="utf-8")) for one in listed]


def answer_of(sample: dict[str, Any]) -> Answer:
    body = sample["body"] if "body" in sample else sample["body_text"].encode()
    return answer(body, status=sample["http_status"])


def with_outcome(samples: list[dict[str, Any]], outcome: str) -> list[dict[str, Any]]:
    return [sample for sample in samples if sample["expect"]["outcome"] == outcome]


def check(result: Row, sample: dict[str, Any]) -> None:
    expect, name = sample["expect"], sample["name"]
    method = sample["request"]["method"].removeprefix("aliexpress.affiliate.")
    if "product_ids" in expect:
        page = parse.product_page(result, observed_at=NOW, tracking_id="tracking_x")
        assert [one.ref.external_id for one in page.products] == expect["product_ids"], name
        assert all(one.offer.price and one.images and one.tracked_url for one in page.products)
    if "links" in expect:
        found = links_by_address(result, sample["request"]["tracking_id"])
        for source, link in expect["links"].items():
            assert found[source] == (link and link.replace("http://", "https://")), name
    if method in COUNTS:
        assert COUNTS[method](result) == expect["count"], name


def test_good_answers(samples: list[dict[str, Any]]) -> None:
    good = with_outcome(samples, "ok")

    for sample in good:
        result = answers.read_result(answer_of(sample))
        assert result is not None, sample["name"]
        check(result, sample)
    assert good


def test_empty_answers(samples: list[dict[str, Any]]) -> None:
    empty = with_outcome(samples, "empty")

    for sample in empty:
        result = answers.read_result(answer_of(sample)) or {}
        assert parse.product_page(result, observed_at=NOW).products == (), sample["name"]
    assert empty


def test_refusals(samples: list[dict[str, Any]]) -> None:
    refused = with_outcome(samples, "error")

    for sample in refused:
        expect = sample["expect"]["error"]
        with pytest.raises(MarketplaceError) as caught:
            answers.read_result(answer_of(sample))
        assert caught.value.upstream_code == expect["code"], sample["name"]
        assert caught.value.retryable is expect["retryable"], sample["name"]
        if isinstance(caught.value, Throttled):
            assert caught.value.retry_after == expect["wait_seconds"], sample["name"]
    assert refused


def test_all_samples_are_covered(samples: list[dict[str, Any]]) -> None:
    outcomes = {sample["expect"]["outcome"] for sample in samples}

    assert outcomes == {"ok", "empty", "error"}
    assert len(samples) == 31
