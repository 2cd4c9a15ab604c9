import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox, requestOf } from "../static/learn/player/outbox.js";

/** @returns {Storage} what a browser keeps, as Object.keys sees it */
function storage() {
  const methods = {
    getItem(/** @type {string} */ key) { return Object.hasOwn(this, key) ? /** @type {any} */ (this)[key] : null; },
    setItem(/** @type {string} */ key, /** @type {string} */ value) { /** @type {any} */ (this)[key] = value; },
    removeItem(/** @type {string} */ key) { delete (/** @type {any} */ (this)[key]); },
  };
  return Object.create(methods);
}

const batch = (/** @type {object} */ more = {}) => ({ enrollmentId: "e", lessonId: "l", segments: [{ fromMs: 0, toMs: 1000 }], positionMs: 1000, signs: [], at: 1, ...more });
const recorded = /** @type {any} */ ({ completedLessonIds: [], progress: { lessons: [] } });

class Refusal extends Error {
  constructor(/** @type {string} */ code) {
    super(code);
    this.code = code;
  }
}

test("what is sent is forgotten, what fails is kept", async () => {
  const kept = storage();
  /** @type {any[]} */
  const sent = [];
  let up = false;
  const outbox = new Outbox(kept, "me", async (request) => {
    if (!up) throw new Refusal("NETWORK");
    sent.push(request);
    return recorded;
  });
  outbox.add(batch());
  outbox.add(batch({ segments: [{ fromMs: 1000, toMs: 3000 }], positionMs: 3000, at: 2 }));
  await outbox.flush();
  assert.equal(outbox.waiting, 2);

  // The page is opened again, by the same person.
  up = true;
  const again = new Outbox(kept, "me", async (request) => (sent.push(request), recorded));
  await again.flush();
  assert.equal(again.waiting, 0);
  assert.deepEqual(sent.map(({ sequence, lessons }) => [sequence, lessons]), [
    [1, [{ lessonId: "l", segments: [{ fromMs: 0, toMs: 1000 }], positionMs: 1000, signs: [] }]],
    [2, [{ lessonId: "l", segments: [{ fromMs: 1000, toMs: 3000 }], positionMs: 3000, signs: [] }]],
  ]);
  assert.equal(new Set(sent.map(({ sessionId }) => sessionId)).size, 1);
  assert.match(sent[0].sessionId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("nobody sends what another person watched", async () => {
  const kept = storage();
  new Outbox(kept, "me", async () => recorded).add(batch());
  let sent = 0;
  const other = new Outbox(kept, "other", async () => (sent++, recorded));
  await other.flush();
  assert.equal(sent, 0);
  assert.equal(Object.keys(kept).length, 1);
});

test("what will never be taken is given up; a session that has ended keeps it", async () => {
  for (const [code, left] of /** @type {const} */ ([["FORBIDDEN", 0], ["NOT_FOUND", 0], ["BAD_USER_INPUT", 0], ["UNAUTHENTICATED", 1], ["RATE_LIMITED", 1], ["UNAVAILABLE", 1], ["INTERNAL", 1]])) {
    const outbox = new Outbox(storage(), "me", async () => { throw new Refusal(code); });
    outbox.add(batch());
    await outbox.flush();
    assert.equal(outbox.waiting, left, code);
  }
});

test("what is added while a request is on its way stays for the next", async () => {
  const kept = storage();
  /** @type {Outbox} */
  const outbox = new Outbox(kept, "me", async () => {
    if (outbox.waiting === 1) outbox.add(batch({ lessonId: "m", at: 9 }));
    return recorded;
  });
  outbox.add(batch());
  await outbox.flush();
  assert.equal(outbox.waiting, 1);
});

test("nothing played is nothing to send", () => {
  const outbox = new Outbox(storage(), "me", async () => recorded);
  outbox.add(batch({ segments: [] }));
  assert.equal(outbox.waiting, 0);
});

test("what somebody else wrote there is thrown away", async () => {
  const kept = storage();
  kept.setItem("lyceum.played/me/1", "{");
  kept.setItem("lyceum.played/me/2", '{"segments": 1}');
  kept.setItem("another", "thing");
  let sent = 0;
  await new Outbox(kept, "me", async () => (sent++, recorded)).flush();
  assert.equal(sent, 0);
  assert.deepEqual(Object.keys(kept), ["another"]);
});

test("no request is larger than the API takes, and nothing is left out", async () => {
  /** @type {any[]} */
  const sent = [];
  const outbox = new Outbox(storage(), "me", async (request) => (sent.push(request), recorded));
  const segments = Array.from({ length: 1203 }, (_, i) => ({ fromMs: i * 100, toMs: i * 100 + 50 }));
  const signs = Array.from({ length: 1203 }, (_, i) => i * 5000);
  outbox.add(batch({ segments, signs }));
  await outbox.flush();
  const lessons = sent.flatMap((request) => request.lessons);
  assert.deepEqual(lessons.flatMap((one) => one.segments), segments);
  assert.equal(lessons.reduce((sum, one) => sum + (one.signs.at(-1) ?? 0) - (one.signs[0] ?? 0), 0), 1202 * 5000);
  for (const one of lessons) assert.ok(one.segments.length <= 500 && one.signs.length <= 500);
  assert.deepEqual(sent.map(({ sequence }) => sequence), [1, 2, 3]);
});

test("what a page sends as it is left stays until it is acknowledged, under its number", async () => {
  const kept = storage();
  /** @type {any[]} */
  const beacons = [];
  const outbox = new Outbox(kept, "me", async () => recorded, (request) => beacons.push(request));
  outbox.add(batch());
  outbox.leave();
  assert.equal(outbox.waiting, 1);
  /** @type {any[]} */
  const sent = [];
  const next = new Outbox(kept, "me", async (request) => (sent.push(request), recorded));
  next.add(batch({ at: 2 }));
  await next.flush();
  assert.deepEqual([sent[0].sessionId, sent[0].sequence], [beacons[0].sessionId, beacons[0].sequence]);
  assert.notEqual(sent[1].sessionId, sent[0].sessionId);
});

test("an age is never in the future, and no longer than the API takes", () => {
  const one = { ...batch(), sessionId: "s", sequence: 1, at: 1000 };
  assert.deepEqual([0, 1000, 4000, 2 ** 40].map((now) => requestOf(one, now).ageMs), [0, 0, 3000, 2 ** 31 - 1]);
});
