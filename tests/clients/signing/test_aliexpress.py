"""Signatures of the AliExpress platform: our own vectors and those of the reference material."""

import json
from pathlib import Path
from typing import Any

import pytest
from aliexpress_affiliate.signing import sign as other_sign

from clients.signing.aliexpress import SignMethod, sign, signable, string_to_sign

PAYLOADS = Path(__file__).parents[2] / "payloads" / "aliexpress"
VECTORS: list[dict[str, Any]] = json.loads(
    (PAYLOADS / "signatures.json").read_text(encoding="utf-8")
)["vectors"]


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{vector['case']}-{vector['method']}" for vector in VECTORS]
)
def test_own_vectors(vector: dict[str, Any]) -> None:
    found = sign(vector["params"], vector["secret"], vector["method"], vector["path"])

    assert found == vector["sign"]


@pytest.mark.parametrize(
    "vector", [vector for vector in VECTORS if vector["method"] == "md5"], ids=lambda v: v["case"]
)
def test_md5_agrees_with_another_implementation(vector: dict[str, Any]) -> None:
    theirs = other_sign(vector["secret"], vector["params"])

    assert sign(vector["params"], vector["secret"], SignMethod.MD5) == theirs


def test_official_check_value() -> None:
    params = {
        "timestamp": "1517820392000",
        "method": "aliexpress.logistics.redefining.getonlinelogisticsinfo",
        "access_token": "test",
        "app_key": "123456",
        "aliexpress_category_id": "200135143",
        "sign_method": "sha256",
    }

    assert sign(params, "helloworld").startswith("F7F7926B")


@pytest.mark.shared
def test_every_vector_of_the_reference(reference: Path) -> None:
    path = reference / "marketplaces/aliexpress/signature-vectors.json"
    vectors = json.loads(path.read_text(encoding="utf-8"))["vectors"]

    for vector in vectors:
        told = (vector["params"], vector["app_secret"], vector["sign_method"])
        prefix = vector["api_path"] or ""
        assert list(signable(vector["params"]).items()) == list(vector["signed_params"].items())
        assert string_to_sign(*told, prefix) == vector["string_to_sign"], vector["id"]
        assert sign(*told, prefix) == vector["sign"], vector["id"]
    assert len(vectors) == 28


def test_what_is_signed_is_text_without_blanks() -> None:
    params = {
        "ids": ["7", 8],
        "flag": True,
        "off": False,
        "page_no": 2,
        "none": None,
        "empty": "",
        "blank": " \t",
        "no_items": [],
        "sign": "OLD",
        "padded": " a ",
    }

    assert signable(params) == {
        "flag": "true",
        "ids": "7,8",
        "off": "false",
        "padded": " a ",
        "page_no": "2",
    }


def test_blank_parameters_do_not_change_the_signature() -> None:
    assert sign({"a": "1", "b": "", "sign": "X"}, "k") == sign({"a": "1"}, "k")


def test_only_md5_wraps_the_secret_around_the_text() -> None:
    params = {"b": "2", "a": "1"}

    assert string_to_sign(params, "S", SignMethod.MD5) == "Sa1b2S"
    assert string_to_sign(params, "S", SignMethod.HMAC) == "a1b2"
    assert string_to_sign(params, "S", SignMethod.SHA256, "/path") == "/patha1b2"


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="sha1"):
        sign({"a": "1"}, "k", "sha1")
