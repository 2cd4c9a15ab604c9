// Runs the server audits of graphql-http against a server and counts what they found.
//
//   node audit.mjs http://acme.localhost:8080/graphql --header "Authorization: Bearer …"
//
// Some audits ask for __type, so the server must let the caller read the schema. Exits with 1 unless every
// audit passes: a warning (SHOULD) or a notice (MAY) is a failure here.
import { parseArgs } from "node:util";
import { serverAudits } from "graphql-http";

const expected = 61;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { header: { type: "string", multiple: true, default: [] } },
});
if (positionals.length !== 1) {
  console.error('usage: node audit.mjs URL [--header "Name: value"]…');
  process.exit(2);
}

const extra = values.header.map((header) => {
  const colon = header.indexOf(":");
  return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()];
});

function fetchFn(url, init = {}) {
  const headers = new Headers(init.headers);
  for (const [name, value] of extra) {
    headers.set(name, value);
  }
  return fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) });
}

const levels = ["MUST", "SHOULD", "MAY"];
const count = Object.fromEntries(levels.map((level) => [level, { ok: 0, all: 0 }]));
let passed = 0;

const audits = serverAudits({ url: positionals[0], fetchFn });
for (const audit of audits) {
  const result = await audit.fn();
  const level = levels.find((level) => audit.name.startsWith(level)) ?? "MAY";
  count[level].all++;
  if (result.status === "ok") {
    count[level].ok++;
    passed++;
  } else {
    console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
  }
  if (result.response?.body && !result.response.bodyUsed) {
    await result.response.body.cancel();
  }
}

for (const level of levels) {
  console.log(`${level} ${count[level].ok}/${count[level].all}`);
}
console.log(`${passed} passed, ${audits.length - passed} failed`);
process.exit(passed === expected && audits.length === expected ? 0 : 1);
