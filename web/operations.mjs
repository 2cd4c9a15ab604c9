// A plugin of graphql-codegen: maps the name of each ready document to what it answers and what it is asked with.
import { basename } from "node:path";

export function plugin(_schema, documents) {
  const rows = documents.map(({ location, document }) => {
    const operation = document.definitions.find((definition) => definition.kind === "OperationDefinition");
    const kind = operation.operation[0].toUpperCase() + operation.operation.slice(1);
    const type = `${operation.name.value}${kind}`;
    return `  "${basename(location, ".graphql")}": { data: ${type}; variables: ${type}Variables };`;
  });
  return {
    prepend: ["// Generated from schema.graphql and docs/operations by `npm run generate` in web/. Not to be edited."],
    content: ["/** The ready documents, by the name under which the API runs them. */", "export interface Operations {", ...rows.sort(), "}"].join("\n"),
  };
}
