"""Exports as jobs: which products is settled when one begins, a worker writes them, and the file is
put together of what was written.

What a marketplace's terms withhold after a time is written when the file is read, and kept nowhere:
so a file holds nothing that is older than they allow, and no row a price that must not be kept.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clients.registry import BY_CODE
from db import exports as stored_exports
from db import jobs as stored_jobs
from domain.catalog import CatalogFilter
from domain.exceptions import InvalidInput, NotFound
from domain.exports import (
    ExportFormat,
    FileFormat,
    LeftOut,
    Options,
    left_out,
    options_of,
)
from domain.jobs import BATCH_ROWS, MAX_JOB_ROWS, Job, JobKind, JobStatus
from domain.packing import pack_fields
from domain.products import ProductRef
from resolvers import exports, jobs
from resolvers.context import Context
from resolvers.rows import Row, from_json

FIELD = "filter"
MISSING = "There is no export by this id here. Its workspace keeps the newest five, for 30 days."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """What a job wrote. `left_out`: counted when it began; None where it could not be."""

    job: Job
    format: ExportFormat
    options: Options
    left_out: Counter[LeftOut] | None


@dataclass(frozen=True, slots=True)
class FilePage:
    """Texts of products, in the order of the file. `late`: how many were written only now."""

    texts: Sequence[str]
    late: int


async def start(
    context: Context,
    format: ExportFormat,
    options: Options,
    filter: CatalogFilter,
    *,
    key: str | None,
    input_text: str,
) -> Job:
    """Begin a file of what meets the filter. Raises as `jobs.start`."""
    if format is ExportFormat.MERCHANT:
        exports.check_own_shop(options.link_template, path=("input", "link"))
    order = jobs.Order(
        kind=JobKind.EXPORT, field=FIELD, rows=(), options={}, key=key, input_text=input_text
    )
    if begun := await jobs.begun(context, order):
        return begun
    async with context.export_turn:  # each may hold all rows of a large catalogue
        await stored_jobs.require_place(context.workspace.id)
        rows, lacking = await _settled(context, _format(context, format, options), filter)
        stored = {
            "format": format.value,
            "options": pack_fields(options),
            "leftOut": None
            if lacking is None
            else {reason.value: count for reason, count in lacking.items()},
        }
        return await jobs.start(context, replace(order, rows=rows, options=stored))


async def _settled(
    context: Context, format: FileFormat, filter: CatalogFilter
) -> tuple[Sequence[ProductRef], Counter[LeftOut] | None]:
    """Which products, and what the file will lack; None where only its reader can know."""
    refs = await stored_exports.refs(context.workspace, filter, most=MAX_JOB_ROWS + 1)
    if len(refs) > MAX_JOB_ROWS:
        raise InvalidInput(
            f"A file has at most {MAX_JOB_ROWS:,} products, and more meet the filter. Begin one "
            "for each part of them.",
            path=("input", FIELD),
        )
    if not refs:
        raise InvalidInput("No product meets the filter.", path=("input", FIELD))
    if format.left_out and any(map(_is_late, refs)):
        return refs, None
    return refs, left_out(format, await exports.facts(context, filter))


async def write(context: Context, job: Job, refs: Sequence[ProductRef]) -> list[Row]:
    """What stands in the file for each of these products."""
    texts = await _texts(context, file_of(job), [ref for ref in refs if not _is_late(ref)])
    gone = NotFound("The product is not in the catalogue any more.")

    def row(ref: ProductRef) -> Row:
        if ref in texts or _is_late(ref):
            return Row(ref=ref, text=texts.get(ref))
        return Row(ref=ref, error=gone)

    return [row(ref) for ref in refs]


async def get(context: Context, job_id: str) -> ExportFile:
    """What that job wrote. Raises NotFound, also while it is not written."""
    job = await jobs.get(context, job_id)
    if job is None or job.kind is not JobKind.EXPORT:
        raise NotFound(MISSING)
    if job.status is not JobStatus.SUCCEEDED:
        raise NotFound(
            f"There is no file: the job is {job.status.value}. Wait until it has SUCCEEDED, or "
            "begin another one."
        )
    return file_of(job)


async def pages(context: Context, file: ExportFile) -> AsyncIterator[FilePage]:
    """The products of the file. Raises NotFound where the job is begun anew or forgotten meanwhile:
    what was read before is no whole file."""
    for start in range(0, file.job.total, BATCH_ROWS):
        count = min(BATCH_ROWS, file.job.total - start)
        lines = await stored_jobs.lines(file.job, start, count)
        rows = [from_json(dict(line.outcome)) for line in lines if line.outcome is not None]
        if len(rows) < count:
            raise NotFound(MISSING)
        late = [row.ref for row in rows if row.ref and row.text is None and row.error is None]
        made = await _texts(context, file, late)
        texts = [made.get(row.ref, "") if row.text is None else row.text for row in rows if row.ref]
        yield FilePage([text for text in texts if text], len(late))


def file_of(job: Job) -> ExportFile:
    """What a job of an export is to write."""
    stored: Any = job.options
    lacking = stored["leftOut"]
    return ExportFile(
        job=job,
        format=ExportFormat(stored["format"]),
        options=options_of(stored["options"]),
        left_out=None
        if lacking is None
        else Counter({LeftOut(reason): count for reason, count in lacking.items()}),
    )


def _is_late(ref: ProductRef) -> bool:
    """Whether it is written when the file is read."""
    return BY_CODE[ref.marketplace].policy.withheld_after is not None


async def _texts(
    context: Context, file: ExportFile, refs: Sequence[ProductRef]
) -> dict[ProductRef, str]:
    """What stands for each of these that is in the catalogue; "" for what the file leaves out."""
    format, texts = _format(context, file.format, file.options), dict[ProductRef, str]()
    if not refs:  # none would be all
        return texts
    async for page in exports.pages(context, CatalogFilter(), refs):
        for product in page:
            is_in = format.left_out is None or format.left_out(product.facts) is None
            texts[product.source.ref] = format.product(product) if is_in else ""
    return texts


def _format(context: Context, format: ExportFormat, options: Options) -> FileFormat:
    assert context.formats is not None
    return context.formats(format.value, options)
