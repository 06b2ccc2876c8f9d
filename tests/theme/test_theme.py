"""Themes: who may register one, what a manifest must be, and what sites get of it."""

from copy import deepcopy
from typing import Any

import pytest

from core.errors import Refused
from core.ids import new_id
from core.settings import Settings
from resolvers.account.platform_admin import set_platform_admin
from resolvers.context import Platform
from resolvers.storefront.sections import SECTIONS
from resolvers.theme import read_manifest
from tasks.platform_admin import run
from tests.client import GraphQL
from tests.factories import STARTER, Person, Shop, make_user
from tests.people import becomes, error_codes, system_sql, user_actions

REGISTER = """
mutation ($input: ThemeRegisterInput!) {
  themeRegister(input: $input) {
    theme { slug name description version sections }
    userErrors { code field message }
  }
}
"""
THEMES = "query { themes(first: 100) { nodes { slug name description version } } }"


def manifest(**overrides: Any) -> dict[str, Any]:
    return {"slug": f"theme-{new_id().hex[-12:]}", "version": "1.0.0", "name": "Brass"} | overrides


@pytest.fixture
async def admin(platform: Platform) -> Person:
    person = await make_user(platform)
    assert await set_platform_admin(platform, person.email, is_admin=True) == person.id
    return person


async def register(graphql: GraphQL, person: Person, given: Any) -> dict[str, Any]:
    answer = await graphql(REGISTER, {"input": {"manifest": given}}, token=person.token)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["themeRegister"]
    return payload


class TestThemeRegister:
    async def test_makes_it_known_to_every_workspace(self, graphql: GraphQL, admin: Person, shop: Shop) -> None:
        given = manifest(description="Warm and plain.")

        payload = await register(graphql, admin, given)

        assert payload["userErrors"] == []
        assert payload["theme"]["version"] == "1.0.0"
        assert list(payload["theme"]["sections"]) == list(SECTIONS)
        shown = (await shop.admin(THEMES))["data"]["themes"]["nodes"]
        expected = {"slug": given["slug"], "name": "Brass", "description": "Warm and plain.", "version": "1.0.0"}
        assert [theme for theme in shown if theme["slug"] == given["slug"]] == [expected]

    async def test_is_refused_to_all_but_platform_administrators(self, graphql: GraphQL, shop: Shop) -> None:
        given = manifest()
        for credentials, code in (
            ({}, "UNAUTHENTICATED"),
            ({"token": shop.owner_token, "workspace": shop.slug}, "FORBIDDEN"),
            ({"token": shop.api_key}, "FORBIDDEN"),
            ({"storefront_token": shop.storefront_token}, "FORBIDDEN"),
        ):
            answer = await graphql(REGISTER, {"input": {"manifest": given}}, **credentials)

            assert error_codes(answer) == [code]
        assert await system_sql(shop.platform, "select from theme where slug = $1", given["slug"]) == []

    async def test_of_the_same_manifest_again_changes_nothing(
        self, platform: Platform, graphql: GraphQL, admin: Person
    ) -> None:
        given = manifest()

        first, again = [await register(graphql, admin, given) for _ in range(2)]

        assert first == again
        assert (await user_actions(platform, admin.email)).count("themeRegister") == 1

    async def test_of_another_manifest_under_the_same_version_is_refused(self, graphql: GraphQL, admin: Person) -> None:
        given = manifest()
        await register(graphql, admin, given)

        payload = await register(graphql, admin, given | {"name": "Copper"})

        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
            ("TAKEN", ["input", "manifest", "version"])
        ]
        again = await register(graphql, admin, given)
        assert again["theme"]["name"] == "Brass"

    async def test_of_another_version_shows_that_one(self, graphql: GraphQL, admin: Person) -> None:
        given = manifest()
        await register(graphql, admin, given)

        payload = await register(graphql, admin, given | {"version": "1.1.0", "name": "Copper"})

        assert (payload["theme"]["version"], payload["theme"]["name"]) == ("1.1.0", "Copper")


class TestPlatformAdministrator:
    async def test_is_made_and_unmade_by_the_operators_command(
        self, platform: Platform, graphql: GraphQL, test_settings: Settings
    ) -> None:
        person = await make_user(platform)

        async def codes() -> list[str]:
            answer = await graphql(REGISTER, {"input": {"manifest": {}}}, token=person.token)
            return error_codes(answer)

        assert await codes() == ["FORBIDDEN"]
        assert await run(test_settings, person.email, is_admin=True)
        await becomes([], codes)
        assert await run(test_settings, person.email, is_admin=False)
        await becomes(["FORBIDDEN"], codes)
        assert await user_actions(platform, person.email) == ["platformAdminMake", "platformAdminUnmake"]

    async def test_must_be_a_user(self, test_settings: Settings) -> None:
        assert not await run(test_settings, "nobody@example.com", is_admin=True)


def refused(given: Any) -> list[str]:
    """Where a manifest is wrong."""
    with pytest.raises(Refused) as refusal:
        read_manifest(given)
    return [".".join(problem.field[2:]) for problem in refusal.value.problems]


