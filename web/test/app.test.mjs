import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, percent } from "../static/learn/format.js";
import { choose, fillGaps } from "../static/learn/i18n.js";
import { Answers } from "../static/learn/lesson/answers.js";
import { href, match } from "../static/learn/router.js";
import { pieces, readHits, request } from "../static/learn/search.js";
import de from "../static/learn/strings/de.js";
import en from "../static/learn/strings/en.js";
import { afterwards } from "../static/learn/views/signin.js";

test("paths match their pattern and nothing else", () => {
  assert.deepEqual(match("/courses/:course", "/courses/fire-safety"), { course: "fire-safety" });
  assert.deepEqual(match("/courses/:course", "/courses/a%2Fb"), { course: "a/b" });
  assert.deepEqual(match("", "/"), {});
  for (const path of ["/courses", "/courses/", "/courses/a/b", "/course/a", "/courses/%E0%A4%A"]) assert.equal(match("/courses/:course", path), null, path);
});

test("addresses leave out what is empty", () => {
  assert.equal(href("/", { q: "a b", level: "", page: null }), "/learn/?q=a+b");
  assert.equal(href("/my"), "/learn/my");
});

test("a sign-in leads into the app and nowhere else", () => {
  assert.equal(afterwards("/learn/courses/a?t=3"), "/learn/courses/a?t=3");
  for (const to of [null, "", "https://evil.example", "//evil.example", "/learning", "/learn\\..\\evil", "/graphiql"]) assert.equal(afterwards(to), "/learn/my", String(to));
});

test("the browser's language decides, English otherwise", () => {
  assert.equal(choose(["de-AT", "en"]), "de");
  assert.equal(choose(["fr", "de"]), "de");
  assert.equal(choose(["fr"]), "en");
  assert.equal(choose([]), "en");
});

test("both languages have the same words with the same gaps", () => {
  const gaps = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
  assert.deepEqual(Object.keys(de).toSorted(), Object.keys(en).toSorted());
  for (const [word, text] of Object.entries(en)) {
    // A form for one may spell the number out.
    if (!word.endsWith(".one")) assert.deepEqual(gaps(de[/** @type {keyof typeof en} */ (word)]), gaps(text), word);
  }
});

test("lengths and shares read as people write them", () => {
  const told = [45_000, 12 * 60_000, 2 * 3_600_000, 2 * 3_600_000 + 5 * 60_000, 3_599_600].map(duration);
  assert.deepEqual(told, ["45 s", "12 min", "2 h", "2 h 5 min", "1 h"]);
  assert.equal(percent(42), "42%");
});

test("gaps are filled once, and with text", () => {
  assert.equal(fillGaps("{a} {b} {c}", { a: "{b}", b: 2 }), "{b} 2 {c}");
});

test("a question to Meilisearch narrows and escapes", () => {
  const made = request({ text: "x", page: 3, category: "it's", level: "BEGINNER", language: "" });
  assert.deepEqual(made.filter, ["categories = 'it\\'s'", "level = 'BEGINNER'"]);
  assert.equal(made.offset, 24);
});

test("hits of Meilisearch are read like the API's", () => {
  assert.deepEqual(readHits({ estimatedTotalHits: 9, hits: [{ course: "crs_1", lesson: "les_1", title: "A", course_title: "C", summary: "S", _formatted: { title: "⟦A⟧", summary: "s" } }] }), {
    total: 9, degraded: false, hits: [{ course: "crs_1", lesson: "les_1", courseTitle: "C", title: "⟦A⟧", snippet: "s", atMs: null }],
  });
});

test("what was found is marked", () => {
  assert.deepEqual(pieces("a ⟦b⟧ c"), [{ text: "a ", found: false }, { text: "b", found: true }, { text: " c", found: false }]);
  assert.deepEqual(pieces("⟦b"), [{ text: "b", found: true }]);
});

test("answers are saved in order, the newest of each question last", async () => {
  /** @type {string[]} */
  const saved = [];
  /** @type {string[]} */
  const states = [];
  const answers = new Answers(async (id, { text }) => { saved.push(`${id}=${text}`); }, (state) => states.push(state));
  answers.set("a", { text: "1" });
  answers.set("a", { text: "2" });
  answers.set("b", { text: "3" });
  await answers.flush();
  assert.equal(saved.at(-1), "b=3");
  assert.ok(saved.includes("a=2") && saved.lastIndexOf("a=1") < saved.indexOf("a=2"));
  assert.equal(states.at(-1), "saved");
});

test("an answer waits for the connection", async () => {
  let tries = 0;
  const answers = new Answers(async () => {
    if (++tries < 3) throw Object.assign(new Error(), { code: "NETWORK" });
  }, () => {}, 1);
  answers.set("a", { text: "1" });
  await answers.flush();
  assert.equal(tries, 3);
});

test("what is refused is said and not tried again", async () => {
  let tries = 0;
  const answers = new Answers(async () => {
    tries++;
    throw Object.assign(new Error("too late"), { code: "CONFLICT" });
  }, () => {}, 1);
  answers.set("a", { text: "1" });
  await answers.flush();
  assert.equal(tries, 1);
  assert.match(String(answers.refusal), /too late/);
});
