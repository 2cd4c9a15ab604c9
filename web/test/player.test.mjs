import assert from "node:assert/strict";
import { test } from "node:test";
import { action, nextSpeed } from "../static/learn/player/keys.js";
import { addressOf, choose, fallback, givenUp, isGone, playable, renewIn, retoken } from "../static/learn/player/source.js";
import { at, parse } from "../static/learn/player/storyboard.js";

/** @type {any} */
const film = { url: "/f.mp4", externalUrl: null, captions: [] };
const chromium = { nativeHls: false, mediaSource: true };
const safari = { nativeHls: true, mediaSource: true };
const old = { nativeHls: false, mediaSource: false };

test("HLS where it can be played, else the file", () => {
  const hls = { ...film, hlsUrl: "/m.m3u8" };
  assert.equal(choose(hls, chromium).kind, "hls");
  assert.equal(choose(hls, safari).kind, "native");
  assert.deepEqual(choose(hls, old), { kind: "file", url: "/f.mp4" });
  assert.equal(choose(film, safari).kind, "file");
  assert.equal(choose({ ...film, url: null, externalUrl: "https://films.example/a.mp4" }, chromium).kind, "elsewhere");
  assert.equal(choose({ ...film, url: null }, chromium).kind, "none");
});

test("a stream that does not play gives way to the film as it was uploaded, and to nothing else", () => {
  const both = { ...film, url: "/f.mp4?a", hlsUrl: "/v/a/master.m3u8" };
  assert.deepEqual(fallback(both, { kind: "hls", url: both.hlsUrl }), { kind: "file", url: "/f.mp4?a" });
  assert.deepEqual(fallback(both, { kind: "native", url: both.hlsUrl }), { kind: "file", url: "/f.mp4?a" });
  assert.equal(fallback(both, { kind: "file", url: both.url }), null);
  assert.equal(fallback({ ...both, url: null }, { kind: "hls", url: both.hlsUrl }), null);
  assert.equal(givenUp(null, 5_000), false);
  assert.equal(givenUp(5_000, 8_000), true);
  assert.equal(givenUp(5_000, 65_001), false);
  assert.equal(addressOf(both, "file"), "/f.mp4?a");
  assert.equal(addressOf(both, "hls"), "/v/a/master.m3u8");
  assert.equal(addressOf({ ...both, externalUrl: "https://films.example/a.mp4" }, "elsewhere"), "https://films.example/a.mp4");
});

test("what is not there is not asked for again and again", () => {
  assert.deepEqual([404, 410, 401, 403, 500, 503, 0, undefined].filter(isGone), [404, 410]);
});

test("only files elsewhere are played here", () => {
  assert.ok(playable("https://films.example/a.MP4?x=1"));
  for (const url of ["https://films.example/watch?v=a.mp4", "http://films.example/a.mp4", "javascript:a.mp4", "a.mp4", ""]) assert.ok(!playable(url), url);
});

test("requests take the newest token", () => {
  const segment = "https://cdn.example/v/100.k.old/t/acme/asset/720/seg-1.m4s?x=1";
  assert.equal(retoken(segment, "https://cdn.example/v/200.k.new/t/acme/asset/master.m3u8"), "https://cdn.example/v/200.k.new/t/acme/asset/720/seg-1.m4s?x=1");
  assert.equal(retoken(segment, "https://cdn.example/plain.m3u8"), segment);
});

test("an address is renewed a minute before it ends", () => {
  assert.equal(renewIn(900_000, 0), 840_000);
  assert.equal(renewIn(60_000, 0), 30_000);
  assert.equal(renewIn(0, 10), 0);
});

const storyboard = `WEBVTT

00:00.000 --> 00:05.000
sprite-1.jpg#xywh=0,0,160,90

2
00:00:05.000 --> 00:00:10.500
sprite-1.jpg#xywh=160,0,160,90

NOTE nothing

01:00:00.000 --> 01:00:05.000
no picture
`;

test("a storyboard says which part of which picture shows a moment", () => {
  const stills = parse(storyboard, "https://cdn.example/v/t/story.vtt");
  assert.equal(stills.length, 2);
  assert.deepEqual(at(stills, 5000), { fromMs: 5000, toMs: 10_500, url: "https://cdn.example/v/t/sprite-1.jpg", x: 160, y: 0, w: 160, h: 90 });
  assert.equal(at(stills, 10_500), null);
  assert.deepEqual(parse("", "https://cdn.example/"), []);
  assert.equal(parse(storyboard.replaceAll("\n", "\r\n"), "https://cdn.example/").length, 2);
});

test("keys belong to the player unless something has a use for them", () => {
  const press = (/** @type {string} */ key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  assert.equal(action(press(" "), "section"), "play");
  assert.equal(action(press(" "), "button"), null);
  assert.equal(action(press("K"), "button"), "play");
  assert.equal(action(press("ArrowDown"), "range"), null);
  assert.equal(action(press("c"), "select"), null);
  assert.equal(action(press("f", { ctrlKey: true }), "section"), null);
  assert.equal(action(press(">"), "section"), "faster");
});

test("speeds end at half and double", () => {
  assert.equal(nextSpeed(1, 1), 1.25);
  assert.equal(nextSpeed(0.5, -1), 0.5);
  assert.equal(nextSpeed(2, 1), 2);
});
