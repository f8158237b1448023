"""Jobs: how far they are, and what became of each row."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from domain.api_keys import Scope
from domain.jobs import Job as JobRecord
from domain.jobs import JobKind, JobStatus, Line
from resolvers import jobs
from resolvers.cursors import ConnectionArgs
from resolvers.rows import Row, from_json
from schema import ids
from schema.access import Needs
from schema.connections import Connection, Paged, StoredPage
from schema.errors import UserError
from schema.node import Info, Node
from schema.outcomes import link_of, product_of
from schema.products import AffiliateLink, Product


@strawberry.type(description="How far a job is, in rows of its input.")
class JobProgress:
    total: int = strawberry.field(description="Rows of the input.")
    done: int = strawberry.field(description="Rows that were gone through, failed ones too.")
    failed: int = strawberry.field(
        description="Rows of those that did not work; their results say why."
    )


@strawberry.type(description="What became of one row of a job.")
class JobResult:
    line: strawberry.Private[Line]
    row: strawberry.Private[Row | None]
    field: strawberry.Private[str]
    number: int = strawberry.field(description="Which row of the input, from 0.")
    is_done: bool = strawberry.field(description="Whether the row was gone through.")
    is_skipped: bool = strawberry.field(
        description="Whether nothing was asked for it, because the catalogue had the product and "
        "`onlyNew` was said."
    )
    changed: list[str] = strawberry.field(
        description="Of a sync: names of the fields that changed."
    )
    start: int | None = strawberry.field(
        description="Where it begins in the text, in characters (code points) from 0; null without "
        "a text."
    )
    end: int | None = strawberry.field(
        description="Where it ends in the text: the first character behind it."
    )
    words: str | None = strawberry.field(description="What stands there in the text or the file.")
    place: str | None = strawberry.field(
        description="Where it stands in the file of the job, for people; null without a file."
    )

    @strawberry.field(description="The product as it stands in the catalogue now.")
    async def product(self, info: Info) -> Product | None:
        if self.row is None or self.row.link is not None:
            return None
        return (await product_of(info, self.row))[0]

    @strawberry.field(description="Of a job that makes links: the stored link.")
    async def affiliate_link(self, info: Info) -> AffiliateLink | None:
        return (await link_of(info, self.row))[0] if self.row else None

    @strawberry.field(description="Why the row did not work; else empty.")
    async def errors(self, info: Info) -> list[UserError]:
        if self.row is None:
            return []
        read = link_of if self.row.link is not None else product_of
        _, errors = await read(info, self.row)
        return [_placed(error, self.field, self.number) for error in errors]

    @classmethod
    def of(cls, line: Line, field: str) -> "JobResult":
        row = None if line.outcome is None else from_json(dict(line.outcome))
        start, end = (line.named.get(name) for name in ("start", "end"))
        words, place = (line.named.get(name) for name in ("words", "at"))
        return cls(
            line=line,
            row=row,
            field=field,
            number=line.number,
            is_done=row is not None,
            is_skipped=row.skipped if row else False,
            changed=list(row.changed) if row else [],
            start=start if isinstance(start, int) else None,
            end=end if isinstance(end, int) else None,
            words=words if isinstance(words, str) else None,
            place=place if isinstance(place, str) else None,
        )


def _placed(error: UserError, field: str, number: int) -> UserError:
    """The error with its place in the input, where it has none."""
    if not error.path:
        is_list = field not in ("text", "file", "filter")
        error.path = ["input", field, str(number)] if is_list else ["input", field]
    return error


@strawberry.type(description="A page of the rows of a job, in the order of its input.")
class JobResultConnection(Connection[JobResult]):
    @strawberry.field(description="How many rows the job has.")
    async def total_count(self) -> int:
        return await self.counted() or 0


@strawberry.type(
    description="Work on many rows that goes on by itself: begun by startImport, startSync, "
    "startLinks or startExport, or by a file that was sent. It survives a restart, and waits where "
    "the day's calls are used up. Finished jobs are forgotten after 30 days."
)
class Job(Node):
    record: strawberry.Private[JobRecord]
    kind: JobKind = strawberry.field(description="What is done with each row.")
    status: JobStatus = strawberry.field(description="How far it is.")
    progress: JobProgress = strawberry.field(description="How far it is, in rows.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    started_at: datetime | None = strawberry.field(
        description="When a worker first took it up; null: none has yet."
    )
    finished_at: datetime | None = strawberry.field(
        description="When it ended; null while it goes on."
    )

    @strawberry.field(
        description="When it goes on, where all that is left waits: for the marketplace's next "
        "day, or for a marketplace that is away; null while it is worked on, and at its end."
    )
    async def goes_on_at(self, info: Info) -> datetime | None:
        return await jobs.goes_on_at(info.context, self.record)

    @strawberry.field(
        description="What became of each row, in the order of the input; of rows that are still to "
        "be gone through `isDone` is false.",
        extensions=[Paged()],
    )
    async def results(
        self,
        info: Info,
        args: ConnectionArgs,
    ) -> JobResultConnection:
        lines = StoredPage(*await jobs.lines(self.record, args))
        shown = partial(JobResult.of, field=str(self.record.options["field"]))
        return JobResultConnection(page=lines, shown=shown, counted=self._row_count)

    @strawberry.field(
        description="Of an EXPORT that has SUCCEEDED: where its file is, from the address of the "
        "graph on, for a key that may READ; else null."
    )
    def url(self) -> str | None:
        is_there = self.kind is JobKind.EXPORT and self.status is JobStatus.SUCCEEDED
        return f"export/job/{self.id}" if is_there else None

    async def _row_count(self) -> int:
        return self.record.total

    @classmethod
    def of(cls, job: JobRecord) -> "Job":
        return cls(
            record=job,
            id=ids.of_job(job.id),
            kind=job.kind,
            status=job.status,
            progress=JobProgress(total=job.total, done=job.done, failed=job.failed),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


@strawberry.input(description="Which jobs.")
class JobFilter:
    status: list[JobStatus] | None = strawberry.field(
        default=None, description="Only those with one of these."
    )


@strawberry.type
class JobQueries:
    """The fields of Query about jobs."""

    @strawberry.field(
        description="A job by its id; null when there is none.", extensions=[Needs(Scope.READ)]
    )
    async def job(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="As given out here.")],
    ) -> Job | None:
        found = await jobs.get(info.context, ids.job(id))
        return Job.of(found) if found else None

    @strawberry.field(
        description="The workspace's jobs, newest first.",
        extensions=[Needs(Scope.READ), Paged()],
    )
    async def jobs(
        self,
        info: Info,
        args: ConnectionArgs,
        filter: Annotated[
            JobFilter | None, strawberry.argument(description="Which jobs; default all.")
        ] = None,
    ) -> Connection[Job]:
        statuses = filter.status or [] if filter else []
        page = StoredPage(*await jobs.page(info.context, statuses, args))
        counted = partial(jobs.count, info.context, statuses)
        return Connection(page=page, shown=Job.of, counted=counted)
