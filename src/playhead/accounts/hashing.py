"""How secrets are kept."""

from __future__ import annotations

import hashlib


def hashed(secret: str) -> str:
    """The form in which a key, a code or a cookie is kept. They are made by chance, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
