"""What begins an export of many products."""

from typing import Annotated

import strawberry

from domain.api_keys import Scope
from domain.catalog import CatalogFilter as FilterRecord
from domain.exceptions import InvalidInput
from domain.exports import ExportFormat, Options, Pictures, Published
from domain.money import parse_currency
from resolvers import export_jobs, idempotency
from schema.enums import describe
from schema.failures import mutation, payload
from schema.inputs import CatalogFilter
from schema.job_mutations import JOB_KEY, STARTED
from schema.jobs import Job
from schema.node import Info

describe(
    ExportFormat,
    "ExportFormat",
    "Which file.",
    {
        "JSON": "One array with everything that is known.",
        "CSV": "A table with everything that is known, for spreadsheets.",
        "WOOCOMMERCE": "For WooCommerce's importer.",
        "SHOPIFY": "For Shopify's importer.",
        "MERCHANT": "Google Merchant data of products that you sell in your own shop.",
    },
)
describe(
    Published,
    "ExportPublished",
    "Whether buyers see what a shop imports.",
    {
        "DRAFT": "Nobody does before you publish it: for a first import.",
        "YES": "At once.",
        "KEEP": "As the shop has it, for products that it has.",
    },
)
describe(
    Pictures,
    "ExportPictures",
    "How many pictures of a product a shop copies.",
    {"ALL": "All of them.", "FIRST": "The first one."},
)


@strawberry.input(description="Which file, of which products.")
class StartExportInput:
    format: ExportFormat = strawberry.field(description="Which file.")
    filter: CatalogFilter | None = strawberry.field(
        default=None, description="Which products, as they are when it begins; default all."
    )
    currency_code: str | None = strawberry.field(
        default=None,
        description="WooCommerce, Shopify: the shop's currency; ISO 4217. Default: USD.",
    )
    published: Published = strawberry.field(
        default=Published.DRAFT, description="WooCommerce, Shopify: who sees what is imported."
    )
    pictures: Pictures = strawberry.field(
        default=Pictures.ALL, description="WooCommerce, Shopify: what the shop copies."
    )
    legacy_header: bool = strawberry.field(
        default=False, description="Shopify: the older names of its columns."
    )
    link: str | None = strawberry.field(
        default=None,
        description="Google Merchant: a product's address in your own shop, with {handle} in it.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=JOB_KEY)

    def products(self) -> FilterRecord:
        """Which products. Raises InvalidInput."""
        try:
            return self.filter.record() if self.filter else FilterRecord()
        except InvalidInput as error:
            raise error.at(("input", *error.path)) from error

    def options(self) -> Options:
        """What is chosen of the file. Raises InvalidInput."""
        return Options(
            currency=Options().currency
            if self.currency_code is None
            else parse_currency(self.currency_code, path=("input", "currencyCode")),
            published=self.published,
            pictures=self.pictures,
            legacy_header=self.legacy_header,
            link_template=self.link or "",
        )


@payload("Answer of startExport.")
class StartExportPayload:
    job: Job | None = strawberry.field(description=STARTED)


@strawberry.type
class ExportMutations:
    """The fields of Mutation about exports."""

    @mutation(
        Scope.READ,
        description="Begin a file of up to 100,000 products of the catalogue: Job.url is where it "
        "is once it is written. No marketplace is asked. A workspace keeps its newest five, "
        "those with a file first. GET /export/{format} answers with a file at once.",
    )
    async def start_export(
        self,
        info: Info,
        input: Annotated[StartExportInput, strawberry.argument(description="What to write.")],
    ) -> StartExportPayload:
        job = await export_jobs.start(
            info.context,
            input.format,
            input.options(),
            input.products(),
            key=input.idempotency_key,
            input_text=idempotency.raw(input),
        )
        return StartExportPayload(job=Job.of(job))
