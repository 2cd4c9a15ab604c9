// Learns in Chromium, as a person does.
//
//   ACME=http://acme.localhost:8080 LEARNER=… COURSE=… OTHER=… node learner.mjs PICTURES
//
// LEARNER is the address of somebody with the demo's password who has no courses yet, COURSE the slug of a course
// with an article, a film of twenty seconds and a quiz, OTHER the id of a course to be given them, HLS a folder with
// the same film as a playlist, or empty. INSTRUCTOR_TOKEN and LEARNER_TOKEN are theirs. Exits with 1 when something
// is amiss.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { play } from "./harness.mjs";

const { ACME, LEARNER, COURSE, OTHER, HLS, INSTRUCTOR_TOKEN, LEARNER_TOKEN } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !LEARNER || !COURSE || !OTHER || !INSTRUCTOR_TOKEN || !LEARNER_TOKEN) {
  console.error("usage: ACME=… LEARNER=… COURSE=… OTHER=… INSTRUCTOR_TOKEN=… LEARNER_TOKEN=… node learner.mjs PICTURES");
  process.exit(2);
}
const password = "lyceum-demo";
const INSTRUCTOR = "instructor@acme.example";
const title = "Learning with films";
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 780 } };

// How long the whole journey may take, in milliseconds.
const minute = 60_000;

