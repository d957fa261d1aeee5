"""Database URLs: what is understood, what is refused, and that no password is ever shown."""

from __future__ import annotations

import pytest

from holdall.errors import WrongDatabaseURL
from holdall.formats import DatabaseURL
from holdall_composites.database.connect import make_database

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///kit.db", "kit.db"),
        ("sqlite:///deep/kit.db", "deep/kit.db"),
        ("sqlite:////srv/kit.db", "/srv/kit.db"),
        ("SQLite:////srv/kit.db", "/srv/kit.db"),
        ("/srv/kit.db", "/srv/kit.db"),
        ("kit.db", "kit.db"),
        ("sqlite:////srv/100%25 of a?b#c@d/kit.db", "/srv/100%25 of a?b#c@d/kit.db"),
        ("/srv/100%25 of a?b/kit.db", "/srv/100%25 of a?b/kit.db"),
    ],
)
def test_a_file_is_taken_as_it_is_written(text: str, path: str) -> None:
    """A path has no escapes and no parameters: a folder may be called `100%25` or `a?b`."""
    url = DatabaseURL.parse(text)
    assert (url.dialect, url.path, url.shown) == ("sqlite", path, path)
    assert url.is_embedded


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("postgresql://me@h/kit", "kit", "postgresql://h/kit"),
        ("postgresql://me:s3cret@h:5432/kit", "kit", "postgresql://h:5432/kit"),
        ("postgres://me:s3cret@h/kit", "kit", "postgresql://h/kit"),
        ("POSTGRES://me:s3cret@h/kit", "kit", "postgresql://h/kit"),
        ("postgresql:///kit?host=/run/s3cret", "kit", "postgresql:///kit"),
        ("postgresql://me:@/kit?password=s3cret@x", "kit", "postgresql:///kit"),
        ("postgresql://me:s3cret@[::1]:5432/kit", "kit", "postgresql://[::1]:5432/kit"),
        ("postgresql://me:s3cret@a:1,b:2/kit", "kit", "postgresql://a:1,b:2/kit"),
        ("postgresql://h/my%20kit", "my kit", "postgresql://h/my%20kit"),
    ],
)
def test_a_server_is_shown_without_secrets(text: str, name: str, shown: str) -> None:
    """Host, port and database are shown; user, password and parameters are not."""
    url = DatabaseURL.parse(text)
    assert (url.dialect, url.path, url.shown) == ("postgresql", name, shown)
    assert url.text == "postgresql" + text[text.index(":") :]
    assert not url.is_embedded


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nonsense",
        "..",
        "a folder/",
        "postgresql://h:0/kit",
        "postgresql://a:1,b:65536/kit",
        "postgresql://h/kit?options=100%",
        "mysql://me:s3cret@h/kit",
        "host=h password=s3cret:x",
        "sqlite://",
        "sqlite:///",
        "sqlite://kit.db",
        "sqlite:///:memory:",
        "sqlite:///file:kit.db?mode=memory",
        "postgresql://h",
        "postgresql://h/",
        "postgresql://me:s3cret",
        "postgresql://me:s3cret@h",
        "postgresql://me:s3cret@h:port/kit",
        "postgresql://me:s3cret@h:99999999/kit",
        "postgresql://me:s3cret/1@h/kit",
        "postgresql://me:12/s3cret@h/kit",
        "postgresql://me:12?s3cret@h/kit",
        "postgresql://me:12#s3cret@h/kit",
        "postgresql://me:s3cret@[::1/kit",
    ],
)
def test_what_is_wrong_is_refused_without_quoting_it(text: str) -> None:
    """The hint shows the right forms; nothing that could be a password is repeated."""
    with pytest.raises(WrongDatabaseURL) as refused:
        DatabaseURL.parse(text)
    assert refused.value.exit_status == 2
    assert "postgresql://" in str(refused.value.hint)
    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["postgresql://me:s3%cret@h/kit", "postgresql://me@h/kit?s3cret=1"],
)
def test_what_the_driver_refuses_is_not_quoted_either(text: str) -> None:
    """The driver's own sentence about a wrong URL may hold the password, so its quotes go."""
    pytest.importorskip("psycopg")
    with pytest.raises(WrongDatabaseURL) as refused:
        make_database(text)
    assert "s3" not in refused.value.message
    assert "postgresql://h/kit" in refused.value.message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://me:s3cret@h/kit", "postgresql://me@h/kit"),
        ("postgresql://me:@h/kit?sslmode=require", "postgresql://me@h/kit?sslmode=require"),
        ("postgresql://me@h/kit?password=s3cret", "postgresql://me@h/kit"),
        ("postgres://h/kit?a=1&password=s3cret&b=2", "postgresql://h/kit?a=1&b=2"),
        ("postgresql://:s3:cret@[::1]:5432/kit", "postgresql://@[::1]:5432/kit"),
        ("postgresql://h:5432/kit", "postgresql://h:5432/kit"),
        ("/srv/a:b@c?password=/kit.db", "sqlite:////srv/a:b@c?password=/kit.db"),
    ],
)
def test_a_url_can_be_written_down_without_its_password(text: str, kept: str) -> None:
    """All else stays, ports and parameters too."""
    assert DatabaseURL.parse(text).without_password == kept
