"""Deployments: builds of sites' themes, and putting them live."""

from resolvers.deployment.build import build_next
from resolvers.deployment.cancel import cancel_deployment
from resolvers.deployment.create import deploy_site, retry_deployment
from resolvers.deployment.keep import sweep_builds
from resolvers.deployment.lease import is_any_build_due
from resolvers.deployment.rollback import roll_back_site

__all__ = [
    "build_next",
    "cancel_deployment",
    "deploy_site",
    "is_any_build_due",
    "retry_deployment",
    "roll_back_site",
    "sweep_builds",
]
