"""Identity and composition: permanent UUIDs, composites with pins, and the resolver.

For programs and plugins: models to query (`open_collection`), and the service (`open_resolver`).
"""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.database.models import (
        Artifact as Artifact,
        ArtifactVersion as ArtifactVersion,
        Collection as Collection,
        CompositeArtifact as CompositeArtifact,
        CompositeMembership as CompositeMembership,
        Deployment as Deployment,
        Operation as Operation,
    )
    from holdall_composites.resolver.resolver import Resolver as Resolver
    from holdall_composites.session import (
        open_collection as open_collection,
        open_resolver as open_resolver,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "database.models": (
                "Artifact",
                "ArtifactVersion",
                "Collection",
                "CompositeArtifact",
                "CompositeMembership",
                "Deployment",
                "Operation",
            ),
            "resolver.resolver": ("Resolver",),
            "session": ("open_collection", "open_resolver"),
        },
    )