const scenarios = {
  async journey({ open, picture }) {
    const begun = Date.now();
    const page = await open(`${ACME}/learn/`, { viewport: sizes.wide });
    await signIn(page);

    // Find the course by a word of it, and take a place.
    await page.getByRole("link", { name: "Catalog", exact: true }).click();
    await page.getByRole("searchbox").fill(title);
    await page.locator(".hits a").filter({ hasText: title }).first().click();
    await heading(page, title);
    await page.getByRole("button", { name: "Take a place" }).click();
    await page.getByText("What is left").click();
    await page.locator(".left li li", { hasText: "Read this" }).waitFor();
    await page.getByRole("link", { name: "Start", exact: true }).click();

    // An article.
    await heading(page, "Read this");
    await page.getByRole("button", { name: "I have read this" }).click();
    await page.getByText("Lesson completed").first().waitFor();
    await page.getByRole("link", { name: "Next: Watch this" }).click();

    await film(page, picture);

    // A message arrives while one learns.
    await give();
    await page.locator(".toast a").waitFor();
    await page.locator(".badge").waitFor();

    await page.getByRole("link", { name: "Next: Prove it" }).click();
    await quiz(page, picture);
    await page.getByText(`You have completed “${title}”.`).waitFor();

    // The certificate is announced, shown, and verified.
    await page.getByRole("link", { name: /^Inbox/ }).click();
    await page.getByRole("link", { name: /certificate/i }).first().waitFor();
    await page.getByRole("link", { name: "My learning", exact: true }).click();
    await page.getByRole("link", { name: `Certificate: ${title}` }).click();
    await page.getByRole("heading", { name: "This certificate is valid" }).waitFor();

    await page.goBack();
    await heading(page, "My learning");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Sign in" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, "something of the session is left");
    const took = Date.now() - begun;
    assert.ok(took < minute, `the journey took ${took} ms`);
  },

  async "keyboard alone"({ open, picture, audit }) {
    await placed();
    const page = await open(`${ACME}/learn/`, { viewport: sizes.wide });
    await signIn(page);
    await visit(page, `/courses/${COURSE}`, title);
    await openLesson(page, "Watch this");
    const video = page.locator("video");
    await loaded(page);
    await page.getByRole("slider", { name: "Position" }).waitFor();
    await until(page, "the play button has the focus", async () => {
      await page.keyboard.press("Tab");
      return page.evaluate(() => /^Play/.test(document.activeElement?.getAttribute("aria-label") ?? ""));
    });
    await page.keyboard.press("Space");
    await page.waitForFunction(() => !document.querySelector("video").paused);
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelector("video").paused);
    const at = () => video.evaluate((element) => element.currentTime);
    const near = async (/** @type {number} */ wanted, what) => assert.ok(Math.abs((await at()) - wanted) < 0.6, `${what}: at ${await at()}, not ${wanted}`);
    await page.keyboard.press("Home");
    await near(0, "Home");
    await page.keyboard.press("l");
    await near(10, "L");
    await page.keyboard.press("ArrowRight");
    await near(15, "right");
    await page.keyboard.press("j");
    await near(5, "J");
    await page.keyboard.press("ArrowLeft");
    await near(0, "left");
    await page.keyboard.press("m");
    assert.ok(await video.evaluate((element) => element.muted), "M");
    await page.keyboard.press("Shift+>");
    assert.equal(await video.evaluate((element) => element.playbackRate), 1.25);
    await page.keyboard.press("Shift+<");
    await page.keyboard.press("Shift+<");
    assert.equal(await video.evaluate((element) => element.playbackRate), 0.75);
    await page.keyboard.press("c");
    assert.equal(await page.getByLabel("Captions").inputValue(), "en");
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement?.classList.contains("player"));
    await page.keyboard.press("f");
    await page.waitForFunction(() => !document.fullscreenElement);
    await page.keyboard.press("Shift+?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await picture(page, "learn-keyboard");
    await audit(page, "keyboard help");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""), /^Play/, "the focus is back");
    // Outside the player letters are nobody's.
    await page.getByRole("heading", { level: 1 }).focus();
    await page.keyboard.press("k");
    assert.ok(await video.evaluate((element) => element.paused), "K outside the player");
    // Where one left off is where one goes on.
    await page.getByRole("slider", { name: "Position" }).focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("k");
    await played(page, 1.5);
    await page.keyboard.press("k");
    await until(page, "the place is kept", async () => {
      const { positionMs } = await progress();
      return positionMs > 1000 && positionMs < 6000;
    });
    await page.reload();
    await page.getByText(/^You left off at 0:0[1-5]/).waitFor();
    await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
    await page.getByRole("button", { name: "From the start" }).click();
    await page.waitForFunction(() => document.querySelector("video").currentTime === 0);
  },

  async "every view, at both sizes, light and dark"({ open, picture, audit, allow }) {
    await placed();
    allow(/^status 404 of .*\/favicon/);
    for (const [size, viewport] of Object.entries(sizes)) {
      const page = await open(`${ACME}/learn/`, { viewport });
      await page.locator(".cards li").first().waitFor();
      const view = async (/** @type {string} */ name) => {
        await settled(page);
        await picture(page, `learn-${size}-${name}`);
        await audit(page, `${size} ${name}`);
        await page.emulateMedia({ colorScheme: "dark" });
        await picture(page, `learn-${size}-${name}-dark`);
        await audit(page, `${size} ${name}, dark`);
        await page.emulateMedia({ colorScheme: "light" });
      };
      await view("catalog");
      await visit(page, "/sign-in", /^Sign in to/);
      await view("sign-in");
      await signIn(page);
      await view("my");
      await visit(page, "/?q=coffee", /^What would you like/);
      await page.locator(".hits li").first().waitFor();
      await view("search");
      await visit(page, "/?q=nothinghasthisword", /^What would you like/);
      await page.getByText("Nothing was found").waitFor();
      await visit(page, "/courses/coffee-basics", "Coffee from bean to cup");
      await view("course-outside");
      await visit(page, `/courses/${COURSE}`, title);
      await view("course");
      for (const lesson of ["Read this", "Watch this", "Prove it", "Take this along", "Look there"]) {
        await openLesson(page, lesson);
        if (lesson === "Watch this") await loaded(page);
        await view(lesson.toLowerCase().replaceAll(" ", "-"));
        await page.goBack();
        await heading(page, title);
      }
      await openLesson(page, "Prove it");
      await page.getByRole("button", { name: /^(Start|Go on|Try once)/ }).click();
      await page.locator(".attempt").waitFor();
      await view("attempt");
      await visit(page, "/inbox", "Inbox");
      await page.getByText("New messages appear").waitFor();
      await view("inbox");
      await visit(page, "/no/such/place", "Nothing here");
      await view("missing");
      await visit(page, "/courses/no-such-course", "Not available");
      await view("refused");
    }
  },

  async "in German"({ open, picture, audit }) {
    const page = await open(`${ACME}/learn/`, { viewport: sizes.wide, locale: "de-AT" });
    await heading(page, "Was möchten Sie lernen?");
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    await page.locator(".cards li").first().waitFor();
    await picture(page, "learn-german");
    await audit(page, "German");
  },

  async "what is late, and what has expired"({ open }) {
    const page = await open(`${ACME}/learn/`, { prepare: (page) => change(page, "dashboard", ({ myEnrollments: { nodes: [late, expired] } }) => {
      Object.assign(late, { state: "ACTIVE", dueAt: "2020-01-02T12:00:00Z" });
      expired.certificate.status = "EXPIRED";
    }) });
    await signIn(page, "mei.tanaka@acme.example");
    await page.getByText("Overdue: was due 2 Jan 2020").waitFor();
    await page.getByText("This certificate has expired.").waitFor();
  },

  async "an address that ends while a film plays"({ open }) {
    await placed();
    /** @type {string[]} */
    const urls = [];
    const page = await open(`${ACME}/learn/`, { prepare: (page) => changeFilm(page, (content) => {
      // The first ends soon, the next one in time to come; each is another address. A playlist has a test of its own.
      content.hlsUrl = null;
      content.expiresAt = new Date(Date.now() + (urls.length === 0 ? 8000 : 900_000)).toISOString();
      content.url += `#n=${urls.length}`;
      urls.push(content.url);
    }) });
    await signIn(page);
    await visit(page, `/courses/${COURSE}`, title);
    await openLesson(page, "Watch this");
    await loaded(page);
    await page.getByRole("slider", { name: "Position" }).fill("2");
    await page.getByLabel("Speed").selectOption("0.5");
    await page.locator("video").evaluate((element) => { element.muted = true; });
    await page.getByRole("button", { name: /^Play/ }).click();
    await page.waitForFunction((second) => document.querySelector("video").src.endsWith(second), "#n=1");
    await page.waitForFunction(() => {
      const video = document.querySelector("video");
      return !video.paused && video.readyState >= 3 && video.playbackRate === 0.5 && video.currentTime > 3;
    });
    assert.equal(urls.length, 2, "the address was asked for more than once");
  },

  async "a playlist, whose token changes on the way"({ open, picture }) {
    if (!HLS) {
      console.log("     (there is no ffmpeg to make one)");
      return;
    }
    await placed();
    let asked = 0;
    /** @type {string[]} */
    const fetched = [];
    const serve = async (page) => {
      await changeFilm(page, (content) => {
        asked++;
        const token = `/v/${asked}.k.mac/t/acme/asset`;
        Object.assign(content, { hlsUrl: `${ACME}${token}/master.m3u8`, storyboardUrl: `${ACME}${token}/story.vtt`, posterUrl: null });
        content.expiresAt = new Date(Date.now() + (asked === 1 ? 4000 : 900_000)).toISOString();
      });
      await page.route("**/v/**", async (route) => {
        const { pathname } = new URL(route.request().url());
        fetched.push(pathname);
        const name = pathname.split("/").at(-1) ?? "";
        const type = { m3u8: "application/vnd.apple.mpegurl", m4s: "video/iso.segment", mp4: "video/mp4", vtt: "text/vtt", svg: "image/svg+xml" }[name.split(".").at(-1) ?? ""];
        if (name === "story.vtt") return route.fulfill({ contentType: type, body: "WEBVTT\n\n00:00.000 --> 02:20.000\nsprite.svg#xywh=0,0,160,90\n" });
        if (name === "sprite.svg") return route.fulfill({ contentType: type, body: '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90"><rect width="160" height="90" fill="teal"/></svg>' });
        return route.fulfill({ contentType: type, body: await readFile(join(HLS, name)) });
      });
    };
    const page = await open(`${ACME}/learn/`, { viewport: sizes.wide, prepare: serve });
    await signIn(page);
    await visit(page, `/courses/${COURSE}`, title);
    await openLesson(page, "Watch this");
    await loaded(page);
    assert.match(await page.locator("video").getAttribute("src"), /^blob:/);
    await page.getByRole("button", { name: /^Play/ }).click();
    await until(page, "the token is renewed", () => asked >= 2);
    // A place that was not fetched yet: its segments come with the new token.
    await page.getByRole("slider", { name: "Position" }).fill("100");
    await until(page, "segments come with the new token", () => fetched.some((path) => /^\/v\/[2-9].*seg.*m4s$/.test(path)));
    await page.waitForFunction(() => document.querySelector("video").currentTime > 100.5);
    await page.getByRole("slider", { name: "Position" }).hover();
    await page.locator(".preview .still").waitFor();
    await picture(page, "learn-playlist");
  },

  async "the search engine itself, and when it is away"({ open }) {
    let up = true;
    /** @type {{ bearer: string | undefined, body: any }[]} */
    const asked = [];
    const page = await open(`${ACME}/learn/`, { prepare: async (page) => {
      await change(page, "search-token", (data) => {
        data.searchToken = { token: "signed", expiresAt: new Date(Date.now() + 900_000).toISOString(), host: ACME, index: "lyceum" };
      });
      await page.route("**/indexes/lyceum/search", (route) => {
        asked.push({ bearer: route.request().headers().authorization, body: route.request().postDataJSON() });
        if (!up) return route.abort();
        const hit = { course: "crs_00000000000000000000000000", title: "From the engine", summary: "x", _formatted: { title: "From the ⟦engine⟧", summary: "<b>x</b>" } };
        return route.fulfill({ json: { hits: [hit], estimatedTotalHits: 1 } });
      });
    } });
    await page.getByRole("searchbox").fill("engine");
    await page.getByRole("link", { name: "From the engine" }).waitFor();
    assert.equal(await page.locator(".hits mark").textContent(), "engine");
    assert.equal(await page.locator(".hits b").count(), 0, "a snippet became markup");
    assert.equal(asked.at(-1)?.bearer, "Bearer signed");
    await page.getByLabel("Level").selectOption("BEGINNER");
    await until(page, "the level narrows", () => asked.at(-1)?.body.filter.includes("level = 'BEGINNER'"));
    up = false;
    await page.getByLabel("Level").selectOption("");
    await page.getByRole("searchbox").fill(title);
    await page.locator(".hits a").filter({ hasText: title }).first().waitFor();
  },

  async "a course that has left the catalog"({ open }) {
    await give();
    await ask(INSTRUCTOR_TOKEN, "mutation($c: ID!) { archiveCourse(courseId: $c) { course { id } } }", { c: OTHER });
    const page = await open(`${ACME}/learn/`);
    await visit(page, `/courses/${OTHER}`, "Not available");
    await signIn(page);
    await visit(page, `/courses/${OTHER}`, /^Course given-/);
    await page.getByRole("link", { name: "Start", exact: true }).click();
    await heading(page, "Article");
    await page.getByRole("button", { name: "I have read this" }).click();
    await page.getByText("Lesson completed").first().waitFor();
    // The button is gone, and the keyboard goes on at what comes next.
    await page.waitForFunction(() => document.activeElement?.matches(".onwards a"));
    // A film that is kept on another site is not asked for.
    await page.getByRole("link", { name: "Next: Film" }).click();
    await page.getByRole("link", { name: "Open videos.example" }).waitFor();
    await page.getByRole("button", { name: "Play it here" }).waitFor();
    // Back is where one was, and how far down.
    await page.setViewportSize(sizes.narrow);
    await page.evaluate(() => scrollTo(0, 200));
    const down = await page.evaluate(() => scrollY);
    await page.getByRole("link", { name: "Previous" }).click();
    await heading(page, "Article");
    await page.goBack();
    await heading(page, "Film");
    await page.waitForFunction((wanted) => scrollY === wanted, down);
  },

  async "what can be done when something fails"({ open, allow }) {
    allow(/^status 503 of /);
    const page = await open(`${ACME}/learn/`);
    await signIn(page, INSTRUCTOR);
    let down = true;
    await page.route("**/graphql", (route) => (down && route.request().postDataJSON().documentId === "course" ? route.fulfill({ status: 503, body: "" }) : route.fallback()));
    await visit(page, `/courses/${COURSE}`, "Something went wrong");
    await page.getByText("The server is busy").waitFor();
    down = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await heading(page, title);
    // A session that has ended leads to a sign-in, and back to where one was.
    await page.evaluate(() => {
      const kept = JSON.parse(sessionStorage.getItem("lyceum.session"));
      sessionStorage.setItem("lyceum.session", JSON.stringify({ ...kept, token: "lys_no_longer" }));
    });
    allow(/^status 401 of /);
    await page.reload();
    await page.getByLabel("Password").waitFor();
    assert.match(page.url(), /\/learn\/sign-in\?to=/);
    await page.getByText("Your session has ended.").first().waitFor();
    await fillIn(page, "nobody@acme.example");
    await page.getByRole("alert").getByText("The address or the password is wrong.").waitFor();
    await fillIn(page, INSTRUCTOR);
    await heading(page, title);
  },
};

