import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { kindOf, typeOf } from "../static/learn/upload/kind.js";
import { Memory } from "../static/learn/upload/memory.js";
import { Sha256 } from "../static/learn/upload/sha256.js";
import { unsent } from "../static/learn/upload/upload.js";

const sum = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest("hex");

test("a digest is that of FIPS 180-4, at every length around the blocks", () => {
  assert.equal(new Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (let length = 0; length <= 200; length++) {
    const bytes = randomBytes(length);
    assert.equal(new Sha256().update(bytes).hex(), sum(bytes), `${length} bytes`);
  }
});

test("a digest is the same wherever the pieces are cut", () => {
  const bytes = randomBytes(300);
  for (let first = 0; first <= 130; first++) {
    for (const second of [0, 1, 63, 64, 65, 128]) {
      const made = new Sha256().update(bytes.subarray(0, first)).update(bytes.subarray(first, first + second)).update(bytes.subarray(first + second)).hex();
      assert.equal(made, sum(bytes), `cut after ${first} and ${second}`);
    }
  }
});

test("the length of a file beyond 4 GiB of bits is counted", () => {
  const megabyte = new Uint8Array(1 << 20);
  const [ours, theirs] = [new Sha256(), createHash("sha256")];
  for (let i = 0; i < 520; i++) { // 2³² bits are 512 MiB
    ours.update(megabyte);
    theirs.update(megabyte);
  }
  assert.equal(ours.hex(), theirs.digest("hex"));
});

test("what is missing, or not whole, is sent", () => {
  const parts = { size: 10, count: 4, received: [{ number: 1, size: 10 }, { number: 3, size: 9 }, { number: 4, size: 5 }] };
  assert.deepEqual(unsent(35, parts), [2, 3]);
  assert.deepEqual(unsent(35, { ...parts, received: [] }), [1, 2, 3, 4]);
  assert.deepEqual(unsent(40, parts), [2, 3, 4]);
});

test("a file is what its name says where systems differ, else what the system says", () => {
  for (const [name, type, wanted, kind] of [
    ["Film.MP4", "", "video/mp4", "VIDEO"], ["a.mkv", "video/matroska", "video/x-matroska", "VIDEO"], ["a.mp3", "audio/mpeg", "audio/mpeg", "AUDIO"],
    ["a.b.csv", "application/vnd.ms-excel", "text/csv", "DOCUMENT"], ["a.png", "image/png", "image/png", "IMAGE"], ["a.srt", "", "application/x-subrip", "CAPTION"],
    ["a.txt", "text/plain;charset=utf-8", "text/plain", "DOCUMENT"], ["noname", "", "application/octet-stream", "DOCUMENT"], ["constructor", "", "application/octet-stream", "DOCUMENT"],
  ]) {
    assert.equal(typeOf({ name: name ?? "", type: type ?? "" }), wanted, name);
    assert.equal(kindOf(wanted ?? ""), kind, name);
  }
});

/** @param {Record<string, string>} kept */
function storage(kept = {}) {
  return { getItem: (/** @type {string} */ key) => kept[key] ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => { kept[key] = value } };
}

const one = { name: "a.mp4", size: 7, modified: 5, sha256: "aa", assetId: "", sent: false };

test("an upload is remembered for one person, until its file changes or it is forgotten", () => {
  const kept = storage();
  const memory = new Memory(kept, "usr_1");
  memory.keep(one);
  memory.keep({ ...one, assetId: "ast_1", sent: true });
  assert.deepEqual(memory.all(), [{ ...one, assetId: "ast_1", sent: true }]);
  assert.equal(memory.find({ name: "a.mp4", size: 7, lastModified: 5 })?.assetId, "ast_1");
  for (const other of [{ name: "b.mp4", size: 7, lastModified: 5 }, { name: "a.mp4", size: 8, lastModified: 5 }, { name: "a.mp4", size: 7, lastModified: 6 }]) {
    assert.equal(memory.find(other), undefined);
  }
  assert.deepEqual(new Memory(kept, "usr_2").all(), []);
  memory.forget(one);
  assert.deepEqual(memory.all(), []);
});

test("what is remembered is bounded, and what is broken is nothing", () => {
  const memory = new Memory(storage(), "u");
  for (let i = 0; i < 60; i++) memory.keep({ ...one, sha256: String(i) });
  assert.equal(memory.all().length, 50);
  assert.equal(memory.all()[0]?.sha256, "59");
  for (const text of ["{", "7", "null", '[null, 7, {}, {"sha256": 7}]']) assert.deepEqual(new Memory(storage({ "lyceum.uploads.u": text }), "u").all(), [], text);
  new Memory({ getItem: () => { throw new Error("no storage") }, setItem: () => { throw new Error("no storage") } }, "u").keep(one);
});
