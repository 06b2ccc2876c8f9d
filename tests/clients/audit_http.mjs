// Runs the audits of the npm package graphql-http, which hold a server to the specification of GraphQL over HTTP.
// Argument: the server's address. Prints the outcomes as JSON.
import { auditServer } from "graphql-http";

const url = `${process.argv[2]}/graphql`;
// What is sent by GET needs a header that a page of another site cannot send unasked.
const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, "X-Requested-With": "audit" } });
const outcomes = await auditServer({ url, fetchFn });
console.log(JSON.stringify(outcomes.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
