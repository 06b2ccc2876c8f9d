"""Catalogs to read in: many workspaces of few products, and one of very many; written past the application, in bulk.

A product has three variants and two pictures, a title and a description of words that are common, less common and
rare, and the search tokens of all of them.
"""

import random
from collections.abc import Sequence
from uuid import UUID

from core.connections import Connection
from core.ids import new_id

VARIANTS = 3
IMAGES = 2
PRODUCTS_PER_WORKSPACE = 60
LARGE = 100_000
# Shares of the products: the rest is ACTIVE, and in stock.
DRAFT = 0.1
ARCHIVED = 0.002
SOLD_OUT = 0.03
# In every second product, in one of fifty, in one of five hundred, in one of ten thousand.
COMMON_WORD, MIDDLING_WORD, UNCOMMON_WORD, RARE_WORD = "lamp", "walnut", "verdigris", "zoetrope"
_SHARES = {COMMON_WORD: 2, MIDDLING_WORD: 50, UNCOMMON_WORD: 500, RARE_WORD: 10_000}
_DESCRIPTION_WORDS = 12
_VOCABULARY = 2_000
_BATCH = 20_000
# Products were added one every ten minutes, and last edited at any time since.
_SPACING = "10 minutes"


_PRODUCTS = f"""
insert into product (workspace_id, id, title, slug, description, status, currency_code, min_price_amount,
                     max_price_amount, variants_in_stock, created_at, updated_at)
select w, uuidv7(made - now()),
       initcap(($3::text[])[1 + (random() * $4)::int]) || ' ' || ($3::text[])[1 + (random() * $4)::int] || ' ' || n,
       'p-' || n, words.text,
       case when chance < {ARCHIVED} then 'ARCHIVED' when chance < {ARCHIVED + DRAFT} then 'DRAFT' else 'ACTIVE' end,
       'EUR', price, price + 2000, case when random() < {SOLD_OUT} then 0 else {VARIANTS} end, made,
       made + random() * (now() - made)
  from unnest($1::uuid[]) w, generate_series($2::int, $2::int + $5::int - 1) n,
       lateral (select random() as chance, (500 + random() * 50000)::bigint as price,
                       now() - (n + 1) * interval '{_SPACING}' + random() * interval '{_SPACING}' as made
                 where n is not null and w is not null) r,
       lateral (select string_agg(($3::text[])[1 + ($4 * power(random(), 3))::int], ' ') as text
                  from generate_series(1, {_DESCRIPTION_WORDS}) where n is not null and w is not null) c,
       lateral (select concat_ws(' ', c.text, {{marked}}) as text) words
""".format(marked=", ".join(f"case when n % {share} = 0 then '{word}' end" for word, share in _SHARES.items()))
_NEW = "product p where p.workspace_id = any($1::uuid[]) and split_part(p.slug, '-', 2)::int >= $2"
_CHILDREN = (
    f"""insert into product_variant (workspace_id, id, product_id, sku, title, price_amount, currency_code,
                                     quantity_available, position)
        select workspace_id, uuidv7(), p.id, 'sku' || substr(p.slug, 3) || '-' || k, 'Size ' || k,
               p.min_price_amount + k * {2000 // (VARIANTS - 1)}, 'EUR', sign(p.variants_in_stock) * (5 + k), k
          from generate_series(0, {VARIANTS - 1}) k, {_NEW}""",
    f"""insert into product_image (workspace_id, id, product_id, url, alt_text, position)
        select workspace_id, uuidv7(), p.id, 'https://pictures.example/' || p.slug || '-' || k || '.jpg',
               'The ' || p.title || ' from side ' || k, k
          from generate_series(0, {IMAGES - 1}) k, {_NEW}""",
    rf"""insert into product_search_token (workspace_id, token, product_id)
        select distinct p.workspace_id, t.token, p.id
          from {
        _NEW.replace(
            " where",
            " cross join lateral regexp_split_to_table(lower(p.title || ' ' || "
            "p.description || ' sku' || substr(p.slug, 3)), '[^a-z0-9]+') t(token) where",
        )
    } and t.token <> ''""",
)


async def add_workspaces(connection: Connection, count: int, products: int = PRODUCTS_PER_WORKSPACE) -> list[UUID]:
    """That many workspaces of that many products: their ids."""
    ids = [new_id() for _ in range(count)]
    await _workspaces(connection, ids)
    per_batch = max(1, _BATCH // products)
    for start in range(0, count, per_batch):
        await add_products(connection, ids[start : start + per_batch], 0, products)
    return ids


async def add_large_workspace(connection: Connection, products: int = LARGE) -> UUID:
    """One workspace of very many products: its id."""
    (workspace_id,) = ids = [new_id()]
    await _workspaces(connection, ids)
    for first in range(0, products, _BATCH):
        await add_products(connection, ids, first, min(_BATCH, products - first))
    return workspace_id


async def settle(connection: Connection) -> None:
    """What autovacuum does a while later: statistics and visibility; and a checkpoint."""
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")


async def _workspaces(connection: Connection, ids: Sequence[UUID]) -> None:
    await connection.execute(
        "insert into workspace (id, slug, name, currency_code) "
        "select id, 'c-' || replace(id::text, '-', ''), 'Catalog', 'EUR' from unnest($1::uuid[]) id",
        ids,
    )
    await connection.execute("insert into workspace_counter (workspace_id) select unnest($1::uuid[])", ids)


async def add_products(connection: Connection, ids: Sequence[UUID], first: int, count: int) -> None:
    """Products numbered from `first` on for each of the workspaces: as a superuser, or pinned to the one workspace."""
    words = _vocabulary()
    await connection.execute("select setseed($1)", first / (first + 1))
    await connection.execute(_PRODUCTS, ids, first, words, len(words) - 1, count)
    for statement in _CHILDREN:
        await connection.execute(statement, ids, first)


def _vocabulary() -> list[str]:
    chance = random.Random(1)
    return ["".join(chance.choices("abcdefghilmnoprstuvw", k=chance.randint(3, 9))) for _ in range(_VOCABULARY)]
