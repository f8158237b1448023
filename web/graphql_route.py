"""/graphql: the editor for a browser, permission for a foreign page, else the graph's answer."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.api_keys import Caller
from schema.execution import Bucket
from web import graphiql
from web.access import Access, Refused, refusal
from web.endpoint import READING, Endpoint
from web.graphiql import GraphiQL
from web.security import allow_reading, cross_origin_permission


@dataclass(frozen=True, kw_only=True)
class GraphQLRoute:
    """The route. `bucket`: whose points pay. `allowed_origins`: pages that may read the answers.

    `under_way`: lasts from where a caller of that workspace is let in until the answer, the body's
    arrival included.
    """

    access: Access
    endpoint: Endpoint
    editor: GraphiQL
    bucket: Callable[[Caller], Bucket]
    under_way: Callable[[str], AbstractContextManager[None]]
    allowed_origins: frozenset[str]

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [
            Route("/graphql", self.answer, methods=["GET", "POST", "OPTIONS"]),
            *graphiql.routes(),
        ]

    async def answer(self, request: Request) -> Response:
        """The response to one request."""
        if request.method in READING and graphiql.wants_page(
            request.headers.get("accept", ""), "query" in request.query_params
        ):
            return self.editor.show(request)
        origin = request.headers.get("origin", "")
        is_listed = origin.lower() in self.allowed_origins
        if request.method == "OPTIONS":
            is_listed = is_listed or await self._is_of_a_key(origin)
            return cross_origin_permission(origin, is_listed=is_listed)
        try:
            caller = await self.access.let_in(request)
            with self.under_way(caller.workspace):
                response = await self.endpoint.answer(request, self.bucket(caller), caller.identity)
            is_listed = is_listed or caller.is_of_page(origin)
        except Refused as refused:
            response = refusal(request, refused)
        response.headers["Vary"] = "Origin"
        if is_listed:
            allow_reading(response, origin)
        return response

    async def _is_of_a_key(self, origin: str) -> bool:
        return bool(origin) and await self.access.lists_origin(origin.lower())
