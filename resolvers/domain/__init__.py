"""Domains of merchants' own: claimed by a site, proven, served, and looked at again now and then."""

from resolvers.domain.add import NewDomain, add_domain
from resolvers.domain.primary import PrimaryDomain, set_primary_domain
from resolvers.domain.remove import remove_domain
from resolvers.domain.verify import is_any_domain_due, verify_domain, verify_due_domains

__all__ = [
    "NewDomain",
    "PrimaryDomain",
    "add_domain",
    "is_any_domain_due",
    "remove_domain",
    "set_primary_domain",
    "verify_domain",
    "verify_due_domains",
]
