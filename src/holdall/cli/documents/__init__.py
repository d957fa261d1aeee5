"""What `--json` prints, as types: each command names its own, and JSON Schemas are made from them.

Imported for schemas, documentation and tests only. Keys are added, never renamed or removed, within
a `schema_version`.
"""

from holdall.cli.documents.files import FILES
from holdall.cli.documents.host import DOCUMENTS, ErrorDocument
from holdall.cli.documents.projects import WhyDocument
from holdall.cli.documents.schema import document_of, schema_of
from holdall.cli.documents.values import (
    Change,
    Composite,
    Deployment,
    Diagnostic,
    Entry,
    Finding,
    Member,
)
from holdall.cli.output import SCHEMA_VERSION

__all__ = [
    "DOCUMENTS",
    "FILES",
    "SCHEMA_VERSION",
    "Change",
    "Composite",
    "Deployment",
    "Diagnostic",
    "Entry",
    "ErrorDocument",
    "Finding",
    "Member",
    "WhyDocument",
    "document_of",
    "schema_of",
]
