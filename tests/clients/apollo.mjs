// Apollo Client: queries, pages, mutations, automatically persisted queries by GET, and a subscription.
// Arguments: the server's address, its websocket's, a storefront token, an API key, a variant's id.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, wsUrl, storefrontToken, apiKey, variantId] = process.argv.slice(2);
const uri = `${url}/graphql`;
const shopper = { "X-Storefront-Token": storefrontToken };
const cache = () =>
  new InMemoryCache({ typePolicies: { Query: { fields: { products: relayStylePagination() } } } });
const client = new ApolloClient({ link: new HttpLink({ uri, headers: shopper }), cache: cache() });

const PRODUCTS = gql`
  query Products($after: String) {
    products(first: 2, after: $after, sort: { field: TITLE }) {
      edges {
        cursor
        node {
          id
          title
          variants(first: 2) {
            nodes {
              id
              price {
                amount
              }
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

// Pages, merged by the cache.
const products = client.watchQuery({ query: PRODUCTS });
const watching = products.subscribe(() => {});
let page = (await products.refetch()).data.products;
while (page.pageInfo.hasNextPage) {
  await products.fetchMore({ variables: { after: page.pageInfo.endCursor } });
  page = client.readQuery({ query: PRODUCTS }).products;
}
watching.unsubscribe();
const titles = page.edges.map(({ node }) => node.title);

// A mutation that is refused, and one that is not.
const admin = new ApolloClient({
  link: new HttpLink({ uri, headers: { Authorization: `Bearer ${apiKey}` } }),
  cache: cache(),
});
const CREATE = gql`
  mutation ProductCreate($input: ProductCreateInput!) {
    productCreate(input: $input) {
      product {
        id
        title
      }
      userErrors {
        code
        field
      }
    }
  }
`;
const variants = [{ sku: "APOLLO-1", price: { amount: "1.00", currencyCode: "EUR" } }];
const create = async (title) =>
  (await admin.mutate({ mutation: CREATE, variables: { input: { title, variants } } })).data.productCreate;
const refused = await create("");
assert.equal(refused.product, null);
const created = await create("Made by Apollo");
assert.deepEqual(created.userErrors, []);

// Persisted by its hash: unknown at first, then asked for by GET.
const sent = [];
const noting = async (address, options) => {
  const response = await fetch(address, options);
  sent.push(`${options.method} ${response.status} ${(options.body ?? "").includes("query Products") ? "text" : "hash"}`);
  return response;
};
const persisted = new PersistedQueryLink({
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  useGETForHashedQueries: true,
});
const hashing = new ApolloClient({
  link: ApolloLink.from([persisted, new HttpLink({ uri, headers: shopper, fetch: noting })]),
  cache: cache(),
});
for (let time = 0; time < 2; time += 1) {
  const { data } = await hashing.query({ query: PRODUCTS, fetchPolicy: "network-only" });
  assert.equal(data.products.edges.length, 2);
}

// An order, seen live.
const socket = createClient({
  url: wsUrl,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${apiKey}` },
});
const live = new ApolloClient({ link: new GraphQLWsLink(socket), cache: cache() });
const ORDER_EVENTS = gql`
  subscription {
    orderEvents {
      type
      order {
        id
        email
      }
    }
  }
`;
const seen = new Promise((resolve, reject) => {
  live.subscribe({ query: ORDER_EVENTS }).subscribe({ next: ({ data }) => resolve(data.orderEvents), error: reject });
});
const PLACE = gql`
  mutation OrderPlace($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      order {
        id
      }
      userErrors {
        code
      }
    }
  }
`;
const place = () =>
  client.mutate({
    mutation: PLACE,
    variables: { input: { email: "apollo@example.com", lines: [{ variantId, quantity: 1 }] } },
  });
// An order that comes before the subscription is followed by one that does not.
const placing = setInterval(place, 200);
const event = await seen;
clearInterval(placing);
await socket.dispose();
console.log(JSON.stringify({ titles, refused: refused.userErrors, created: created.product.title, sent, event }));
