"""GraphiQL at `/graphql` for people: the page, the files that it loads, the example operations in its tabs.

No third-party bundle is in the repository. Where `npm ci` has installed them, the pinned files are served
from `node_modules`, each under a name of its own, and the page works offline. Otherwise the page loads the
same bytes from a CDN, and the browser refuses any that do not have the hash written in `assets.py`.
"""

from routes.graphiql.assets import GRAPHIQL_ROUTES
from routes.graphiql.page import graphiql_page, wants_graphiql

__all__ = ["GRAPHIQL_ROUTES", "graphiql_page", "wants_graphiql"]
