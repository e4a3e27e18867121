"""The one family of errors that reach people: each has a code for programs and a message that says how to mend it."""

from __future__ import annotations


class PlayheadError(Exception):
    """An error a caller can cause or mend.

    `code` is snake_case and stable, `status` the HTTP status it is answered with, `retry_after_s` the `Retry-After`
    header in seconds where waiting helps.
    """

    status = 400
    code = "bad_request"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.retry_after_s = retry_after_s


class Unauthorized(PlayheadError):
    status = 401
    code = "unauthorized"


class NotFound(PlayheadError):
    status = 404
    code = "not_found"


class Conflict(PlayheadError):
    status = 409
    code = "conflict"


class Gone(PlayheadError):
    status = 410
    code = "gone"


class TooLarge(PlayheadError):
    status = 413
    code = "too_large"


class TooMany(PlayheadError):
    status = 429
    code = "too_many_requests"


class Unavailable(PlayheadError):
    status = 503
    code = "unavailable"
