// What a Relay app asks: a page that can be continued, and an object that can be asked for again by its id.
import { graphql } from "relay-runtime";

graphql`
  query CatalogQuery($count: Int!, $cursor: String) {
    ...Catalog_products
  }
`;

graphql`
  fragment Catalog_products on Query @refetchable(queryName: "CatalogPaginationQuery") {
    products(first: $count, after: $cursor, sort: { field: TITLE }) @connection(key: "Catalog_products") {
      edges {
        node {
          ...Catalog_product
        }
      }
    }
  }
`;

graphql`
  fragment Catalog_product on Product @refetchable(queryName: "CatalogProductRefetchQuery") {
    id
    title
    priceRange {
      minVariantPrice {
        amount
      }
    }
  }
`;
