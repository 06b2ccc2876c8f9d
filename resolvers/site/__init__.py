"""Sites: making, changing and deleting them."""

from resolvers.site.create import NewSite, create_site
from resolvers.site.delete import delete_site
from resolvers.site.update import SiteChanges, update_site

__all__ = ["NewSite", "SiteChanges", "create_site", "delete_site", "update_site"]
