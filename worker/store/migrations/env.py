"""How Alembic reaches the database: always by the connection that `worker.store.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from worker.store.schema import Document, Id, Utc, metadata


def plain(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Types as SQLAlchemy's own: a migration says what it did, whatever becomes of our types."""
    if kind == "type" and isinstance(thing, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and thing is Document:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')"
    if kind == "type" and thing is Id:
        return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    render_as_batch=connection is not None and connection.dialect.name == "sqlite",
    render_item=plain,
)
context.run_migrations()
