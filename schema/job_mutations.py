"""What begins, ends and repeats jobs."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from clients.registry import MarketplaceCode
from domain.api_keys import Scope
from domain.jobs import MAX_JOB_ROWS, Document, JobKind
from resolvers import idempotency, jobs
from schema import ids
from schema.failures import mutation, payload
from schema.inputs import IDEMPOTENCY, OWNER, SITE_OF_IDS, ProductLookup
from schema.jobs import Job
from schema.naming import Named, named_by, ref_of_id, row_id, row_paths
from schema.node import Info

JOB_KEY = f"{IDEMPOTENCY} Here it names the job, as long as that is kept."
PRODUCTS = "The products, at most 100,000 and as many as fit into a request; or `text`."
IN_TEXT = "In their place a text, as productsIn takes it: a row for each thing found."
STARTED = "The job; null when none was begun."
What = strawberry.argument(description="What to do.")


@strawberry.input
class Rows:
    """What inputs that name products for a job have in common."""

    products: list[ProductLookup] | None = strawberry.field(default=UNSET, description=PRODUCTS)
    text: str | None = strawberry.field(default=UNSET, description=IN_TEXT)
    marketplace: MarketplaceCode | None = strawberry.field(default=None, description=OWNER)
    locale: str | None = strawberry.field(default=None, description=SITE_OF_IDS)
    idempotency_key: str | None = strawberry.field(default=None, description=JOB_KEY)

    async def order(self, kind: JobKind, **options: object) -> jobs.Order:
        """What the job is begun with. Raises InvalidInput."""
        named = await named_by(self, most=MAX_JOB_ROWS)
        return jobs.Order(
            kind=kind,
            field=named.path[-1],
            rows=named.refs,
            notes=_notes(named, self.text),
            options=options,
            key=self.idempotency_key,
            input_text=idempotency.raw(self),
        )


@strawberry.input(description="What to import.")
class StartImportInput(Rows):
    only_new: bool = strawberry.field(
        default=False,
        description="true: what is in the catalogue already is skipped, at no marketplace call.",
    )


@strawberry.input(description="What to sync.")
class StartSyncInput:
    ids: list[strawberry.ID] = strawberry.field(
        description="Products of the catalogue, at most 100,000 and as many as fit into a request."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=JOB_KEY)


@strawberry.input(description="What to make links for.")
class StartLinksInput(Rows):
    tracking_id: str | None = strawberry.field(
        default=None, description="Who earns; default: the stored one of the product's site."
    )
    sub_id: str | None = strawberry.field(
        default=None, description="Your own mark, which reports show where the marketplace has one."
    )


@strawberry.input(description="Which job to end.")
class CancelJobInput:
    id: strawberry.ID = strawberry.field(description="The job.")


@strawberry.input(description="Which job to go through again.")
class RetryJobInput:
    id: strawberry.ID = strawberry.field(description="A job that has ended.")
    only_failed: bool = strawberry.field(
        default=True, description="false: all rows, also those that worked."
    )


@payload("Answer of startImport.")
class StartImportPayload:
    job: Job | None = strawberry.field(description=STARTED)


@payload("Answer of startSync.")
class StartSyncPayload:
    job: Job | None = strawberry.field(description=STARTED)


@payload("Answer of startLinks.")
class StartLinksPayload:
    job: Job | None = strawberry.field(description=STARTED)


@payload("Answer of cancelJob.")
class CancelJobPayload:
    job: Job | None = strawberry.field(description="As it stands now.")


@payload("Answer of retryJob.")
class RetryJobPayload:
    job: Job | None = strawberry.field(description="As it stands now.")


@strawberry.type
class JobMutations:
    """The fields of Mutation about jobs."""

    @mutation(
        Scope.IMPORT,
        description="Begin to import up to 100,000 products; a worker goes through them while "
        "nobody waits, in full marketplace calls. importProducts answers at once, for up to 250.",
    )
    async def start_import(
        self, info: Info, input: Annotated[StartImportInput, What]
    ) -> StartImportPayload:
        order = await input.order(JobKind.IMPORT, onlyNew=input.only_new)
        return StartImportPayload(job=Job.of(await jobs.start(info.context, order)))

    @mutation(
        Scope.SYNC,
        description="Begin to fetch up to 100,000 catalogue products anew; a worker goes through "
        "them while nobody waits. syncProducts answers at once, for up to 250.",
    )
    async def start_sync(
        self, info: Info, input: Annotated[StartSyncInput, What]
    ) -> StartSyncPayload:
        paths = row_paths("ids", input.ids, most=MAX_JOB_ROWS)
        order = jobs.Order(
            kind=JobKind.SYNC,
            field="ids",
            rows=list(map(ref_of_id, input.ids, paths)),
            options={},
            key=input.idempotency_key,
            input_text=idempotency.raw(input),
        )
        return StartSyncPayload(job=Job.of(await jobs.start(info.context, order)))

    @mutation(
        Scope.LINK,
        description="Begin to make up to 100,000 links; a worker goes through them while nobody "
        "waits. generateLinks answers at once, for up to 250.",
    )
    async def start_links(
        self, info: Info, input: Annotated[StartLinksInput, What]
    ) -> StartLinksPayload:
        order = await input.order(JobKind.LINKS, trackingId=input.tracking_id, subId=input.sub_id)
        return StartLinksPayload(job=Job.of(await jobs.start(info.context, order)))

    @mutation(
        None,
        description="End a job: what was done stays done. Scope: that of what began it.",
    )
    async def cancel_job(
        self, info: Info, input: Annotated[CancelJobInput, What]
    ) -> CancelJobPayload:
        job = await jobs.cancel(info.context, row_id(ids.job, input.id))
        return CancelJobPayload(job=Job.of(job))

    @mutation(
        None,
        description="Go through the failed rows of a job again, or through all, and through what a "
        "cancelled one had not done. Scope: that of what began it.",
    )
    async def retry_job(self, info: Info, input: Annotated[RetryJobInput, What]) -> RetryJobPayload:
        job = await jobs.retry(
            info.context, row_id(ids.job, input.id), only_failed=input.only_failed
        )
        return RetryJobPayload(job=Job.of(job))


def _notes(named: Named, text: str | None) -> list[Document] | None:
    """Where in the text each row stands."""
    if named.places is None or not isinstance(text, str):
        return None
    return [{"start": start, "end": end, "words": text[start:end]} for start, end in named.places]
