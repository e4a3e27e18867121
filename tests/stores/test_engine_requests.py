"""Requests of ClickHouse's HTTP interface, taken apart."""

from __future__ import annotations

import pytest

from playhead.stores.embedded_engine import EngineError, read_request

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {a:String}\r\n'
    b'--b\r\nContent-Disposition: form-data; name="param_a"\r\n\r\n\xc3\xa9\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("query", "content_type", "body", "sql", "data"),
    [
        ("", "text/plain", b"SELECT 1", "SELECT 1", None),
        ("query=SELECT+1", "", b"", "SELECT 1", None),
        ("query=SELECT+1", "text/plain", b"FORMAT JSON", "SELECT 1\nFORMAT JSON", None),
        ("query=INSERT+INTO+t+FORMAT+Native", "", b"\x01\x02", "INSERT INTO t FORMAT Native", b"\x01\x02"),
        (
            "",
            "",
            b"INSERT INTO `t` (`a`) FORMAT Native\n\x01\n\x02",
            "INSERT INTO `t` (`a`) FORMAT Native",
            b"\x01\n\x02",
        ),
        ("", "multipart/form-data; boundary=b", FORM, "SELECT {a:String}", None),
    ],
)
def test_the_statement_and_its_data(query: str, content_type: str, body: bytes, sql: str, data: bytes | None) -> None:
    request = read_request(query, content_type, body)
    assert (request.sql, request.data) == (sql, data)


def test_parameters_settings_and_what_belongs_to_the_transport() -> None:
    request = read_request("database=d&param_x=1&max_threads=2&query_id=q&wait_end_of_query=1", "", b"SELECT {x:Int8}")
    assert (request.params, request.settings, request.database) == ({"x": "1"}, {"max_threads": "2"}, "d")
    assert read_request("", "multipart/form-data; boundary=b", FORM).params == {"a": "é"}


def test_an_error_carries_its_code() -> None:
    assert EngineError("Code: 60. DB::Exception: no table").code == 60
    assert EngineError("something else").code == 1001
