// Runs GraphQL clients in wide use against a server: each queries, signs in, mutates, reads error codes,
// subscribes, and comes back to what it missed.
//
//   node clients.mjs http://127.0.0.1:8080
//
// Node does not resolve *.localhost: the host names no tenant, so the token decides. Prints a line for each
// client and exits with 1 unless all of them succeed.
import assert from "node:assert/strict";
import { apollo, sse, urql, ws } from "./adapters.mjs";
import { World } from "./world.mjs";

const clients = { "Apollo Client": apollo, urql, "graphql-sse": sse, "graphql-ws": ws };
const patience = 15_000;

// inbox subscribes to the learner's notifications. Its next() is the next event, and fails if none comes.
function inbox(client, lastEventId) {
  const events = [];
  let arrived = () => {};
  const end = client.subscribe("subscription { notificationReceived { seq kind title } }", lastEventId, (event) => {
    events.push(event);
    arrived();
  });
  return {
    end,
    async next() {
      const deadline = AbortSignal.timeout(patience);
      while (events.length === 0) {
        await new Promise((resolve, reject) => {
          arrived = resolve;
          deadline.onabort = () => reject(new Error(`no event within ${patience} ms`));
        });
      }
      const event = events.shift();
      assert.equal(event.errors, undefined, `event with errors: ${JSON.stringify(event.errors)}`);
      const { seq, kind } = event.data.notificationReceived;
      assert.equal(kind, "ENROLLED");
      assert.equal(event.id, String(seq), "the event's id is its number");
      return event.id;
    },
    // left is how many events came that nobody asked for.
    left: () => events.length,
  };
}

function code(answer) {
  assert.equal(answer.errors?.length, 1, `one error was expected: ${JSON.stringify(answer)}`);
  return answer.errors[0].extensions?.code;
}

// visit is what somebody does who is not signed in. It returns the learner's token.
async function visit(client, learner) {
  const catalog = await client.query("{ courses(first: 3) { totalCount nodes { id title } } }");
  assert.equal(catalog.errors, undefined);
  assert.ok(catalog.data.courses.nodes.length > 0, "the catalog is empty");
  assert.equal(code(await client.query("{ sessions { id } }")), "UNAUTHENTICATED");
  assert.equal(code(await client.query("{ nothing }")), "GRAPHQL_VALIDATION_FAILED");
  const signedIn = await client.mutate("mutation($i: SignInInput!) { signIn(input: $i) { token viewer { role } } }", {
    i: { email: learner.email, password: learner.password, tenant: "acme" },
  });
  assert.equal(signedIn.data?.signIn.viewer.role, "LEARNER", JSON.stringify(signedIn));
  return signedIn.data.signIn.token;
}

async function scenario(connect, world, name, courses) {
  const learner = await world.learner(name.toLowerCase().replaceAll(/\W/g, "-"));
  const visitor = connect(world.url);
  const token = await visit(visitor, learner);
  await visitor.close();

  let client = connect(world.url, token);
  assert.equal(code(await client.query("{ users { nodes { id } } }")), "FORBIDDEN");
  assert.equal(code(await client.query("{ courses(first: -1) { totalCount } }")), "BAD_USER_INPUT");

  let box = inbox(client, "0");
  await world.assign(learner.id, courses[0]);
  const live = await box.next();
  box.end();
  await client.close();
  await world.assign(learner.id, courses[1]);
  await world.assign(learner.id, courses[2]);

  client = connect(world.url, token);
  box = inbox(client, live);
  const missed = [await box.next(), await box.next()];
  await world.assign(learner.id, courses[3]);
  const after = await box.next();
  assert.deepEqual([live, ...missed, after], ["1", "2", "3", "4"]);

  const marked = await client.mutate("mutation { markNotificationsRead { marked unreadCount } }");
  assert.deepEqual({ ...marked.data.markNotificationsRead, __typename: null }, { marked: 4, unreadCount: 0, __typename: null });
  assert.equal(box.left(), 0, "an event came twice");
  box.end();
  await client.close();
}

if (process.argv.length !== 3) {
  console.error("usage: node clients.mjs http://127.0.0.1:8080");
  process.exit(2);
}
const world = new World(process.argv[2]);
const courses = await world.publish(4);
let failed = 0;
for (const [name, connect] of Object.entries(clients)) {
  const begun = Date.now();
  try {
    await scenario(connect, world, name, courses);
    console.log(`ok   ${name}: catalog, sign-in, codes, mutation, live event, missed events (${Date.now() - begun} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.stack}`);
  }
}
await world.archive(courses);
process.exit(failed === 0 ? 0 : 1);
