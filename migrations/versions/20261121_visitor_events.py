"""visitor events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import allow_running, protect

revision: str = "5320ccc38163"
down_revision: str | None = "c7d15e90ab34"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
GRANTS = {
    "visitor_event": {"app": "select, insert, delete"},
    "visitor_day_due": {"app": "select, insert, delete", "system": "select"},
    "visitor_hour": {"app": "select, insert, delete"},
    "visitor_day": {"app": "select, insert, update, delete", "system": "select"},
    "visitor_day_page": {"app": "select, insert, delete"},
    "visitor_day_dimension": {"app": "select, insert, delete"},
}
# The roles own nothing, so they cannot make or drop tables: these two do it for the worker, as the owner, and nothing
# else. A partition is attached, since making it as one would lock all events; it has no policy and no grant, so that
# it is reached through its parent alone. Who comes second while another is at it does nothing.
MAKE_PARTITIONS = """
create function make_visitor_event_partitions(since date, until date) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '1s' as $$
declare
  week date := date_trunc('week', since)::date;
  name text;
  made integer := 0;
begin
  if until - since > 3660 then
    raise exception 'make_visitor_event_partitions: at most ten years at once';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('visitor_event_partitions', 0)) then
    return 0;
  end if;
  while week <= until loop
    name := 'visitor_event_' || to_char(week, 'YYYYMMDD');
    if to_regclass('public.' || name) is null then
      execute format('create table public.%I (like public.visitor_event including all)', name);
      execute format('alter table public.%I enable row level security', name);
      execute format('alter table public.%I force row level security', name);
      execute format(
        'alter table public.visitor_event attach partition public.%I for values from (%L) to (%L)',
        name, week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
      made := made + 1;
    end if;
    week := week + 7;
  end loop;
  return made;
end $$
"""
DROP_PARTITIONS = """
create function drop_visitor_event_partitions(before date) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '1s' as $$
declare
  name text;
  dropped integer := 0;
begin
  if before > current_date then
    raise exception 'drop_visitor_event_partitions: these days are not over';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('visitor_event_partitions', 0)) then
    return 0;
  end if;
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'public.visitor_event'::regclass
       and to_date(right(c.relname, 8), 'YYYYMMDD') + 7 <= before
  loop
    execute format('drop table public.%I', name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "visitor_day_due",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "occurred_at", "id", name=op.f("pk_visitor_day_due")),
    )
    op.create_table(
        "visitor_event",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("referrer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("os", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("properties", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "occurred_at", "id", name=op.f("pk_visitor_event")),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "visitor_salt",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(salt) = 32", name=op.f("ck_visitor_salt_salt")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_visitor_salt")),
    )
    op.create_table(
        "visitor_day",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("bounces", sa.BigInteger(), nullable=False),
        sa.Column("page_views", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bot_events", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("viewed", sa.BigInteger(), nullable=False),
        sa.Column("carted", sa.BigInteger(), nullable=False),
        sa.Column("checked_out", sa.BigInteger(), nullable=False),
        sa.Column("purchased", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("counting_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_day_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_visitor_day")),
    )
    op.create_table(
        "visitor_day_dimension",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("bounces", sa.BigInteger(), nullable=False),
        sa.Column("page_views", sa.BigInteger(), nullable=False),
        sa.Column("purchased", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "dimension in ('source', 'medium', 'campaign', 'device', 'browser', 'os', 'country')",
            name=op.f("ck_visitor_day_dimension_dimension"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_day_dimension_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "dimension", "value", name=op.f("pk_visitor_day_dimension")),
    )
    op.create_table(
        "visitor_day_page",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("exits", sa.BigInteger(), nullable=False),
        sa.Column("bounces", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_day_page_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "path", name=op.f("pk_visitor_day_page")),
    )
    op.create_table(
        "visitor_hour",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("page_views", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bot_events", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_hour_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "hour", name=op.f("pk_visitor_hour")),
    )
    op.add_column("workspace", sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False))
    for table, grants in GRANTS.items():
        policies = {role: PINNED if role == "app" else "true" for role in grants}
        protect(table, policies=policies, grants=grants)
    protect("visitor_salt", policies={"system": "true"}, grants={"system": "select, insert, delete"})
    op.execute(MAKE_PARTITIONS)
    op.execute(DROP_PARTITIONS)
    for function in ("make_visitor_event_partitions(date, date)", "drop_visitor_event_partitions(date)"):
        allow_running(function, "system")
    op.execute("select make_visitor_event_partitions(current_date - 7, current_date + 28)")


def downgrade() -> None:
    op.execute("drop function make_visitor_event_partitions(date, date)")
    op.execute("drop function drop_visitor_event_partitions(date)")
    op.drop_column("workspace", "time_zone")
    op.drop_table("visitor_hour")
    op.drop_table("visitor_day_page")
    op.drop_table("visitor_day_dimension")
    op.drop_table("visitor_day")
    op.drop_table("visitor_salt")
    op.drop_table("visitor_event")
    op.drop_table("visitor_day_due")
