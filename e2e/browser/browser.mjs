// Opens the pages of a server in Chromium, uses them as people do, and takes pictures.
//
//   ACME=http://acme.localhost:8080 OPERATORS=http://127.0.0.1:8081 VALID=… REVOKED=… node browser.mjs PICTURES
//
// VALID and REVOKED are the codes of certificates. CHROMIUM is the browser, /usr/bin/chromium unless it says
// otherwise. Every page must stay free of errors in its console, ask no other host for anything, and keep nobody
// out (axe). Exits with 1 when something is amiss.
import assert from "node:assert/strict";
import { World } from "../clients/world.mjs";
import { play } from "./harness.mjs";

const { ACME, OPERATORS, VALID, REVOKED } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !OPERATORS || !VALID || !REVOKED) {
  console.error("usage: ACME=… OPERATORS=… VALID=… REVOKED=… node browser.mjs PICTURES");
  process.exit(2);
}
const password = "lyceum-demo";
const unknown = "a".repeat(26);
// NOBODY is where no tenant is.
const NOBODY = ACME.replace("//acme.", "//nobody.");

// scenarios are played by harness.mjs, which says what they are given.
const scenarios = {
  async welcome({ open, picture, audit }) {
    const page = await open(ACME);
    await page.getByRole("heading", { name: "Running for" }).waitFor();
    const links = await page.locator(".links a").evaluateAll((all) => all.map((a) => [a.querySelector("b").textContent, a.href]));
    const origin = OPERATORS.replace(/\/$/, "");
    for (const [name, address] of [
      ["Learn", `${ACME}/learn/`], ["Upload", `${ACME}/upload`], ["GraphiQL", `${ACME}/graphiql`], ["The schema", `${ACME}/schema.graphql`],
      ["Check a certificate", `${ACME}/verify`], ["Health", `${ACME}/readyz`], ["Operators", `${origin}/`], ["Mails", `${origin}/mail/`],
    ]) {
      assert.ok(links.some(([label, href]) => label === name && href.replace(/\/$/, "") === address.replace(/\/$/, "")), `${name} is not listed: ${links.join(" ")}`);
    }
    await picture(page, "welcome");
    await audit(page, "welcome");
    await page.getByRole("button", { name: "Attack" }).click();
    const outcome = page.locator("#outcome");
    await page.waitForFunction(() => /attempts/.test(document.getElementById("outcome").textContent));
    assert.match(await outcome.textContent(), /^\d+ attempts, 0 leaks\.$/);
    const rows = page.locator("#attempts tbody tr");
    assert.ok((await rows.count()) >= 5, "too few attempts");
    assert.equal(await page.locator("#attempts tr.void").count(), 0, "an attempt proved nothing");
    await picture(page, "attack");
    await audit(page, "attack");
  },

  async "welcome on a telephone"({ open, picture, audit }) {
    const page = await open(ACME, { viewport: { width: 390, height: 844 } });
    await page.getByRole("heading", { name: "Running for" }).waitFor();
    await picture(page, "welcome-telephone");
    await audit(page, "welcome-telephone");
  },

  async "an address that leads nowhere"({ open, picture, audit, allow }) {
    for (const [name, address] of [["page", `${ACME}/nowhere`], ["host", `${NOBODY}/`], ["operators", `${OPERATORS}/nowhere`]]) {
      allow(new RegExp(`^status 404 of ${address} $`));
      const page = await open(address, { status: 404, viewport: { width: 390, height: 844 } });
      await page.getByText("There is nothing at this address.").waitFor();
      await picture(page, `nowhere-${name}`);
      await audit(page, `nowhere-${name}`);
    }
  },

  async graphiql({ open, picture, audit }) {
    const page = await open(`${ACME}/graphiql`);
    const state = page.locator("#state");
    assert.equal(await state.textContent(), "You are a visitor.");
    await page.locator("#persona").selectOption("learner@acme.example");
    await page.waitForFunction(() => /learner/.test(document.getElementById("state").textContent));
    const answer = await execute(page, (text) => text.includes('"courses"'));
    assert.match(answer, /"nodes"/);
    await picture(page, "graphiql");
    await audit(page, "graphiql", "#graphiql"); // what stands around the editor, which is as its makers made it
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

  async "certificate, valid"({ open, picture, audit }) {
    const page = await open(`${ACME}/verify/${VALID}`);
    await page.getByRole("heading", { name: "This certificate is valid" }).waitFor();
    assert.match(await page.locator("code").textContent(), new RegExp(VALID, "i"));
    const statement = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent());
    assert.equal(statement.identifier, VALID);
    await picture(page, "certificate-valid");
    await audit(page, "certificate-valid");
  },

  async "certificate, revoked"({ open, picture, audit }) {
    const page = await open(`${ACME}/verify/${REVOKED}`);
    await page.getByRole("heading", { name: "This certificate was revoked" }).waitFor();
    await picture(page, "certificate-revoked");
    await audit(page, "certificate-revoked");
  },

  async "certificate, unknown"({ open, picture, audit }) {
    const page = await open(`${ACME}/verify/${unknown}`, { status: 404 });
    await page.getByRole("heading", { name: "No certificate has this code" }).waitFor();
    await picture(page, "certificate-unknown");
    await audit(page, "certificate-unknown");
  },

  async staff({ open, picture, audit }) {
    const page = await open(OPERATORS);
    await signIn(page, "staff@lyceum.example", "not the password");
    await page.getByRole("alert").waitFor();
    await picture(page, "staff-refused");
    await audit(page, "staff-refused");
    await signIn(page, "staff@lyceum.example", password);
    await page.waitForURL(/\/jobs/);
    await page.getByText("Completed").first().click();
    await page.getByText("search").first().waitFor(); // publishing the demo's courses made such jobs
    await picture(page, "job-console");

    // What would have been sent, down to the link that ends it.
    await page.goto(OPERATORS);
    await page.getByRole("link", { name: "Mails" }).click();
    await page.getByRole("heading", { name: "Mails that were not sent" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "acme" }).click();
    const mails = page.locator("tbody tr");
    assert.ok((await mails.count()) > 0, "there are no mails");
    assert.deepEqual([...new Set(await mails.locator("td:nth-child(2)").allTextContents())], ["acme"]);
    await picture(page, "mails");
    await audit(page, "mails");
    const [subject] = await mails.first().getByRole("link").allTextContents();
    await mails.first().getByRole("link").click();
    await page.getByRole("heading", { name: subject, level: 1 }).waitFor();
    await page.frameLocator("iframe.letter").getByRole("heading", { name: subject }).waitFor();
    await picture(page, "mail");
    await audit(page, "mail", "iframe");
    const ends = await page.getByRole("link", { name: "the page that ends mails like this" }).getAttribute("href");
    const stop = await open(ends);
    await picture(stop, "mail-stop");
    await audit(stop, "mail-stop");
    await stop.getByRole("button", { name: "No more of these mails" }).click();
    await stop.getByText("You get no more mails").waitFor();
    await picture(stop, "mail-stopped");
    await audit(stop, "mail-stopped");
  },

  async "mails are for staff"({ open }) {
    const page = await open(`${OPERATORS}/mail/`);
    await page.getByLabel("Password").waitFor();
    assert.equal(await page.getByText("Mails that were not sent", { exact: true }).count(), 0);
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

const hosts = [ACME, OPERATORS, NOBODY].map((origin) => new URL(origin).host);
// The answers that scenarios ask for, and that are no mistake.
const expected = [/^status 404 of .*\/verify\//, /^status 401 of .*\/sign-in /];
process.exit((await play(scenarios, { pictures, hosts, expected })) === 0 ? 0 : 1);
