"""What Peewee lacks for these tables: keys of two columns, SQL for each dialect, triggers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from peewee import (
    OP,
    SQL,
    BackrefAccessor,
    Check,
    Context,
    EnclosedNodeList,
    Entity,
    Expression,
    FieldAlias,
    ForeignKeyAccessor,
    ForeignKeyField,
    Model,
    Node,
    NodeList,
    SqliteDatabase,
)


class ByDialect(Node):
    """A piece of SQL that SQLite and PostgreSQL want in their own words.

    Peewee does not say which database it compiles for; its mark of a parameter does: `?` is
    SQLite's, `%s` is psycopg's. In the words of PostgreSQL `%` is written `%%`.
    """

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self.sqlite, self.postgresql = sqlite, postgresql

    def __sql__(self, ctx: Context) -> Context:
        is_postgresql = ctx.state.param == "%s"
        return ctx.literal(self.postgresql if is_postgresql else self.sqlite)


UTC_NOW = ByDialect(
    "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')",
    """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
)
"""The present moment as the tables keep it."""

NOW = ByDialect(f"DEFAULT ({UTC_NOW.sqlite})", f"DEFAULT ({UTC_NOW.postgresql})")
PLAIN_PATH = ByDialect(
    """CHECK (length(path) BETWEEN 1 AND 1024
            AND '/' || path || '/' NOT GLOB '*//*' AND '/' || path || '/' NOT GLOB '*/./*'
            AND '/' || path || '/' NOT GLOB '*/../*' AND instr(path, char(0)) = 0
            AND path NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*')""",
    r"""CHECK (length(path) BETWEEN 1 AND 1024
            AND path !~ '(^|/)[.]{0,2}(/|$)' AND path !~ '[\x01-\x1f\x7f]')""",
)

# A CHECK sees one row, and the composite's UUID is in another one.
_ITSELF = """EXISTS (SELECT 1 FROM artifacts WHERE collection_id = NEW.collection_id
        AND id = NEW.composite_id AND uuid = NEW.child_artifact_uuid)"""
NOT_ITSELF = {
    "sqlite": [
        SQL(f"""CREATE TRIGGER composite_memberships_not_itself_{name}
    BEFORE {name.upper()} {of}ON composite_memberships WHEN {_ITSELF}
    BEGIN SELECT RAISE(ABORT, 'a composite cannot be a member of itself'); END""")
        for name, of in (("insert", ""), ("update", "OF composite_id, child_artifact_uuid "))
    ],
    "postgresql": [
        SQL(f"""CREATE OR REPLACE FUNCTION composite_memberships_not_itself() RETURNS trigger AS $$
    BEGIN
        IF {_ITSELF} THEN
            RAISE EXCEPTION 'a composite cannot be a member of itself'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql"""),
        SQL("""CREATE TRIGGER composite_memberships_not_itself
    BEFORE INSERT OR UPDATE OF composite_id, child_artifact_uuid ON composite_memberships
    FOR EACH ROW EXECUTE FUNCTION composite_memberships_not_itself()"""),
    ],
}
"""The triggers that refuse a composite as a member of itself, by database."""


class TriggeredModel(Model):
    """A model whose table is made with triggers: statements for `sqlite` and `postgresql`."""

    triggers: ClassVar[dict[str, list[SQL]]] = {}

    @classmethod
    def create_table(cls, safe: bool = True, **options: Any) -> None:
        """Create the table with its indexes and triggers, or, if `safe`, leave one that is there.

        Raises what the database refuses.
        """
        database = cls._meta.database
        exists = safe and database.table_exists(cls._meta.table_name)
        super().create_table(safe, **options)
        dialect = "sqlite" if isinstance(database, SqliteDatabase) else "postgresql"
        for statement in cls.triggers[dialect]:
            if not exists:
                database.execute(statement)


def hex_digits(column: str, digits: int) -> ByDialect:
    """Return the CHECK that a column holds so many lowercase hex digits."""
    return ByDialect(
        f"CHECK (length({column}) = {digits} AND {column} NOT GLOB '*[^0-9a-f]*')",
        f"CHECK ({column} ~ '^[0-9a-f]{{{digits}}}$')",
    )


