/** `npm run codegen`: the types of what the theme asks, from Vitrine's schema. What it writes is committed: a build needs no schema. */
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: process.env["SCHEMA"] ?? "../../schema.graphql",
  documents: "api/operations/*.graphql",
  generates: {
    "api/generated.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        defaultScalarType: "unknown", // scalars that the theme does not ask for
        scalars: { Decimal: "string", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
