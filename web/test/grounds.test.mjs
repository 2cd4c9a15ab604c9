import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contrast, parse } from "../static/learn/contrast.js";

const sheet = readFileSync(new URL("../static/learn/learn.css", import.meta.url), "utf8");

/** @param {string} block @param {string} name */
function colour(block, name) {
  const found = new RegExp(`--${name}: (#[0-9a-f]{3,6})\\b`).exec(block)?.[1] ?? "";
  const long = found.length === 4 ? "#" + [...found.slice(1)].map((c) => c + c).join("") : found;
  const parsed = parse(long);
  assert.ok(parsed, `--${name} is ${found}`);
  return parsed;
}

test("the sheet's own colours can be read on its grounds, light and dark", () => {
  const [light = "", dark = ""] = sheet.split("prefers-color-scheme: dark");
  for (const block of [light, dark]) {
    for (const ground of ["ground", "paper"]) {
      for (const ink of ["ink", "soft", "good", "bad"]) {
        const reached = contrast(colour(block, ink), colour(block, ground));
        assert.ok(reached >= 4.5, `${ink} on ${ground}: ${reached}`);
      }
      for (const edge of ["control", "focus"]) {
        const reached = contrast(colour(block, edge), colour(block, ground));
        assert.ok(reached >= 3, `${edge} on ${ground}: ${reached}`);
      }
    }
  }
});

test("brand.js knows the sheet's grounds", () => {
  const source = readFileSync(new URL("../static/learn/brand.js", import.meta.url), "utf8");
  const [light = "", dark = ""] = sheet.split("prefers-color-scheme: dark");
  for (const block of [light, dark]) {
    for (const ground of ["ground", "paper"]) assert.ok(source.includes(`[${colour(block, ground).join(", ")}]`), ground);
  }
});
