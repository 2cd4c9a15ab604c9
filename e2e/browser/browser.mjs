// Opens the pages of a server in Chromium, uses them as people do, and takes pictures.
//
//   ACME=http://acme.localhost:8080 OPERATORS=http://127.0.0.1:8081 VALID=… REVOKED=… node browser.mjs PICTURES
//
// VALID and REVOKED are the codes of certificates. CHROMIUM is the browser, /usr/bin/chromium unless it says
// otherwise. Every page must stay free of errors in its console and ask no other host for anything. Exits with 1
// when something is amiss.
import assert from "node:assert/strict";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { World } from "../clients/world.mjs";

const { ACME, OPERATORS, VALID, REVOKED, CHROMIUM = "/usr/bin/chromium" } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !OPERATORS || !VALID || !REVOKED) {
  console.error("usage: ACME=… OPERATORS=… VALID=… REVOKED=… node browser.mjs PICTURES");
  process.exit(2);
}
const password = "lyceum-demo";
const unknown = "a".repeat(26);

// scenarios open pages by open(), which watches them, and keep pictures by picture().
const scenarios = {
  async welcome({ open, picture }) {
    const page = await open(ACME);
    await page.getByRole("heading", { name: "Running for" }).waitFor();
    await picture(page, "welcome");
    await page.getByRole("button", { name: "Attack" }).click();
    const outcome = page.locator("#outcome");
    await page.waitForFunction(() => /attempts/.test(document.getElementById("outcome").textContent));
    assert.match(await outcome.textContent(), /^\d+ attempts, 0 leaks\.$/);
    const rows = page.locator("#attempts tbody tr");
    assert.ok((await rows.count()) >= 5, "too few attempts");
    assert.equal(await page.locator("#attempts tr.void").count(), 0, "an attempt proved nothing");
    await picture(page, "attack");
  },

  async "welcome on a telephone"({ open, picture }) {
    const page = await open(ACME, { viewport: { width: 390, height: 844 } });
    await page.getByRole("heading", { name: "Running for" }).waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    await picture(page, "welcome-telephone");
  },

  async graphiql({ open, picture }) {
    const page = await open(`${ACME}/graphiql`);
    const state = page.locator("#state");
    assert.equal(await state.textContent(), "You are a visitor.");
    await page.locator("#persona").selectOption("learner@acme.example");
    await page.waitForFunction(() => /learner/.test(document.getElementById("state").textContent));
    const answer = await execute(page, (text) => text.includes('"courses"'));
    assert.match(answer, /"nodes"/);
    await picture(page, "graphiql");
    await tab(page, "Dashboard");
    assert.match(await execute(page, (text) => text.includes('"myEnrollments"')), /"nodes"/);
    await picture(page, "graphiql-dashboard");
  },

  async "graphiql subscription"({ open, picture }) {
    const page = await open(`${ACME}/graphiql#as=learner@acme.example`);
    await page.waitForFunction(() => /learner/.test(document.getElementById("state").textContent));
    await tab(page, "NotificationReceived");
    await page.locator(".graphiql-execute-button").click();
    const assigned = await assignment();
    await response(page, (text) => text.includes(assigned));
    await picture(page, "graphiql-subscription");
    await page.locator(".graphiql-execute-button").click(); // stops it
  },

  async "certificate, valid"({ open, picture }) {
    const page = await open(`${ACME}/verify/${VALID}`);
    await page.getByRole("heading", { name: "This certificate is valid" }).waitFor();
    assert.match(await page.locator("code").textContent(), new RegExp(VALID, "i"));
    const statement = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent());
    assert.equal(statement.identifier, VALID);
    await picture(page, "certificate-valid");
  },

  async "certificate, revoked"({ open, picture }) {
    const page = await open(`${ACME}/verify/${REVOKED}`);
    await page.getByRole("heading", { name: "This certificate was revoked" }).waitFor();
    await picture(page, "certificate-revoked");
  },

  async "certificate, unknown"({ open, picture }) {
    const page = await open(`${ACME}/verify/${unknown}`, { status: 404 });
    await page.getByRole("heading", { name: "No certificate has this code" }).waitFor();
    await picture(page, "certificate-unknown");
  },

  async staff({ open, picture }) {
    const page = await open(OPERATORS);
    await signIn(page, "staff@lyceum.example", "not the password");
    await page.getByRole("alert").waitFor();
    await picture(page, "staff-refused");
    await signIn(page, "staff@lyceum.example", password);
    await page.waitForURL(/\/jobs/);
    await page.getByText("Completed").first().click();
    await page.getByText("search").first().waitFor(); // publishing the demo's courses made such jobs
    await picture(page, "job-console");
  },
};

