// Goes along learning paths in Chromium, as their learner does.
//
//   ACME=http://acme.localhost:8080 LEARNER=… STORY=… node paths.mjs PICTURES
//
// LEARNER is the address of somebody with the demo's password. STORY is JSON: the courses "first" and "second", of one
// article each, and paths of both: "along", in their order, and "left". Exits with 1 when something is amiss.
import assert from "node:assert/strict";
import { play } from "./harness.mjs";

const { ACME, LEARNER, STORY } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !LEARNER || !STORY) {
  console.error("usage: ACME=… LEARNER=… STORY=… node paths.mjs PICTURES");
  process.exit(2);
}
const { paths: { along, left }, first, second } = JSON.parse(STORY);

const scenarios = {
  async "along a learning path"({ open, picture, audit }) {
    const page = await open(`${ACME}/learn/paths/${along.slug}`);
    await heading(page, along.title);
    await page.getByRole("link", { name: "Sign in to start it" }).click();
    await page.getByLabel("Email address").fill(LEARNER);
    await page.getByLabel("Password").fill("lyceum-demo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(page, along.title);
    await page.getByRole("button", { name: "Start this path" }).click();
    await page.getByText("0 of 2 required courses completed").waitFor();
    await page.getByText("Opens when the required courses before it are completed").waitFor();
    await picture(page, "path-begun");
    await audit(page, "begun");

    await complete(page, first);
    await page.goto(`${ACME}/learn/paths/${along.slug}`);
    await reached(page, "1 of 2 required courses completed");
    assert.equal(await page.getByText("Opens when the required courses").count(), 0, "the second course is open");
    await complete(page, second);
    await page.goto(`${ACME}/learn/paths/${along.slug}`);
    await reached(page, "2 of 2 required courses completed");
    await reached(page, /^Completed /);
    assert.equal(await page.getByRole("button", { name: "Leave this path" }).count(), 0, "nobody leaves what is completed");
    await picture(page, "path-completed");
    await audit(page, "completed");

    // Who gets on to the other path has completed it already.
    await page.getByRole("link", { name: "Learning paths", exact: true }).click();
    await heading(page, "Learning paths");
    await picture(page, "paths");
    await audit(page, "list");
    await page.goto(`${ACME}/learn/paths/${left.slug}`);
    await heading(page, left.title);
    await page.getByRole("button", { name: "Start this path" }).click();
    await page.getByText("2 of 2 required courses completed").waitFor();

    await page.goto(`${ACME}/learn/inbox`);
    await page.getByText(`You completed the learning path “${along.title}”`).waitFor();
  },

  async "in German, on a phone"({ open, picture, audit }) {
    const page = await open(`${ACME}/learn/paths/${left.slug}`, { locale: "de-DE", viewport: { width: 360, height: 780 } });
    await heading(page, left.title);
    await page.getByRole("link", { name: "Anmelden, um ihn zu beginnen" }).waitFor();
    await picture(page, "path-german");
    await audit(page, "German");
  },
};

// complete reads the course's one article.
async function complete(page, course) {
  await page.goto(`${ACME}/learn/courses/${course.slug}`);
  await heading(page, course.title);
  const start = page.getByRole("link", { name: "Start", exact: true });
  // A path gives its places when it has heard of the course before.
  for (let tries = 0; tries < 50 && (await start.count()) === 0; tries++) {
    await page.reload();
    await heading(page, course.title);
    await page.getByText("What is in it").waitFor();
  }
  await start.click();
  await heading(page, "Article");
  await page.getByRole("button", { name: "I have read this" }).click();
  await page.getByText("Lesson completed").first().waitFor();
}

// reached waits until the path has heard of it.
async function reached(page, text) {
  await assert.doesNotReject(async () => {
    for (let tries = 0; tries < 50; tries++) {
      if ((await page.getByText(text).count()) > 0) return;
      await page.reload();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("required courses completed").waitFor();
    }
    throw new Error(`no ${text}`);
  });
}

function heading(page, name) {
  return page.getByRole("heading", { name, level: 1 }).waitFor();
}

const hosts = [ACME, ACME.replace("acme.", "")].map((origin) => new URL(origin).host);
process.exit((await play(scenarios, { pictures, hosts })) === 0 ? 0 : 1);
