"""Files that are sent to be imported by a job."""

import hashlib
from collections.abc import Sequence

from clients.registry import BY_CODE
from domain.exceptions import InvalidInput
from domain.jobs import Job, JobKind
from resolvers import jobs, pasted
from resolvers.context import Context
from resolvers.files import FileRow
from resolvers.sites import Sites


async def sites(context: Context, marketplace: str | None, locale: str | None) -> Sites:
    """Whose the bare ids of a file are: of the marketplace and country site that are named, else of
    the sites that are connected. Raises InvalidInput, WrongLocale."""
    if marketplace is not None and marketplace.lower() not in BY_CODE:
        codes = ", ".join(code.upper() for code in BY_CODE)
        raise InvalidInput(f"marketplace is one of: {codes}.", path=("marketplace",))
    owner = BY_CODE[marketplace.lower()] if marketplace else None
    named = await pasted.sites_of_ids(context, owner, locale, path=("locale",))
    return Sites(sites=named, owner=owner)


async def start_import(
    context: Context,
    rows: Sequence[FileRow],
    *,
    content: bytes,
    meant: Sites,
    key: str | None = None,
    only_new: bool = False,
    resumes: bool = False,
) -> Job:
    """Have the products of these rows imported; `content` and `meant` are what they were read from.

    Each row of the job knows its words and its place in the file. `only_new`: what the catalogue
    has is skipped. `resumes`: see `jobs.Order`. Raises as `jobs.start`.
    """
    order = jobs.Order(
        kind=JobKind.IMPORT,
        field="file",
        rows=[row.product for row in rows],
        notes=[{"words": row.text, "at": row.place} for row in rows],
        options={"onlyNew": only_new},
        key=key,
        input_text=f"{hashlib.sha256(content).hexdigest()} {meant!r}" + " new" * only_new,
        resumes=resumes,
    )
    return await jobs.start(context, order)