// film watches a film: what is played counts once, at any speed that is allowed; what is sought over or played again does
// not, and what is played offline comes later.
async function film(page, picture) {
  await heading(page, "Watch this");
  await loaded(page);
  await page.locator("video").evaluate((element) => { element.muted = true; });
  await page.getByLabel("Captions").selectOption("en");
  await page.getByRole("button", { name: /^Play/ }).click();
  await page.waitForFunction(() => {
    const tracks = [...document.querySelector("video").textTracks];
    return tracks.some((track) => track.mode === "showing" && (track.activeCues?.length ?? 0) > 0);
  });
  await played(page, 4);
  await picture(page, "learn-film");
  await page.getByRole("button", { name: "Pause" }).click();
  const first = await credited(page, (ms) => ms >= 3500);
  assert.ok(first < 9000, `${first} ms for four seconds`);

  // The same again: the place moves back, and nothing is added.
  await page.getByRole("slider", { name: "Position" }).fill("1");
  await page.getByRole("button", { name: /^Play/ }).click();
  await played(page, 2);
  await page.getByRole("button", { name: "Pause" }).click();
  await until(page, "the place moves back", async () => (await progress()).positionMs < 3500);
  assert.equal(await watched(), first, "what was replayed counts twice");

  // To the end and a little: the seconds between do not count.
  await page.getByRole("slider", { name: "Position" }).fill("18");
  await page.getByRole("button", { name: /^Play/ }).click();
  await played(page, 18.7);
  await page.getByRole("button", { name: /^(Pause|Play again)/ }).click();
  const second = await credited(page, (ms) => ms > first);
  assert.ok(second < first + 3500, `seeking was worth ${second - first} ms`);

  // Offline, in what has been loaded.
  await page.getByRole("slider", { name: "Position" }).fill("8");
  await page.waitForFunction(() => !document.querySelector("video").seeking && document.querySelector("video").readyState >= 3);
  await page.context().setOffline(true);
  await page.getByText("You are offline.").first().waitFor();
  await page.getByRole("button", { name: /^Play/ }).click();
  await played(page, 9.5);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("What you watched is kept here").waitFor();
  assert.equal(await watched(), second, "something was credited offline");
  await picture(page, "learn-offline");
  await page.context().setOffline(false);
  const third = await credited(page, (ms) => ms > second + 1000);
  assert.ok(third < second + 6000, `offline was worth ${third - second} ms`);

  // The rest, twice as fast.
  await page.getByRole("slider", { name: "Position" }).fill("0");
  await page.getByLabel("Speed").selectOption("2");
  await page.getByRole("button", { name: /^Play/ }).click();
  await page.waitForFunction(() => document.querySelector("video").ended);
  await page.getByText("Lesson completed").first().waitFor();
  const all = await credited(page, (ms) => ms >= 19_000);
  assert.ok(all <= 20_500, `${all} ms are credited of a film of twenty seconds`);
}