async function signIn(page, email, secret) {
  await page.getByLabel("Address").fill(email);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
}

// tab opens one of GraphiQL's tabs.
async function tab(page, name) {
  await page.getByRole("tab", { name, exact: true }).click();
}

// execute runs the tab's document and returns the answer once it is the one that was waited for.
async function execute(page, wanted) {
  await page.locator(".graphiql-execute-button").click();
  return response(page, wanted);
}

// response waits until what GraphiQL shows of the answer is the one wanted. Its editor keeps only the lines
// in view in the page, and all of them in its own memory.
async function response(page, wanted) {
  const shown = () => page.evaluate(() => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "");
  const deadline = Date.now() + 20_000;
  for (let text = await shown(); ; text = await shown()) {
    if (wanted(text)) return text;
    assert.ok(Date.now() < deadline, `GraphiQL shows: ${text}`);
    await page.waitForTimeout(100);
  }
}

// assignment gives the demo's learner a new course and returns its title.
async function assignment() {
  const world = new World(ACME.replace("acme.localhost", "127.0.0.1"));
  const { users } = await world.ask("instructor", '{ users(filter: { search: "learner@acme.example" }) { nodes { id } } }');
  const [course] = await world.publish(1);
  await world.assign(users.nodes[0].id, course);
  await world.archive([course]);
  return "For clients, 0";
}

// watch collects what a page complains about, and whom it asks.
function watch(page, allowed, complaints) {
  page.on("console", (message) => {
    // What could not be loaded is told better by its answer.
    if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) {
      complaints.push(`console ${message.type()}: ${message.text().slice(0, 300)} (${message.location().url})`);
    }
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400) {
      complaints.push(`status ${answer.status()} of ${answer.url()} ${answer.request().postData()?.slice(0, 300) ?? ""}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.protocol !== "blob:" && !allowed.includes(url.host)) {
      complaints.push(`asked ${url.host} for ${url.pathname}`);
    }
  });
}

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.localhost 127.0.0.1",
  ],
});
const allowed = [ACME, OPERATORS].map((origin) => new URL(origin).host);
let failed = 0;
for (const [name, scenario] of Object.entries(scenarios)) {
  const begun = Date.now();
  const complaints = [];
  const contexts = [];
  const open = async (url, { viewport = { width: 1280, height: 900 }, status = 200 } = {}) => {
    const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    watch(page, allowed, complaints);
    const answer = await page.goto(url);
    assert.equal(answer.status(), status, `status of ${url}`);
    return page;
  };
  const picture = (page, file) => page.screenshot({ path: join(pictures, `${file}.png`), fullPage: true });
  try {
    await scenario({ open, picture });
    assert.deepEqual(complaints.filter((text) => !expected(text)), []);
    console.log(`ok   ${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    failed++;
    for (const context of contexts) {
      for (const page of context.pages()) await picture(page, `failed-${name.replaceAll(/\W+/g, "-")}`);
    }
    console.log(`FAIL ${name}: ${error.message}\n     ${complaints.join("\n     ")}`);
  }
  for (const context of contexts) await context.close();
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);

// expected are the answers that scenarios ask for, and that are no mistake.
function expected(text) {
  return /^status 404 of .*\/verify\//.test(text) || /^status 401 of .*\/sign-in /.test(text);
}
