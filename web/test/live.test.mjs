import assert from "node:assert/strict";
import { test } from "node:test";
import { leadsTo, unique } from "../static/learn/inbox.js";
import { backoff, reader } from "../static/learn/live.js";

test("frames are read wherever the pieces are cut", () => {
  const stream = ":\n\nevent: next\nid: 7\ndata: {\"a\":\ndata: 1}\n\nretry: 900\n\nevent: complete\ndata:\n\n";
  for (let cut = 0; cut <= stream.length; cut++) {
    const read = reader();
    const frames = [...read(stream.slice(0, cut)), ...read(stream.slice(cut))].filter(({ event, data, retry }) => event !== "message" || data || retry);
    assert.deepEqual(frames, [
      { event: "next", id: "7", data: '{"a":\n1}', retry: null },
      { event: "message", id: "", data: "", retry: 900 },
      { event: "complete", id: "", data: "", retry: null },
    ], `cut at ${cut}`);
  }
});

test("a stream with carriage returns is the same", () => {
  assert.equal(reader()("event: next\r\ndata: x\r\n\r\n")[0]?.data, "x");
});

test("waiting grows to a minute and is spread", () => {
  assert.equal(backoff(0, 1), 1000);
  assert.equal(backoff(0, 0), 500);
  assert.equal(backoff(4, 1), 16_000);
  assert.equal(backoff(50, 1), 60_000);
});

test("the inbox has each notification once, newest first", () => {
  const one = (/** @type {number} */ seq) => /** @type {any} */ ({ id: `n${seq}`, seq });
  assert.deepEqual(unique([one(1), one(3), one(2), one(3)]).map(({ seq }) => seq), [3, 2, 1]);
});

test("a notification leads to a page of this host, or nowhere", () => {
  assert.equal(leadsTo("/courses/fire-safety"), "/learn/courses/fire-safety");
  assert.equal(leadsTo("/paths/barista"), "/learn/paths/barista");
  assert.equal(leadsTo("/my"), "/learn/my");
  assert.equal(leadsTo("/verify/abc"), "/verify/abc");
  for (const link of ["", "//evil.example", "https://evil.example", "javascript:alert(1)"]) assert.equal(leadsTo(link), null);
});
