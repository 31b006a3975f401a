"""Models of the app, by subject."""

from .files import Certificate, Document
from .overrides import AuditHistory, ManualOverride, WaiverRequest
from .requirements import COIRiskProfile, CoverageType, DocRequirement, RequirementsGroup, RequirementsGroupMember

__all__ = [
    "AuditHistory",
    "COIRiskProfile",
    "Certificate",
    "CoverageType",
    "DocRequirement",
    "Document",
    "ManualOverride",
    "RequirementsGroup",
    "RequirementsGroupMember",
    "WaiverRequest",
]
