// Plays films of all kinds with captions, as a visitor: `node sources.mjs PICTURES`. It needs ACME, the server's
// address, MEDIA, that of its films, and FILMS, where each film is looked at.
import assert from "node:assert/strict";
import { play } from "./harness.mjs";

const { ACME, MEDIA, FILMS } = process.env;
const films = Object.entries(JSON.parse(FILMS)).sort();
const scenarios = {};

for (const [name, path] of films) {
  scenarios[name] = async ({ open, picture }) => {
    const page = await open(ACME + path);
    const asked = watch(page);
    await begin(page);
    await page.waitForFunction(() => [...document.querySelector("video").textTracks].some((track) => track.mode === "showing" && track.activeCues?.length > 0));
    await picture(page, `source-${name.replaceAll(" ", "-")}`);
    assert.ok(asked.some((url) => url.endsWith(".m4s")), "it was not streamed");
    const drawn = await page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
    assert.ok(drawn > 0, "no picture was drawn");
  };
}

// A stream that does not load, at the start and later, gives way to the film as it was uploaded.
const patience = 15_000;
const [, some] = films.find(([name]) => name === "short");
for (const [what, dead] of [["no playlist", /\.m3u8/], ["no segment", /\.m4s/]]) {
  scenarios[`falls back: ${what}`] = async ({ open, picture, allow }) => {
    allow(/404|Failed to load resource/);
    const page = await open(ACME + some, { prepare: (page) => page.route(dead, (route) => route.fulfill({ status: 404 })) });
    const asked = watch(page);
    const began = Date.now();
    await begin(page);
    assert.ok(Date.now() - began < patience, `people waited ${Date.now() - began} ms`);
    await page.waitForFunction(() => [...document.querySelector("video").textTracks].some((track) => track.mode === "showing" && track.activeCues?.length > 0));
    assert.ok(asked.some((url) => url.includes("/blob/")), "the upload was not asked for");
    assert.equal(await page.getByRole("alert").isVisible(), false, "it says that the film is lost");
    await picture(page, `source-${what.replaceAll(" ", "-")}`);
  };
}

// watch keeps the addresses that a page asks for.
function watch(page) {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  return asked;
}

// begin plays the film, muted and with English captions, until it has come a little way.
async function begin(page) {
  await page.locator("video").evaluate((element) => { element.muted = true; });
  await page.getByLabel("Captions").selectOption("en");
  // A stream that is given up takes its promise to play with it; the player goes on by itself.
  await page.locator("video").evaluate((element) => element.play().catch((error) => { if (error.name !== "AbortError") throw error; }));
  await page.waitForFunction(() => document.querySelector("video").currentTime >= 0.5);
}

process.exitCode = (await play(scenarios, { pictures: process.argv[2], hosts: [new URL(ACME).host, new URL(MEDIA).host] })) > 0 ? 1 : 0;
