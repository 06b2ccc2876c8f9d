"""Registering a theme: the first version, or one more."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.errors import Problem, Refused
from core.ids import new_id
from models import Theme, ThemeSource, ThemeVersion
from resolvers.account.sign_out import signed_in
from resolvers.account.write import AccountWrite, account_write
from resolvers.context import Context
from resolvers.theme.manifest import AT, Manifest
from resolvers.theme.source import AT as SOURCE
from resolvers.theme.source import Named
from resolvers.write import Outcome


async def register_theme(context: Context, manifest: Manifest, source: Named | None = None) -> Outcome:
    """Registers a version of a theme, for sites of all workspaces; the outcome has the theme's `id`.

    Sites that there are stay with the version that they have. The same manifest again is no change, but may name the
    source of a version that had none.

    Raises:
        Refused: TAKEN (this version was registered with another manifest, or another source).

    """
    user_id, _ = signed_in(context)
    async with account_write(context) as tx:
        theme = await _locked_theme(tx, manifest)
        known = await tx.session.get(ThemeVersion, (theme.id, manifest.version))
        if known is None:
            version = ThemeVersion(
                theme_id=theme.id,
                version=manifest.version,
                manifest=manifest.text,
                sections=manifest.sections,
                paths=manifest.paths,
            )
            tx.session.add(version)
            theme.name, theme.description, theme.version = manifest.name, manifest.description, manifest.version
            theme.updated_at = func.now()
            tx.audit("themeRegister", user_id, {"theme": manifest.slug, "version": manifest.version})
        elif known.manifest != manifest.text:
            message = f"Version {manifest.version} of {manifest.slug} is there with another manifest: number it anew."
            raise Refused(Problem("TAKEN", message, (*AT, "version")))
        if source is not None:
            await _name_source(tx, theme, manifest.version, source)
        return tx.done(id=theme.id)


async def _name_source(tx: AccountWrite, theme: Theme, version: str, source: Named) -> None:
    await tx.session.flush()
    known = await tx.session.get(ThemeSource, (theme.id, version))
    if known is None:
        tx.session.add(ThemeSource(theme_id=theme.id, version=version, **source._asdict()))
        user_id, _ = signed_in(tx.context)
        tx.audit("themeRegister", user_id, {"theme": theme.slug, "version": version, "source": source._asdict()})
    elif (known.kind, known.location, known.commit) != source:
        message = f"Version {version} of {theme.slug} is there with another source: number it anew."
        raise Refused(Problem("TAKEN", message, SOURCE))


async def _locked_theme(tx: AccountWrite, manifest: Manifest) -> Theme:
    """The theme of this slug, made now where there was none."""
    made = insert(Theme).values(
        id=new_id(),
        slug=manifest.slug,
        name=manifest.name,
        description=manifest.description,
        version=manifest.version,
    )
    await tx.session.execute(made.on_conflict_do_nothing(index_elements=["slug"]))
    return (await tx.session.scalars(select(Theme).where(Theme.slug == manifest.slug).with_for_update())).one()
