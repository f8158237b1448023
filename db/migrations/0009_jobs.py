"""Jobs, their rows and their batches."""

from typing import Any

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


def time(*, null: bool = False) -> fields.Field[Any]:
    """A time that is set by hand."""
    options: dict[str, Any] = {"null": null, "auto_now": False, "auto_now_add": False}
    return fields.DatetimeField(**options)


def json(*, null: bool = False) -> fields.JSONField[object]:
    """A column of JSON."""
    return fields.JSONField(null=null, encoder=JSON_DUMPS, decoder=loads)


def beside(
    name: str,
    table: str,
    related: str,
    told: str,
    *columns: tuple[str, fields.Field[Any]],
    **options: object,
) -> ops.CreateModel:
    """A table of parts of a job."""
    return ops.CreateModel(
        name=name,
        fields=[
            ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
            ("workspace_id", KeyText(unique=False)),
            (
                "job",
                fields.ForeignKeyField(
                    "models.Job",
                    source_field="job_id",
                    db_constraint=True,
                    to_field="id",
                    related_name=related,
                    on_delete=OnDelete.CASCADE,
                ),
            ),
            ("number", fields.IntField()),
            *columns,
        ],
        options={
            "table": table,
            "app": "models",
            "unique_together": (("job_id", "number"),),
            "pk_attr": "id",
            "table_description": told,
            **options,
        },
        bases=["Model"],
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0008_idempotency_holders")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.CreateModel(
            name="Job",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("workspace_id", KeyText(unique=False)),
                ("kind", fields.TextField(unique=False)),
                ("status", KeyText(unique=False)),
                ("options", json()),
                ("key_id", fields.UUIDField(null=True)),
                ("idempotency_key", KeyText(null=True, unique=False)),
                ("fingerprint", fields.TextField(unique=False)),
                ("total", fields.IntField()),
                ("done", fields.IntField()),
                ("failed", fields.IntField()),
                ("created_at", time()),
                ("started_at", time(null=True)),
                ("finished_at", time(null=True)),
            ],
            options={
                "table": "jobs",
                "app": "models",
                "unique_together": (("workspace_id", "idempotency_key"),),
                "indexes": [
                    Index(fields=["workspace_id", "created_at", "id"]),
                    Index(fields=["status", "created_at"]),
                ],
                "pk_attr": "id",
                "table_description": "Work on many rows while nobody waits. `done`, `failed`: "
                "rows, see domain/jobs.py.",
            },
            bases=["Model"],
        ),
        beside(
            "JobLines",
            "job_lines",
            "lines",
            "Rows of the input of a job, many in one, in order: where the outcome of each is.",
            ("lines", json()),
        ),
        beside(
            "JobBatch",
            "job_batches",
            "batches",
            "What is asked together. `due_at`: when it may be claimed, which a claim puts off.",
            ("state", KeyText(unique=False)),
            ("due_at", time()),
            ("token", fields.UUIDField(null=True)),
            ("holder", fields.TextField(null=True, unique=False)),
            ("tries", fields.IntField()),
            ("items", json()),
            ("counts", json()),
            ("outcomes", json()),
            ("done", fields.IntField()),
            ("failed", fields.IntField()),
            indexes=[Index(fields=["job_id", "state", "due_at"])],
        ),
    ]
