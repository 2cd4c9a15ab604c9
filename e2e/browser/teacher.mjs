// Looks in Chromium at how learners get on, as who teaches does.
//
//   ACME=http://acme.localhost:8080 TEACHER=… LEARNER=… TITLE=… node teacher.mjs PICTURES
//
// TEACHER is the address of an admin with the demo's password, LEARNER that of a learner, TITLE the title of a course with
// four learners: one has not begun, one is half way, one has failed a quiz three times, one is done. Exits with 1 when
// something is amiss.
import assert from "node:assert/strict";
import { found, play } from "./harness.mjs";

const { ACME, TEACHER, LEARNER, TITLE } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !TEACHER || !LEARNER || !TITLE) {
  console.error("usage: ACME=… TEACHER=… LEARNER=… TITLE=… node teacher.mjs PICTURES");
  process.exit(2);
}
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 780 } };

const scenarios = {
  async "how learners get on"({ open, picture, audit }) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const page = await open(`${ACME}/learn/sign-in`, { viewport, prepare: size === "wide" ? undefined : watched });
      await signIn(page, TEACHER);
      await page.getByRole("link", { name: "Teaching", exact: true }).click();
      await page.getByRole("heading", { name: "How your learners are doing", level: 1 }).waitFor();
      const course = page.getByRole("region", { name: TITLE, exact: true });
      await found(page, course);
      await course.getByText("4 learners").waitFor();
      await course.getByText("1 completed it in the last 30 days").waitFor();
      await course.getByText("1 is stuck").waitFor();
      const spread = course.getByRole("table", { name: "How far they are" });
      const rows = await spread.locator("tbody tr").evaluateAll((all) => all.map((row) => [row.querySelector("th").textContent, row.querySelector("td").textContent]));
      assert.deepEqual(rows, [["Not started", "1"], ["0 to 25%", "1"], ["25 to 50%", "0"], ["50 to 75%", "1"], ["75 to 100%", "0"], ["Completed", "1"]]);
      const stuck = course.getByRole("table", { name: "Who is stuck" });
      assert.equal(await stuck.locator("tbody tr").count(), 1);
      assert.equal(await stuck.locator("tbody tr td").last().textContent(), "3");
      // Of a film that hardly anybody has watched nothing is told; of the next one it is told minute by minute.
      await course.getByText("How far the films are watched").click();
      if (size === "wide") {
        await course.getByText("Fewer than five people have watched it").waitFor();
      } else {
        const film = course.getByRole("table", { name: "Film · 12 have watched it" });
        await film.waitFor();
        const minutes = await film.locator("tbody tr").evaluateAll((all) => all.map((row) => [row.querySelector("th").textContent, row.querySelector("td").textContent]));
        assert.deepEqual(minutes, [["0:00", "12"], ["1:00", "9"], ["2:00", "4"]]);
      }
      await picture(page, `teach-${size}`);
      await audit(page, size);
      await page.emulateMedia({ colorScheme: "dark" });
      await picture(page, `teach-${size}-dark`);
      await audit(page, `${size}, dark`);
    }
  },

  async "learners see nothing of it"({ open, allow }) {
    const page = await open(`${ACME}/learn/sign-in`);
    await signIn(page, LEARNER);
    assert.equal(await page.getByRole("link", { name: "Teaching" }).count(), 0);
    allow(/^status 403 of /);
    await page.goto(`${ACME}/learn/teaching`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.getByRole("table").count(), 0);
  },
};

// watched answers for a film that twelve have watched.
function watched(page) {
  return page.route("**/graphql", (route) => (route.request().postDataJSON().documentId === "lesson-drop-off"
    ? route.fulfill({ json: { data: { lessonDropOff: { learners: 12, minutes: [12, 9, 4] } } } })
    : route.fallback()));
}

async function signIn(page, as) {
  await page.getByLabel("Email address").fill(as);
  await page.getByLabel("Password").fill("lyceum-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "My learning", level: 1 }).waitFor();
}

process.exit((await play(scenarios, { pictures, hosts: [new URL(ACME).host] })) > 0 ? 1 : 0);