class TestManifest:
    def test_of_the_starter_theme_holds(self) -> None:
        assert read_manifest(STARTER).slug == "starter"

    def test_needs_slug_version_and_name(self) -> None:
        assert refused({}) == ["", "", ""]
        assert refused(manifest(slug="No Slug")) == ["slug"]
        assert refused(manifest(version="1.0")) == ["version"]
        assert refused([]) == [""]
        assert refused(None) == [""]

    def test_knows_five_sections_and_no_other(self) -> None:
        assert refused(manifest(sections={"basket": {"default": {}}})) == ["sections"]

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("product", "/products"),
            ("product", "products/{slug}"),
            ("product", "https://elsewhere.example/{slug}"),
            ("product", "/p?slug={slug}"),
            ("product", "/{shop}/{slug}"),
            ("page", "/{slug}/{slug}"),
            ("language", "/{language}"),
            ("language", "{path}/{language}"),
            ("cart", "/cart"),
        ],
    )
    def test_takes_only_paths_that_lead_to_a_page_of_the_site(self, name: str, path: str) -> None:
        with pytest.raises(Refused) as refused:
            read_manifest(manifest(paths={name: path}))

        (problem,) = refused.value.problems
        assert problem.field[:3] == ("input", "manifest", "paths")

    @pytest.mark.parametrize(
        ("schema", "at"),
        [
            ({"type": "nonsense"}, "type"),
            ({"$ref": "https://schemas.example/theme.json"}, "$ref"),
            ({"$ref": "file:///etc/passwd"}, "$ref"),
            ({"$ref": "#/$defs/missing"}, "$ref"),
            ({"$ref": "#/$defs/a%25b", "$defs": {"a%25b": {}}}, "$ref"),
            ({"$id": "https://schemas.example/theme.json"}, "$id"),
            ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema"),
            ({"properties": {"a": {"$dynamicRef": "#a"}}}, "properties.a.$dynamicRef"),
        ],
    )
    def test_takes_only_schemas_that_stand_alone(self, schema: Any, at: str) -> None:
        assert refused(manifest(sections={"theme": {"schema": schema}})) == [f"sections.theme.schema.{at}"]

    def test_may_have_names_that_are_written_in_percent(self) -> None:
        schema = {"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "object"}}}

        assert read_manifest(manifest(sections={"theme": {"schema": schema}})).sections

    def test_refuses_a_schema_that_is_nothing_but_itself(self) -> None:
        assert refused(manifest(sections={"theme": {"schema": {"allOf": [{"$ref": "#"}]}}})) == [
            "sections.theme.default"
        ]

    def test_holds_defaults_to_their_schemas(self) -> None:
        schema = {"type": "object", "properties": {"colour": {"enum": ["red"]}}}
        given = manifest(sections={"theme": {"schema": schema, "default": {"colour": "blue"}}})

        assert refused(given) == ["sections.theme.default.colour"]

    def test_may_replace_the_default_of_a_standard_section_only_by_what_fits_it(self) -> None:
        given = deepcopy(STARTER)
        given["sections"]["settings"] = {"default": {"languages": {"default": "not a language"}}}

        assert refused(given) == ["sections.settings.default.languages.default"]


REGISTER_SOURCE = """
mutation ($input: ThemeRegisterInput!) {
  themeRegister(input: $input) { theme { version isDeployable } userErrors { code field } }
}
"""
COMMIT = "0123456789" * 4


class TestSource:
    """Where a theme's code is."""

    async def source(self, graphql: GraphQL, admin: Person, given: Any, source: Any) -> dict[str, Any]:
        answer = await graphql(REGISTER_SOURCE, {"input": {"manifest": given, "source": source}}, token=admin.token)
        payload: dict[str, Any] = answer["data"]["themeRegister"]
        return payload

    @pytest.mark.parametrize(
        "source", [{"folder": "starter"}, {"gitUrl": "https://git.example/theme.git", "gitCommit": COMMIT}]
    )
    async def test_makes_it_deployable(self, graphql: GraphQL, admin: Person, source: Any) -> None:
        given = manifest()

        without = await self.source(graphql, admin, given, None)
        with_source = [await self.source(graphql, admin, given, source) for _ in range(2)]

        assert without["theme"] == {"version": "1.0.0", "isDeployable": False}
        assert with_source == [{"theme": {"version": "1.0.0", "isDeployable": True}, "userErrors": []}] * 2

    async def test_of_a_version_never_changes(self, graphql: GraphQL, admin: Person) -> None:
        given = manifest()
        await self.source(graphql, admin, given, {"folder": "starter"})

        changed = await self.source(graphql, admin, given, {"folder": "other"})
        newer = await self.source(graphql, admin, given | {"version": "1.0.1"}, {"folder": "other"})

        assert changed["userErrors"] == [{"code": "TAKEN", "field": ["input", "source"]}]
        assert newer["userErrors"] == []

    @pytest.mark.parametrize(
        ("source", "field"),
        [
            ({}, []),
            ({"folder": "../secrets"}, ["folder"]),
            ({"folder": ".git"}, ["folder"]),
            ({"folder": "starter", "gitUrl": "https://git.example/x", "gitCommit": COMMIT}, []),
            ({"gitUrl": "https://git.example/x"}, []),
            ({"gitUrl": "https://git.example/x", "gitCommit": "main"}, ["gitCommit"]),
            ({"gitUrl": "file:///etc", "gitCommit": COMMIT}, ["gitUrl"]),
            ({"gitUrl": "--upload-pack=x", "gitCommit": COMMIT}, ["gitUrl"]),
            ({"gitUrl": "https://user:password@git.example/x", "gitCommit": COMMIT}, ["gitUrl"]),
        ],
    )
    async def test_is_refused_where_nothing_can_be_fetched(
        self, graphql: GraphQL, admin: Person, source: Any, field: list[str]
    ) -> None:
        payload = await self.source(graphql, admin, manifest(), source)

        assert payload["userErrors"] == [{"code": "INVALID", "field": ["input", "source", *field]}]