def one_of(column: str, values: Iterable[str]) -> Any:
    """Return the CHECK that a column holds one of these words."""
    return Check(f"{column} IN ({', '.join(repr(str(value)) for value in values)})")


def default(text: str) -> SQL:
    """Return a default that the database gives, so that plain SQL gets it, too."""
    return SQL(f"DEFAULT {text}")


class _ScopedAccessor(ForeignKeyAccessor):
    """`membership.composite`: found by the collection and the key, not by the key alone."""

    def get_rel_instance(self, instance: Model) -> Any:
        field, rel = self.field, self.rel_model
        value = instance.__data__.get(self.name)
        if self.name not in instance.__rel__ and value is not None:
            same = getattr(rel, field.scope) == getattr(instance, field.scope)
            instance.__rel__[self.name] = rel.get(same & (field.rel_field == value))
        return super().get_rel_instance(instance)  # type: ignore[no-untyped-call]


class _ScopedBackref(BackrefAccessor):
    """`composite.memberships`: those of the same collection."""

    def __get__(self, instance: Model | None, instance_type: type[Model] | None = None) -> Any:
        if instance is None:
            return self
        value = instance.__data__[self.field.rel_field.name]
        scope = self.field.scope
        same = getattr(self.rel_model, scope) == getattr(instance, scope)
        return self.rel_model.select().where(same & (self.field == value))


class ScopedForeignKeyField(ForeignKeyField):
    """`FOREIGN KEY (scope, column) REFERENCES table (scope, field)`: a key of two columns.

    `scope` names a column of both tables, here the collection. The constraint, the accessor and the
    backref take it along; Peewee's own joins and `prefetch` know the one column only, so that rows
    of two collections that are called alike would meet. Give a join its condition:

        CompositeMembership.select().join(
            CompositeArtifact, on=CompositeMembership.composite.on()
        )

    A join without it raises ValueError. `is_unique` says that the referred column is unique by
    itself (a UUID), so that a join needs no more. All keys cascade, on delete and on update.
    """

    accessor_class = _ScopedAccessor
    backref_accessor_class = _ScopedBackref

    def __init__(
        self, *args: Any, scope: str = "collection_id", is_unique: bool = False, **options: Any
    ) -> None:
        options = {"on_delete": "CASCADE", "on_update": "CASCADE", "index": False, **options}
        super().__init__(*args, **options)
        self.scope, self.is_unique = scope, is_unique

    def on(self, dest: Any = None, src: Any = None) -> Expression:
        """Return the condition of a join; `dest` and `src` may be aliases of the two models."""
        dest, src = dest or self.rel_model, src or self.model
        same = Expression(getattr(src, self.name), OP.EQ, getattr(dest, self.rel_field.name))
        joined: Expression = same & (getattr(src, self.scope) == getattr(dest, self.scope))
        return joined

    def __eq__(self, other: object) -> Any:
        # A bare join() asks this.
        referred = other.field if isinstance(other, FieldAlias) else other
        if referred is self.rel_field and not self.is_unique:
            name = f"{self.model.__name__}.{self.name}"
            raise ValueError(f"a key of two columns: join with on={name}.on()")
        return super().__eq__(other)

    __hash__ = ForeignKeyField.__hash__

    def foreign_key_constraint(self, explicit_name: bool = False) -> NodeList:  # noqa: ARG002
        """Return the constraint as CREATE TABLE has it."""
        ours, theirs = self.model._meta.combined, self.rel_model._meta.combined
        key = [Entity(ours[self.scope].column_name), Entity(self.column_name)]
        referred = [Entity(theirs[self.scope].column_name), Entity(self.rel_field.column_name)]
        return NodeList(
            [
                SQL("FOREIGN KEY"),
                EnclosedNodeList(key),
                SQL("REFERENCES"),
                self.rel_model,
                EnclosedNodeList(referred),
                SQL(f"ON DELETE {self.on_delete}"),
                SQL(f"ON UPDATE {self.on_update}"),
            ]
        )
