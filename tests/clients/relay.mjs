// relay-runtime with what relay-compiler has made of relay/: pages of a connection, and one object again.
// Arguments: the server's address, a storefront token, the folder of the compiled queries.
import { createRequire } from "node:module";
import relay from "relay-runtime";

const [url, storefrontToken, compiled] = process.argv.slice(2);
const { Environment, Network, RecordSource, Store, fetchQuery, getSelector } = relay;
const require = createRequire(`${compiled}/`);
const load = (name) => require(`./${name}.graphql.js`);
const send = async ({ text }, variables) => {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Storefront-Token": storefrontToken },
    body: JSON.stringify({ query: text, variables }),
  });
  return response.json();
};
const environment = new Environment({ network: Network.create(send), store: new Store(new RecordSource()) });

const products = load("Catalog_products");
const product = load("Catalog_product");
const seen = (fragment, reference) => environment.lookup(getSelector(fragment, reference)).data;

let page;
let [query, cursor] = [load("CatalogQuery"), null];
do {
  const root = await fetchQuery(environment, query, { count: 2, cursor }).toPromise();
  page = seen(products, root).products;
  [query, cursor] = [load("CatalogPaginationQuery"), page.pageInfo.endCursor];
} while (page.pageInfo.hasNextPage);
const found = page.edges.map(({ node }) => seen(product, node));

const refetch = load("CatalogProductRefetchQuery");
const { node } = await fetchQuery(environment, refetch, { id: found[0].id }, { networkCacheConfig: { force: true } }).toPromise();
console.log(JSON.stringify({ titles: found.map(({ title }) => title), refetched: seen(product, node).title }));