async function quiz(page, picture) {
  await heading(page, "Prove it");
  await page.getByRole("button", { name: "Start the quiz" }).click();
  await page.getByRole("timer").waitFor();
  await page.getByRole("group", { name: /Which one/ }).getByLabel("This").check();
  await page.getByRole("textbox", { name: /How many/ }).fill("4");
  await page.getByText("Your answers are saved.").waitFor();
  // A page that is closed in the middle loses nothing.
  await page.reload();
  await page.getByRole("button", { name: "Go on with your attempt" }).click();
  assert.ok(await page.getByLabel("This").isChecked());
  assert.equal(await page.getByRole("textbox").inputValue(), "4");
  await page.getByRole("button", { name: "Hand in" }).click();
  await page.getByRole("heading", { name: "Passed" }).waitFor();
  await page.getByText("Well chosen.").waitFor();
  await picture(page, "learn-quiz-passed");
}

// signIn signs the learner in, or somebody else: five times a minute is all that one account may from one address.
async function signIn(page, as = LEARNER) {
  await visit(page, "/sign-in", /^Sign in to/);
  await fillIn(page, as);
  await heading(page, "My learning");
}

async function fillIn(page, as) {
  await page.getByLabel("Email address").fill(as);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

// visit goes to an address of the app by its bar, as one who was sent a link does.
async function visit(page, path, name) {
  await page.goto(`${ACME}/learn${path}`);
  await heading(page, name);
}

function heading(page, name) {
  return page.getByRole("heading", { name, level: 1 }).waitFor();
}

// openLesson opens a lesson from the outline.
async function openLesson(page, name) {
  await page.locator("a.lesson").filter({ hasText: name }).first().click();
  await heading(page, name);
}

function loaded(page) {
  return page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
}

// played waits until the film has come so far, in seconds.
function played(page, seconds) {
  return page.waitForFunction((wanted) => document.querySelector("video").currentTime >= wanted, seconds);
}

function settled(page) {
  return page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
}

async function until(page, what, holds) {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `${what}: not within 20 s`);
    await page.waitForTimeout(50);
  }
}

