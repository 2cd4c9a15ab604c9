// Looks in Chromium at places that are not open, or not yet, as their learner does.
//
//   ACME=http://acme.localhost:8080 LEARNER=… COURSES=… INSTRUCTOR_TOKEN=… node places.mjs PICTURES
//
// LEARNER is the address of somebody with the demo's password. COURSES is JSON: id, slug and title of the courses
// "welcome" and "unwelcome", to which they are invited; "full" and "crowded", which have no seats; "priced", which costs
// something; and "closed", from which staff sent them away. Exits with 1 when something is amiss.
import assert from "node:assert/strict";
import { play } from "./harness.mjs";

const { ACME, LEARNER, COURSES, INSTRUCTOR_TOKEN } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !LEARNER || !COURSES || !INSTRUCTOR_TOKEN) {
  console.error("usage: ACME=… LEARNER=… COURSES=… INSTRUCTOR_TOKEN=… node places.mjs PICTURES");
  process.exit(2);
}
const { welcome, unwelcome, full, crowded, priced, closed } = JSON.parse(COURSES);

const scenarios = {
  async "places that are not open"({ open, picture, audit }) {
    const page = await open(`${ACME}/learn/sign-in`);
    await signIn(page, /^Sign in to/, "Email address", "Password", "Sign in");
    await heading(page, "My learning");

    // Without a seat, and without having paid.
    for (const course of [full, crowded]) {
      await visit(page, course);
      await page.getByRole("button", { name: "Take a place" }).click();
      await page.getByText("You are number 1 on the waiting list").waitFor();
      assert.equal(await page.getByRole("link", { name: "Start", exact: true }).count(), 0, "who waits may not start");
    }
    await picture(page, "places-waiting");
    await audit(page, "waiting");
    await visit(page, priced);
    await page.getByRole("button", { name: "Take a place" }).click();
    await page.getByText("The course opens when your payment has arrived.").waitFor();
    await page.getByText("€19.00").waitFor();

    // All of them at a glance, and answered from there.
    await page.getByRole("link", { name: "My learning", exact: true }).click();
    const waiting = page.getByRole("region", { name: "Not open yet" });
    await waiting.waitFor();
    assert.equal(await waiting.getByRole("listitem").count(), 5);
    await page.getByRole("region", { name: "Ended" }).getByText("have ended your access").waitFor();
    await picture(page, "places-my");
    await audit(page, "my");
    await page.getByRole("button", { name: `Decline: ${unwelcome.title}` }).click();
    await page.getByRole("heading", { name: unwelcome.title }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: `Leave the waiting list: ${crowded.title}` }).click();
    await page.getByRole("heading", { name: crowded.title }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: `Do not take this course: ${priced.title}` }).click();
    await page.getByRole("heading", { name: priced.title }).waitFor({ state: "detached" });
    assert.equal(await waiting.getByRole("listitem").count(), 2);

    // An invitation is accepted on the course's own page, and the course is open at once.
    await visit(page, welcome);
    await page.getByText("You are invited to this course.").waitFor();
    await picture(page, "places-invited");
    await page.getByRole("button", { name: /^Accept the invitation/ }).click();
    await page.getByRole("link", { name: "Start", exact: true }).click();
    await heading(page, "Article");

    // A seat becomes free while one looks.
    await visit(page, full);
    await page.getByText("You are number 1 on the waiting list").waitFor();
    await seats(full, 1);
    await page.getByRole("link", { name: "Start", exact: true }).waitFor();

    // Whom staff sent away is told so, and finds no way in.
    await visit(page, closed);
    await page.getByText("have ended your access").waitFor();
    assert.equal(await page.getByRole("button", { name: "Take a place" }).count(), 0);
    await picture(page, "places-closed");
    // Who declined may think better of it.
    await visit(page, unwelcome);
    await page.getByRole("button", { name: "Take a place" }).waitFor();
  },

  async "in German"({ open, picture, audit }) {
    const page = await open(`${ACME}/learn/sign-in`, { locale: "de-DE", viewport: { width: 360, height: 780 } });
    await signIn(page, /^Bei/, "E-Mail-Adresse", "Passwort", "Anmelden");
    await heading(page, "Mein Lernen");
    await visit(page, crowded);
    await page.getByRole("button", { name: "Platz nehmen" }).click();
    await page.getByText("Sie sind Nummer 1 auf der Warteliste").waitFor();
    await picture(page, "places-german");
    await audit(page, "German");
    await page.getByRole("button", { name: /^Warteliste verlassen/ }).click();
    await page.getByRole("button", { name: "Platz nehmen" }).waitFor();
  },
};

async function signIn(page, title, address, password, button) {
  await heading(page, title);
  await page.getByLabel(address).fill(LEARNER);
  await page.getByLabel(password).fill("lyceum-demo");
  await page.getByRole("button", { name: button }).click();
}

async function visit(page, course) {
  await page.goto(`${ACME}/learn/courses/${course.slug}`);
  await heading(page, course.title);
}

function heading(page, name) {
  return page.getByRole("heading", { name, level: 1 }).waitFor();
}

// seats says, as the course's instructor, how many there are.
async function seats(course, capacity) {
  const response = await fetch(`${ACME}/graphql`.replace("acme.localhost", "127.0.0.1"), {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${INSTRUCTOR_TOKEN}` },
    body: JSON.stringify({
      query: "mutation($i: SaveCourseAdmissionInput!) { saveCourseAdmission(input: $i) { admission { capacity } } }",
      variables: { i: { courseId: course.id, capacity } },
    }),
    signal: AbortSignal.timeout(20_000),
  });
  const { errors } = await response.json();
  assert.ok(!errors, JSON.stringify(errors));
}

const hosts = [ACME, ACME.replace("acme.", "")].map((origin) => new URL(origin).host);
process.exit((await play(scenarios, { pictures, hosts })) === 0 ? 0 : 1);
