"""API keys: who is asking, the workspace's keys, and what changes them."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from domain.api_keys import APIKey, APIKeyStatus, Scope, in_order
from resolvers import api_keys
from resolvers.api_keys import DEFAULT_OVERLAP
from resolvers.cursors import ConnectionArgs
from schema import ids
from schema.access import Needs
from schema.connections import Connection, Paged, StoredPage
from schema.failures import mutation, payload
from schema.naming import row_id
from schema.node import Info, Node

KEY = (
    "The key itself, shown this once: keep it now, or make another one later. Null when none was "
    "made."
)
What = strawberry.argument(description="What to do.")


@strawberry.type(name="ApiKey", description="An API key of this workspace, without its text.")
class ApiKey(Node):
    record: strawberry.Private[APIKey]
    name: str = strawberry.field(description="What its maker calls it.")
    prefix: str = strawberry.field(description='Its beginning: "aff_live_" or "aff_test_".')
    last_four: str = strawberry.field(description="Its last four characters, to tell it by.")
    status: APIKeyStatus = strawberry.field(description="Whether it is accepted now.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    origins: list[str] = strawberry.field(
        description="Web pages that may use it, as browsers name them; empty for servers. Where "
        "there are some, every other request with the key is refused."
    )
    marketplace_calls_per_day: int | None = strawberry.field(
        description="How many marketplace calls its requests may make on a day of UTC. 0: they get "
        "what is stored or cached. Null: no limit of its own."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null: never.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null: never."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")
    rotated_from: strawberry.ID | None = strawberry.field(
        description="The id of the key that it replaced."
    )

    @classmethod
    def of(cls, key: APIKey, now: datetime) -> "ApiKey":
        return cls(
            record=key,
            id=ids.of_api_key(key.id),
            name=key.name,
            prefix=key.prefix,
            last_four=key.last_four,
            status=key.status(now),
            scopes=in_order(key.scopes),
            origins=list(key.origins),
            marketplace_calls_per_day=key.calls_per_day,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
            rotated_from=ids.of_api_key(key.rotated_from) if key.rotated_from else None,
        )

    @strawberry.field(
        description="What is wrong with it, and what to do: it stands in web pages and opens more "
        "than is meant for everybody. Null when it is well, or accepted no more."
    )
    def warning(self, info: Info) -> str | None:
        return api_keys.warning(self.record, info.context.now)

    @strawberry.field(
        description="How many of them were made since midnight UTC; null for a key without a limit "
        "of its own, whose calls only the account counts. A key that replaced another counts anew."
    )
    async def marketplace_calls_today(self, info: Info) -> int | None:
        return await api_keys.calls_today(info.context, self.record)


@strawberry.type(description="Who is asking, by the API key of this request.")
class Viewer:
    workspace: str = strawberry.field(description="Whose products, links and settings are meant.")
    name: str = strawberry.field(description="The name of the key.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    expires_at: datetime | None = strawberry.field(description="When the key ends; null: never.")
    api_key: ApiKey | None = strawberry.field(
        description="The key; null for the operator's own, which is no key of a workspace."
    )

    @classmethod
    def of(cls, info: Info) -> "Viewer":
        caller = info.context.caller
        return cls(
            workspace=caller.workspace,
            name=caller.name,
            scopes=in_order(caller.scopes),
            expires_at=caller.key.expires_at if caller.key else None,
            api_key=ApiKey.of(caller.key, info.context.now) if caller.key else None,
        )


@strawberry.input(description="The key to make.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What to call it, 1 to 100 characters.")
    scopes: list[Scope] = strawberry.field(description="What it may do, at least one.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends; null: never."
    )
    origins: list[str] | None = strawberry.field(
        default=None,
        description="For a key that stands in a web page, where everybody can read it: the pages "
        'that may use it, as "https://shop.example.com". Such a key has the scope PUBLIC alone; '
        "READ is taken, with a warning.",
    )
    marketplace_calls_per_day: int | None = strawberry.field(
        default=None,
        description="How many marketplace calls its requests may make on a day of UTC; the next is "
        "refused with QUOTA_EXHAUSTED. 0: they get what is stored or cached. Null: no limit of its "
        "own, and 0 for a key that has the scope PUBLIC alone.",
    )


@strawberry.input(description="The key to take back.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.input(description="The key to narrow, and what it may still do.")
class NarrowApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")
    scopes: list[Scope] | None = strawberry.field(
        default_factory=lambda: [Scope.PUBLIC],
        description="What it may do from now on, nothing that it may not do now.",
    )
    marketplace_calls_per_day: int | None = strawberry.field(
        default=None,
        description="As of createApiKey. Null: as it is, and 0 for a key that had no limit and is "
        "now PUBLIC alone.",
    )


@strawberry.input(description="The key to replace.")
class RotateApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")
    overlap_hours: int | None = strawberry.field(
        default=DEFAULT_OVERLAP,
        description="For so many hours the old key goes on working, 0 to 720.",
    )


@payload("Answer of createApiKey.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The new key; null when none was made.")
    key: str | None = strawberry.field(description=KEY)


@payload("Answer of revokeApiKey.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="As it stands now, accepted no more.")


@payload("Answer of narrowApiKey.")
class NarrowApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="As it stands now.")


@payload("Answer of rotateApiKey.")
class RotateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The new key; null when none was made.")
    key: str | None = strawberry.field(description=KEY)


@strawberry.type
class ApiKeyQueries:
    """The fields of Query about API keys."""

    @strawberry.field(
        description="Who is asking. Every valid API key may know.", extensions=[Needs(None)]
    )
    async def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info)

    @strawberry.field(
        description="The workspace's API keys, newest first, revoked and expired ones too.",
        extensions=[Needs(Scope.ADMIN), Paged()],
    )
    async def api_keys(
        self,
        info: Info,
        args: ConnectionArgs,
    ) -> Connection[ApiKey]:
        page = StoredPage(*await api_keys.page(info.context, args))
        shown = partial(ApiKey.of, now=info.context.now)
        counted = partial(api_keys.count, info.context)
        return Connection(page=page, shown=shown, counted=counted)


@strawberry.type
class ApiKeyMutations:
    """The fields of Mutation about API keys."""

    @mutation(
        Scope.ADMIN,
        description="Make an API key of this workspace. Its text is shown this once.",
    )
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, What]
    ) -> CreateApiKeyPayload:
        made = await api_keys.create(
            info.context,
            name=input.name,
            scopes=input.scopes,
            expires_at=input.expires_at,
            origins=input.origins or (),
            calls_per_day=input.marketplace_calls_per_day,
        )
        return CreateApiKeyPayload(
            api_key=ApiKey.of(made.key, info.context.now), key=made.text.reveal()
        )

    @mutation(
        Scope.ADMIN,
        description="Take an API key back, at once and for ever, with the browsers that signed in "
        "with it.",
    )
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, What]
    ) -> RevokeApiKeyPayload:
        revoked = await api_keys.revoke(info.context, row_id(ids.api_key, input.id))
        return RevokeApiKeyPayload(api_key=ApiKey.of(revoked, info.context.now))

    @mutation(
        Scope.ADMIN,
        description="Take scopes away from an API key, at once. Its text stays, so that a page it "
        "stands in need not be changed.",
    )
    async def narrow_api_key(
        self, info: Info, input: Annotated[NarrowApiKeyInput, What]
    ) -> NarrowApiKeyPayload:
        narrowed = await api_keys.narrow(
            info.context,
            row_id(ids.api_key, input.id),
            scopes=input.scopes or (Scope.PUBLIC,),
            calls_per_day=input.marketplace_calls_per_day,
        )
        return NarrowApiKeyPayload(api_key=ApiKey.of(narrowed, info.context.now))

    @mutation(
        Scope.ADMIN,
        description="Replace an API key by a new one that may do the same and lives as long. The "
        "old one goes on for the overlap, so that nothing stands still meanwhile.",
    )
    async def rotate_api_key(
        self, info: Info, input: Annotated[RotateApiKeyInput, What]
    ) -> RotateApiKeyPayload:
        made = await api_keys.rotate(
            info.context, row_id(ids.api_key, input.id), overlap_hours=input.overlap_hours
        )
        return RotateApiKeyPayload(
            api_key=ApiKey.of(made.key, info.context.now), key=made.text.reveal()
        )
