// urql: a query, a mutation, and automatically persisted queries by GET.
// Arguments: the server's address, a storefront token, a variant's id.
import assert from "node:assert/strict";
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [url, storefrontToken, variantId] = process.argv.slice(2);
const sent = [];
const noting = async (address, options) => {
  const response = await fetch(address, options);
  sent.push(`${options.method} ${response.status}`);
  return response;
};
const client = new Client({
  url: `${url}/graphql`,
  fetch: noting,
  fetchOptions: { headers: { "X-Storefront-Token": storefrontToken } },
  preferGetMethod: false,
  exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
});

const SHOP = gql`
  query Shop {
    workspace {
      id
      name
    }
    products(first: 1, sort: { field: TITLE }) {
      nodes {
        id
        title
      }
    }
  }
`;
let shop;
for (let time = 0; time < 2; time += 1) {
  const result = await client.query(SHOP, {}, { requestPolicy: "network-only" });
  assert.equal(result.error, undefined);
  shop = result.data;
}
const NODE = gql`
  query Node($id: ID!) {
    node(id: $id) {
      id
      ... on Product {
        title
      }
    }
  }
`;
const found = await client.query(NODE, { id: shop.products.nodes[0].id });
assert.equal(found.data.node.title, shop.products.nodes[0].title);

const PLACE = gql`
  mutation OrderPlace($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      order {
        id
        email
      }
      userErrors {
        code
        field
      }
    }
  }
`;
const place = async (quantity) => {
  const input = { email: "urql@example.com", lines: [{ variantId, quantity }] };
  return (await client.mutation(PLACE, { input })).data.orderPlace;
};
const refused = await place(0);
const placed = await place(1);
console.log(JSON.stringify({ title: shop.products.nodes[0].title, sent, refused: refused.userErrors, placed }));
