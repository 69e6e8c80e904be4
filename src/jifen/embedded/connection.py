"""How to reach a database."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field, replace

from jifen.embedded.failures import DatabaseUrlUnclear

DEFAULT_PORT = 5432


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What `asyncpg.connect(**connection.arguments())` needs.

    `host` is a name, an address, or the folder of a unix socket. `ssl` is one of libpq's sslmode words, or None
    for the driver's default. The password is not shown by repr.
    """

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    database: str
    ssl: str | None = None

    @classmethod
    def of_url(cls, url: str, *, named: str = "the database URL") -> Connection:
        """The connection that a `postgresql://` URL describes; `named` stands in the message when it is unclear."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme.split("+")[0] not in ("postgresql", "postgres"):
            raise DatabaseUrlUnclear(f"{named} must begin with postgresql://, not with {parts.scheme!r}.")
        query = dict(urllib.parse.parse_qsl(parts.query))
        unknown = set(query) - {"host", "port", "user", "password", "sslmode", "ssl"}
        if unknown:
            raise DatabaseUrlUnclear(
                f"{named} has the parameter {min(unknown)!r}, which is not understood; use host, port, user, "
                "password and sslmode."
            )
        user = urllib.parse.unquote(parts.username or "") or query.get("user", "")
        database = urllib.parse.unquote(parts.path.lstrip("/"))
        host = query.get("host") or parts.hostname or ""
        try:
            port = int(query.get("port") or parts.port or DEFAULT_PORT)
        except ValueError:
            raise DatabaseUrlUnclear(f"{named} has a port that is not a number.") from None
        for what, value in (("a user", user), ("a database", database), ("a host", host)):
            if not value:
                raise DatabaseUrlUnclear(
                    f"{named} lacks {what}: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
                )
        password = parts.password if parts.password is not None else None
        return cls(
            host=host,
            port=port,
            user=user,
            password=urllib.parse.unquote(password) if password is not None else query.get("password"),
            database=database,
            ssl=query.get("sslmode") or query.get("ssl"),
        )

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def to_database(self, database: str) -> Connection:
        """The same server and role, another database."""
        return replace(self, database=database)

    def arguments(self) -> dict[str, str | int]:
        """Keyword arguments for asyncpg."""
        known: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "database": self.database,
        }
        if self.password is not None:
            known["password"] = self.password
        if self.ssl is not None:
            known["ssl"] = self.ssl
        return known

    def url(self, *, driver: str | None = None) -> str:
        """The connection as a URL, password included: never print it. `driver` is SQLAlchemy's, such as asyncpg."""
        scheme = "postgresql" if driver is None else f"postgresql+{driver}"
        secret = "" if self.password is None else ":" + urllib.parse.quote(self.password, safe="")
        who = urllib.parse.quote(self.user, safe="") + secret
        name = urllib.parse.quote(self.database, safe="")
        query: dict[str, str] = {}
        if self.is_socket:
            where = ""
            query["host"] = self.host
            if self.port != DEFAULT_PORT:
                query["port"] = str(self.port)
        else:
            where = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        if self.ssl is not None:
            query["ssl" if driver == "asyncpg" else "sslmode"] = self.ssl
        tail = "?" + urllib.parse.urlencode(query) if query else ""
        return f"{scheme}://{who}@{where}/{name}{tail}"

    def environment(self) -> dict[str, str]:
        """What psql, pgbench and the like read; the password does not appear in the list of processes this way."""
        known = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.database,
        }
        if self.password is not None:
            known["PGPASSWORD"] = self.password
        if self.ssl is not None:
            known["PGSSLMODE"] = self.ssl
        return known
