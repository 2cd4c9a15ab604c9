// PostGraphile over Lyceum's database, in production settings: two processes behind one port, sixteen connections each,
// as the application role, so that row-level security binds it as it binds Lyceum. Who asks is taken from headers as
// they come: it does less than Lyceum, which looks a session up.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const processes = 2;
const connections = 16;

const preset = {
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  pgServices: [makePgService({
    connectionString: process.env.PEER_DATABASE_URL,
    schemas: ["public", "peer"],
    poolConfig: { max: connections },
  })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: {
    explain: false,
    context: (request) => {
      const headers = request.node?.req.headers ?? {};
      return { pgSettings: { "app.tenant_id": headers["x-tenant"] ?? "", "peer.viewer": headers["x-viewer"] ?? "" } };
    },
  },
  schema: { dontSwallowErrors: true },
};

async function serve() {
  const server = createServer();
  server.keepAliveTimeout = 60_000;
  await postgraphile(preset).createServ(grafserv).addTo(server);
  server.listen(Number(process.env.PEER_PORT), "127.0.0.1");
}

if (process.env.PEER_SCHEMA) {
  const { printSchema } = await import("postgraphile/graphql");
  console.log(printSchema(await postgraphile(preset).getSchema()));
  process.exit(0);
} else if (cluster.isPrimary) {
  for (let i = 0; i < processes; i++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
} else {
  await serve();
}
