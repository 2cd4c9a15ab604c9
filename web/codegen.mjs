// Writes types/api.d.ts from the schema and the ready documents: `npm run generate`.

/** @type {import("@graphql-codegen/cli").CodegenConfig} */
export default {
  schema: "../schema.graphql",
  documents: "../docs/operations/*.graphql",
  generates: {
    "types/api.d.ts": {
      plugins: ["typescript-operations", "./operations.mjs"],
      config: {
        enumsAsTypes: true,
        enumType: "string-literal",
        skipTypename: true,
        defaultScalarType: "unknown",
        scalars: { ID: "string", Time: "string", Cursor: "string", Bytes: "number" },
      },
    },
  },
};
