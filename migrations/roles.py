"""The two roles that all but migrations runs as: they own nothing and row-level security binds them."""

from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, text

from core.settings import Settings, role_name

# Under PgBouncer only a role's own settings and transaction-local ones live.
ROLE_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
    # Statements are prepared once and take the same few shapes: compiling them costs more than it saves.
    "jit": "off",
    # Planning a page costs more than reading it, and the read engine writes statements whose plan suits any value.
    "plan_cache_mode": "force_generic_plan",
    # What is read is in memory or on flash: without it sorts are preferred to indexes where there are no statistics yet.
    "random_page_cost": "1.1",
}
ROLES = ("app", "system")


def ensure_roles(connection: Connection, settings: Settings) -> None:
    """Makes the roles where they are missing, with the passwords that the settings' URLs name."""
    database = connection.scalar(text("select current_database()"))
    for role, dsn in (("app", settings.app_dsn), ("system", settings.system_dsn)):
        name = role_name(str(database), role)
        exists = connection.scalar(text("select true from pg_roles where rolname = :name"), {"name": name})
        login = urlsplit(dsn)
        if exists and login.username != name:
            continue
        verb = "alter" if exists else "create"
        password = unquote(login.password or "").replace("'", "''")
        connection.execute(text(f"{verb} role {quoted(name)} login password '{password}'"))
        for setting, value in ROLE_SETTINGS.items():
            connection.execute(text(f"alter role {quoted(name)} set {setting} = '{value}'"))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
