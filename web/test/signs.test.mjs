import assert from "node:assert/strict";
import { test } from "node:test";
import { Signs } from "../static/learn/player/signs.js";

test("the last sign of one batch begins the next", () => {
  const signs = new Signs();
  for (let now = 0; now <= 20_000; now += 100) signs.sign(now);
  assert.deepEqual(signs.take(20_300, true), [0, 5000, 10_000, 15_000, 20_000, 20_300]);
  assert.deepEqual(signs.take(20_400, false), []);
  signs.sign(90_000.7);
  assert.deepEqual(signs.take(95_000, false), [20_300, 90_000]);
});

test("one sign tells of no time", () => {
  const signs = new Signs();
  assert.deepEqual(signs.take(5000, true), []);
  signs.sign(10);
  assert.deepEqual(signs.take(10, true), []);
});
