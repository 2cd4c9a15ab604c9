import assert from "node:assert/strict";
import { test } from "node:test";
import { Played, total, union } from "../static/learn/player/segments.js";

/** Plays from one place for a while, looked at four times a second. */
function play(/** @type {Played} */ played, /** @type {number} */ from, /** @type {number} */ ms, { at = 0, rate = 1 } = {}) {
  for (let passed = 0; passed <= ms; passed += 250) played.tick(from + passed * rate, at + passed, rate);
}

test("what is played is one segment", () => {
  const played = new Played();
  play(played, 0, 5000);
  assert.deepEqual(played.take(), [{ fromMs: 0, toMs: 5000, rate: 1 }]);
  assert.deepEqual(played.take(), []);
});

test("what goes on after a batch starts where the batch ended", () => {
  const played = new Played();
  play(played, 0, 1000);
  assert.deepEqual(played.take(), [{ fromMs: 0, toMs: 1000, rate: 1 }]);
  play(played, 1250, 750, { at: 1250 });
  assert.deepEqual(played.take(), [{ fromMs: 1000, toMs: 2000, rate: 1 }]);
});

test("a jump that nobody announced is not played", () => {
  const played = new Played();
  play(played, 0, 1000);
  played.tick(60_000, 1250, 1);
  played.tick(60_250, 1500, 1);
  assert.deepEqual(played.take(), [{ fromMs: 0, toMs: 1000, rate: 1 }, { fromMs: 60_000, toMs: 60_250, rate: 1 }]);
});

test("a jump back begins a new segment, and the union counts once", () => {
  const played = new Played();
  play(played, 0, 4000);
  play(played, 1000, 1000, { at: 4250 });
  const taken = played.take();
  assert.deepEqual(taken, [{ fromMs: 0, toMs: 4000, rate: 1 }]);
});

test("double speed covers twice as much", () => {
  const played = new Played();
  play(played, 0, 10_000, { rate: 2 });
  assert.equal(total(played.take()), 20_000);
});

test("a look that comes late, on a busy machine, is no jump", () => {
  const played = new Played();
  played.tick(0, 0, 1);
  played.tick(4000, 4000, 1);
  assert.deepEqual(played.take(), [{ fromMs: 0, toMs: 4000, rate: 1 }]);
});

test("standing still is nothing", () => {
  const played = new Played();
  played.tick(500, 0, 1);
  played.tick(500, 250, 1);
  played.stop();
  assert.deepEqual(played.take(), []);
});

test("a union has the milliseconds of its segments", () => {
  let seed = 7;
  const random = (/** @type {number} */ n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 200; round++) {
    const segments = Array.from({ length: random(8) }, () => {
      const fromMs = random(50);
      return { fromMs, toMs: fromMs + random(12) };
    });
    const model = new Set(segments.flatMap(({ fromMs, toMs }) => Array.from({ length: toMs - fromMs }, (_, i) => fromMs + i)));
    assert.equal(total(segments), model.size);
    const merged = union(segments);
    for (const [i, one] of merged.entries()) if (i > 0) assert.ok(one.fromMs > (merged[i - 1]?.toMs ?? 0));
  }
});
