"""Django's content types: what a generic link can point to."""

from __future__ import annotations

PATIENT, INSTRUCTION, USER = 11, 23, 58
_OTHERS = (
    "admin.logentry", "auth.permission", "auth.group", "contenttypes.contenttype", "sessions.session",
    "dispatch.action", "dispatch.agent", "dispatch.bracket", "dispatch.category", "dispatch.client",
    "dispatch.client3d", "dispatch.comment", "dispatch.course", "dispatch.discount", "dispatch.doctorsetting",
    "dispatch.event", "dispatch.file", "dispatch.globalsetting", "dispatch.instance", "dispatch.jaw",
    "dispatch.language", "dispatch.link", "dispatch.master", "dispatch.note", "dispatch.notification",
    "dispatch.offer", "dispatch.office", "dispatch.operation", "dispatch.order", "dispatch.payment", "dispatch.plan",
    "dispatch.product", "dispatch.project", "dispatch.purchase", "dispatch.reading", "dispatch.record",
    "dispatch.role", "dispatch.state", "dispatch.storage", "dispatch.task", "dispatch.template",
    "dispatch.usersetting", "dispatch.ware", "axes.accessattempt", "axes.accesslog", "reversion.revision",
    "reversion.version",
)  # fmt: skip
# An instruction of another application: a link to it leads to no order.
FOREIGN_INSTRUCTION = 57


def generate() -> list[tuple[int, str, str]]:
    """Rows of django_content_type: 51, with gaps in the keys."""
    keys = (key for key in range(1, 60) if key not in (PATIENT, INSTRUCTION, FOREIGN_INSTRUCTION, USER))
    named = dict(zip(keys, _OTHERS, strict=False)) | {
        PATIENT: "dispatch.patient",
        INSTRUCTION: "dispatch.instruction",
        FOREIGN_INSTRUCTION: "archive.instruction",
        USER: "auth.user",
    }
    return [(key, *label.split(".")) for key, label in sorted(named.items())]  # type: ignore[misc]


def key_of(model: str) -> int:
    """Key of a model of the application dispatch."""
    return next(key for key, application, name in generate() if (application, name) == ("dispatch", model))
