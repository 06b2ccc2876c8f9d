"""What a proxy in front of Vitrine asks before it gets a certificate for a name (Caddy calls it on-demand TLS).

200 for a domain that is proven, 404 for any other name, so that nobody can have certificates made without end.
A question is one look-up by a key, and none within two seconds of the last one about the name.
"""

import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.database import DATABASE_FAULTS
from resolvers.hosting.route import SiteRoutes

_NAME = re.compile(r"[a-z0-9.-]{1,253}")


async def may_have_certificate(request: Request) -> Response:
    """Whether the name in `domain` is one that a certificate is to be got for."""
    name = request.query_params.get("domain", "").lower().rstrip(".")
    if not _NAME.fullmatch(name):
        return _answer(HTTPStatus.NOT_FOUND)
    routes: SiteRoutes = request.app.state.site_routes
    try:
        target = await routes.find(name)
    except DATABASE_FAULTS:
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
    return _answer(HTTPStatus.OK if target is not None and target.token else HTTPStatus.NOT_FOUND)


def _answer(status: HTTPStatus) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store"})


ROUTES = [Route("/domains/tls", may_have_certificate)]
