"""What a question is called in every Metabase that it is created in."""

from __future__ import annotations

import base64
import hashlib


def card_entity_id(question_key: str) -> str:
    """The entity_id of a question: 21 characters of `[A-Za-z0-9_-]`, the same wherever the question is created."""
    return base64.urlsafe_b64encode(hashlib.sha256(question_key.encode()).digest()).decode()[:21]