// credited waits until the API has credited enough of the film, and returns how much.
async function credited(page, enough) {
  let ms = 0;
  await until(page, "time is credited", async () => enough((ms = await watched())));
  return ms;
}

// watched is what the API has credited of the film, in milliseconds.
async function watched() {
  return (await progress()).watchedMs;
}

// progress is what the API knows of the film.
async function progress() {
  const { course } = await ask(LEARNER_TOKEN, "query($s: String!) { course(slug: $s) { modules { lessons { kind progress { watchedMs positionMs } } } } }", { s: COURSE });
  return course.modules[0].lessons.find(({ kind }) => kind === "VIDEO").progress ?? { watchedMs: 0, positionMs: 0 };
}

// give assigns the learner another course.
async function give() {
  const { viewer } = await ask(LEARNER_TOKEN, "{ viewer { user { id } } }");
  await ask(INSTRUCTOR_TOKEN, "mutation($i: AssignCourseInput!) { assignCourse(input: $i) { enrollment { id } } }", { i: { courseId: OTHER, learnerId: viewer.user.id } });
}

// placed lets the learner into the course, if they are not in it.
async function placed() {
  const { course } = await ask(LEARNER_TOKEN, "query($s: String!) { course(slug: $s) { id } }", { s: COURSE });
  await ask(LEARNER_TOKEN, "mutation($c: ID!) { enroll(input: { courseId: $c }) { enrollment { id } } }", { c: course.id });
}

