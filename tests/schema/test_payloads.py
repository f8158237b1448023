"""What payloads have in common."""

from typing import Any

from tests.schema.walking import SERVED, root_fields


def test_every_payload_has_errors_and_every_bulk_input_one_list_of_rows() -> None:
    for root in root_fields():
        if root.kind == "mutation":
            payload: Any = SERVED.type_map[str(root.field.type).rstrip("!")]
            assert str(payload.fields["errors"].type) == "[UserError!]!", root.name
            if "results" in payload.fields:
                result: Any = SERVED.type_map[str(payload.fields["results"].type).strip("[]!")]
                input_: Any = SERVED.type_map[str(root.field.args["input"].type).rstrip("!")]
                lists = [field for field in input_.fields.values() if "[" in str(field.type)]
                assert len(lists) == 1, root.name
                assert str(result.fields["errors"].type) == "[UserError!]!", root.name
