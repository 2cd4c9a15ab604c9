import assert from "node:assert/strict";
import { test } from "node:test";
import { palette } from "../static/learn/brand.js";
import { contrast, hex, ink, parse, readable } from "../static/learn/contrast.js";

test("contrast is WCAG's", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([255, 255, 255], [255, 255, 255]), 1);
  assert.ok(Math.abs(contrast([0x76, 0x76, 0x76], [255, 255, 255]) - 4.54) < 0.01);
});

test("what is no colour is none", () => {
  for (const text of ["", "#fff", "red", "#12345g", "url(x)", "#1234567"]) assert.equal(parse(text), null);
  assert.deepEqual(parse("#7C2d12"), [0x7c, 0x2d, 0x12]);
});

// The grounds of learn.css, by its own text: a new colour there must come here.
const grounds = { light: ["#ffffff", "#f6f7f9"], dark: ["#11141a", "#1b1f27"] };

test("every accent can be read, light and dark", () => {
  const parts = [0, 51, 102, 153, 204, 255];
  for (const scheme of /** @type {const} */ (["light", "dark"])) {
    for (const r of parts) for (const g of parts) for (const b of parts) {
      const accent = hex([r, g, b]);
      const colours = palette(accent, scheme);
      const text = /** @type {[number, number, number]} */ (parse(colours["--accent"] ?? ""));
      for (const ground of grounds[scheme]) {
        const reached = contrast(text, /** @type {[number, number, number]} */ (parse(ground)));
        assert.ok(reached >= 4.5, `${accent} on ${ground}: ${reached}`);
      }
      const on = /** @type {[number, number, number]} */ (parse(colours["--on-accent"] ?? ""));
      assert.ok(contrast(on, text) >= 4.5, `text on ${accent}`);
    }
  }
});

test("a colour that can be read stays as it is", () => {
  assert.deepEqual(readable([0x7c, 0x2d, 0x12], [[255, 255, 255]]), [0x7c, 0x2d, 0x12]);
  assert.deepEqual(ink([255, 255, 0]), [0, 0, 0]);
});