async function ask(token, query, variables = {}) {
  const response = await fetch(here(`${ACME}/graphql`), {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  const { data, errors } = await response.json();
  assert.ok(!errors, JSON.stringify(errors));
  return data;
}

// here is the address of the same server for whoever knows no names below localhost.
function here(url) {
  return url.replace("acme.localhost", "127.0.0.1");
}

// change alters what the API answers to a ready document, on its way to the page.
function change(page, document, alter) {
  return page.route("**/graphql", async (route) => {
    if (route.request().postDataJSON().documentId !== document) return route.fallback();
    // Node asks by the address: it may not know names below localhost.
    const response = await route.fetch({ url: here(route.request().url()) });
    const answer = await response.json();
    if (answer.data) alter(answer.data);
    return route.fulfill({ response, json: answer });
  });
}

// changeFilm alters the film of a lesson.
function changeFilm(page, alter) {
  return change(page, "lesson", ({ lesson }) => {
    if (lesson?.content?.__typename === "VideoContent") alter(lesson.content);
  });
}

// Files are served by the same server, on the host that names no tenant.
const hosts = [ACME, ACME.replace("acme.", "")].map((origin) => new URL(origin).host);
const wanted = process.env.ONLY ? Object.fromEntries(Object.entries(scenarios).filter(([name]) => name.includes(process.env.ONLY))) : scenarios;
// Going offline, and leaving a page with a film, break requests off.
const expected = [/ERR_INTERNET_DISCONNECTED/];
process.exit((await play(wanted, { pictures, hosts, expected })) === 0 ? 0 : 1);
