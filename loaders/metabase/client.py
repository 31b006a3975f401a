"""Metabase's REST API over HTTP: reads are tried again, writes never."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.settings import Settings

OLDEST, NEWEST = 58, 65
_ATTEMPTS = 5
_LONGEST_WAIT_SECONDS = 30.0
_TIMEOUT_SECONDS = 60.0
_TRANSIENT = {408, 429, 500, 502, 503, 504}
# A proxy's answers: Metabase itself may have done what it was asked.
_FROM_A_PROXY = {408, 502, 503, 504}
_PAGE = 200
_SHOWN = 300
_OUT_OF_REACH = "Is it up, and is DTX_METABASE_URL its address?"


class MetabaseError(ServiceError):
    """Metabase refused or failed."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class LostAnswerError(MetabaseError):
    """A write whose answer never came: it may have happened."""


class _TransientError(MetabaseError):
    """A read worth another attempt, after `wait` seconds where the server named a time."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, status=status, hint=hint)
        self.wait = wait


class Metabase:
    """One Metabase, as a member of its Administrators. Paths begin after `/api`."""

    def __init__(self, url: str, api_key: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/",
            headers={"X-API-KEY": api_key, "Accept": "application/json"},
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
        )

    def __enter__(self) -> Metabase:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read; a transient failure is tried again, after the time that the server asks for.

        Returns:
            The answer's JSON, None where it has no body.

        Raises:
            MetabaseError: the last attempt failed too, or the failure is not transient.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(_TransientError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        return attempts(self._read, path, query)

    def find(self, path: str, **query: Any) -> Any:
        """Read what may not be there: None where Metabase knows no such object."""
        try:
            return self.get(path, **query)
        except MetabaseError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a listing in pages."""
        offset = 0
        while True:
            page = self.get(path, **query, limit=_PAGE, offset=offset)
            yield from page["data"]
            offset += _PAGE
            if len(page["data"]) < _PAGE:
                return

    def post(self, path: str, body: Any = None) -> Any:
        """Create or start something, once.

        Raises:
            LostAnswerError: nobody knows whether it happened; look before you ask again.
            MetabaseError: it did not happen.
        """
        return self._write("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Change something, once; raises as `post`."""
        return self._write("PUT", path, body)

    def _read(self, path: str, query: Mapping[str, Any]) -> Any:
        try:
            response = self._http.get(path, params=query)
        except httpx.TransportError as error:
            raise _TransientError(
                f"GET {self.url}/api/{path} failed ({type(error).__name__})", hint=_OUT_OF_REACH
            ) from None
        if response.status_code in _TRANSIENT:
            raise _TransientError(
                _complaint(response, "GET", path), status=response.status_code, wait=_retry_after(response)
            )
        return _answer(response, "GET", path)

    def _write(self, method: str, path: str, body: Any) -> Any:
        content = {} if body is None else {"json": body}
        try:
            response = self._http.request(method, path, **content)
        except httpx.ConnectError:
            raise MetabaseError(f"cannot connect to Metabase at {self.url}", hint=_OUT_OF_REACH) from None
        except httpx.TransportError as error:
            raise LostAnswerError(f"the answer to {method} /api/{path} was lost ({type(error).__name__})") from None
        if response.status_code in _FROM_A_PROXY:
            raise LostAnswerError(_complaint(response, method, path), status=response.status_code)
        return _answer(response, method, path)


def open_metabase(settings: Settings) -> Metabase:
    """The Metabase of the settings.

    Raises:
        ConfigurationError: its address or key is not set.
    """
    if not settings.metabase_url or settings.metabase_api_key is None:
        raise ConfigurationError(
            "DTX_METABASE_URL or DTX_METABASE_API_KEY is not set",
            hint="Make a key of the group Administrators in Metabase's admin settings, under API keys.",
        )
    return Metabase(settings.metabase_url, settings.metabase_api_key.get_secret_value())


def check_server(client: Metabase, time_zone: str) -> list[str]:
    """Check that this Metabase is one whose API we know, and that schedules mean what they meant.

    Args:
        client: the Metabase.
        time_zone: what its report time zone must be, since every schedule's hour is read in it.

    Returns:
        Warnings, as sentences.

    Raises:
        RefusedError: it is too old, its version cannot be read, the key is no administrator's, or its report time
            zone is another one.
    """
    properties = client.get("session/properties")
    tag = str(properties["version"]["tag"])
    release = re.match(r"v?[01]\.(\d+)", tag)
    if release is None or int(release[1]) < OLDEST:
        raise RefusedError(
            f"Metabase at {client.url} is version {tag}",
            hint=f"Upgrade it: {OLDEST} is the oldest that this speaks to.",
        )
    user = client.get("user/current")
    if not user.get("is_superuser", False):
        raise RefusedError(
            "the key of DTX_METABASE_API_KEY is not an administrator's",
            hint="Make a key of the group Administrators: no other may create connections and set permissions.",
        )
    zone = properties.get("report-timezone")
    if zone != time_zone:
        raise RefusedError(
            f"Metabase's report time zone is {zone or 'not set'}, DTX_REPORTING_TIME_ZONE is {time_zone}",
            hint="Set it in Metabase's admin settings, Localization, Report timezone. It concerns everybody's "
            "questions and schedules there, so this command leaves it to you.",
        )
    warnings = []
    if int(release[1]) > NEWEST:
        warnings.append(f"Metabase is version {tag}; {NEWEST} is the newest that this was written for.")
    if not client.get("pulse/form_input")["channels"]["email"]["configured"]:
        warnings.append("Metabase has no mail server: it takes subscriptions and never sends them.")
    return warnings


_backoff = wait_random_exponential(multiplier=0.25, max=_LONGEST_WAIT_SECONDS)


def _wait(attempt: RetryCallState) -> float:
    error = attempt.outcome.exception() if attempt.outcome else None
    if isinstance(error, _TransientError) and error.wait is not None:
        return min(error.wait, _LONGEST_WAIT_SECONDS)
    return float(_backoff(attempt))


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return float(max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0))
    except (ValueError, TypeError):
        return None


def _answer(response: httpx.Response, method: str, path: str) -> Any:
    if response.status_code == 401:
        raise MetabaseError(
            "Metabase does not know the key of DTX_METABASE_API_KEY", status=401, hint="Make a new one in Metabase."
        )
    if response.status_code >= 300:
        raise MetabaseError(_complaint(response, method, path), status=response.status_code)
    if response.status_code == 204 or not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise MetabaseError(
            f"{method} /api/{path} answered with something else than JSON",
            hint="Is DTX_METABASE_URL Metabase's address?",
        ) from None


def _complaint(response: httpx.Response, method: str, path: str) -> str:
    """What Metabase said: of an error with a stack trace its message alone (their traces are thousands of lines)."""
    try:
        body = response.json()
    except ValueError:
        body = response.text
    if isinstance(body, dict):
        body = body.get("message") or body.get("errors") or body
    return f"{method} /api/{path} was answered with {response.status_code}: {str(body)[:_SHOWN]}"
