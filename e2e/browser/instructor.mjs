// A day of an instructor in Chromium: signing in, bringing in a film, and looking at how the learners get on.
//
//   ACME=http://acme.localhost:8080 INSTRUCTOR=… TITLE=… FILM=… node instructor.mjs PICTURES
//
// INSTRUCTOR is the address of an instructor with the demo's password, who teaches the course TITLE: of its four learners
// one has failed the quiz three times. FILM is a file with a film that the server does not have. Exits with 1 when something
// is amiss.
import assert from "node:assert/strict";
import { found, play } from "./harness.mjs";

const { ACME, INSTRUCTOR, TITLE, FILM } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !INSTRUCTOR || !TITLE || !FILM) {
  console.error("usage: ACME=… INSTRUCTOR=… TITLE=… FILM=… node instructor.mjs PICTURES");
  process.exit(2);
}

const scenarios = {
  async "an instructor's day"({ open, picture, audit }) {
    const page = await open(ACME);
    await page.getByRole("link", { name: /^Upload/ }).click();
    await page.getByLabel("Email address").fill(INSTRUCTOR);
    await page.getByLabel("Password").fill("lyceum-demo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("#main").getByText("Nothing is on its way.").waitFor();

    await page.getByLabel("Choose files").setInputFiles(FILM);
    const film = page.locator(".upload", { hasText: /^film\.mp4/ });
    // It is checked and accepted; the server converts other films first.
    await film.getByText(/^(Ready$|Converting: \d+%. It can be used already)/).waitFor({ timeout: 40_000 });
    await picture(page, "instructor-upload");
    await audit(page, "upload");

    // Who has signed in there is signed in here, too.
    await page.goto(`${ACME}/learn/`);
    await page.getByRole("link", { name: "Teaching", exact: true }).click();
    await page.getByRole("heading", { name: "How your learners are doing", level: 1 }).waitFor();
    const course = page.getByRole("region", { name: TITLE, exact: true });
    await found(page, course);
    await course.getByText("4 learners").waitFor();
    const spread = course.getByRole("table", { name: "How far they are" });
    assert.equal(await spread.getByRole("row", { name: /^Completed/ }).locator("td").textContent(), "1");

    // The quiz that somebody does not pass.
    const stuck = course.getByRole("table", { name: "Who is stuck" }).locator("tbody tr");
    assert.equal(await stuck.count(), 1);
    assert.equal(await stuck.locator("td").last().textContent(), "3");
    await picture(page, "instructor-teaching");
    await audit(page, "teaching");
  },
};

// Files go to where the server takes them in: an address without a tenant.
const hosts = [ACME, ACME.replace("acme.", "")].map((origin) => new URL(origin).host);
process.exit((await play(scenarios, { pictures, hosts })) > 0 ? 1 : 0);
