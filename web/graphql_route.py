"""/graphql: the editor for a browser, permission for a foreign page, else the graph's answer."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schema.answers import Buckets
from web import graphiql
from web.access import Access, CrossOrigin, Refused, refusal
from web.endpoint import READING, Endpoint
from web.graphiql import GraphiQL


@dataclass(frozen=True, kw_only=True)
class GraphQLRoute:
    """The route. `buckets`: whose points pay. `cross_origin`: pages that may read the answers.

    `under_way`: lasts from where a caller of that workspace is let in until the answer, the body's
    arrival included.
    """

    access: Access
    endpoint: Endpoint
    editor: GraphiQL
    buckets: Callable[[], Buckets]
    under_way: Callable[[str], AbstractContextManager[None]]
    cross_origin: CrossOrigin

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
            return await self.editor.show(request)
        if request.method == "OPTIONS":
            return await self.cross_origin.permission(request)
        caller = None
        try:
            caller = await self.access.let_in(request)
            with self.under_way(caller.workspace):
                response = await self.endpoint.answer(
                    request,
                    self.buckets(),
                    caller.identity,
                    partial(self.access.is_still, request, caller),
                )
        except Refused as refused:
            response = refusal(request, refused)
        self.cross_origin.let_read(response, request, caller)
        return response
