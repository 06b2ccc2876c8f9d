import nextTypescript from "eslint-config-next/typescript";
import nextVitals from "eslint-config-next/core-web-vitals";

const config = [
  ...nextVitals,
  ...nextTypescript,
  { ignores: [".next/**", "api/generated.ts", "next-env.d.ts"] },
  { rules: { "@typescript-eslint/no-unused-vars": "error" } },
];

export default config;
