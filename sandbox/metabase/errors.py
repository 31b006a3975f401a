"""Metabase's own error answers: status, body and content type."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that is no success. A `str` body goes out as plain text, anything else as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers: dict[str, str] = {}


def invalid(errors: dict[str, Any], specific: dict[str, Any] | None = None) -> ApiError:
    """400 with a text per field."""
    return ApiError(400, {"errors": errors, "specific-errors": specific or {}})


def unauthenticated() -> ApiError:
    """401: no credential, or one that nobody was given."""
    return ApiError(401, "Unauthenticated")


def forbidden() -> ApiError:
    """403: the caller's groups do not allow it."""
    return ApiError(403, "You don't have permissions to do that.")


def not_found() -> ApiError:
    """404: the route exists, the object does not."""
    return ApiError(404, "Not found.")


def no_such_endpoint() -> ApiError:
    """404: no route of the contract matches; told from `not_found` by its text alone."""
    return ApiError(404, "API endpoint does not exist.")


def archived() -> ApiError:
    """404: the object lies in the trash."""
    return ApiError(404, {"message": "The object has been archived.", "error_code": "archived"})


def stale_revision() -> ApiError:
    """409: somebody else wrote the permission graph since it was read."""
    return ApiError(409, "Looks like someone else edited the permissions and your data is out of date.")


def assertion_failed(message: str) -> ApiError:
    """500: what the server's assertions and its database's constraints give."""
    return ApiError(500, {"message": message, "via": [], "trace": []})
