// Lets the edge function answer requests for a signed path of a key. Its fetch answers as an origin would, and remembers
// what it was asked. Delivery keys come on standard input. Fails loudly.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , module, path, key] = process.argv;
const { serve } = await import(pathToFileURL(module));
const delivery = JSON.parse(readFileSync(0, 'utf8'));
const asked = [];
let status = 200;
const origin = (url, options) => {
  asked.push({ url, range: options.headers.get('Range'), names: [...options.headers.keys()] });
  return new Response(status === 304 ? null : 'media', {
    status, headers: { 'Content-Type': 'text/html', ETag: '"e"', 'Cache-Control': 'public', 'Set-Cookie': 'a=b', 'X-Amz-Request-Id': 'secret' },
  });
};
const ask = (target, method = 'GET', headers = {}) => serve(
  { url: `https://media.example.org${target}`, method, headers: new Headers(headers) }, delivery, 'https://bucket.example', origin);

const good = await ask(`${path}?x=1`, 'GET', { Range: 'bytes=0-3', Cookie: 'session=1', Origin: 'https://app.example.org' });
assert.equal(good.status, 200);
assert.equal(await good.text(), 'media');
assert.deepEqual(asked, [{ url: `https://bucket.example/${key}`, range: 'bytes=0-3', names: ['range'] }]);
assert.equal(good.headers.get('Content-Type'), 'video/iso.segment');
assert.equal(good.headers.get('Cache-Control'), 'private, max-age=31536000, immutable');
assert.equal(good.headers.get('Access-Control-Allow-Origin'), 'https://app.example.org');
assert.equal(good.headers.get('X-Content-Type-Options'), 'nosniff');
assert.equal(good.headers.get('Set-Cookie'), null);
assert.equal(good.headers.get('X-Amz-Request-Id'), null);
const playlist = await ask(path.replace('00001.m4s', 'index.m3u8'), 'GET', { Origin: 'https://evil.example' });
assert.equal(playlist.headers.get('Cache-Control'), 'private, max-age=60');
assert.equal(playlist.headers.get('Access-Control-Allow-Origin'), null);

const before = asked.length;
for (const [target, method, want] of [
  [path.replace('/t/', '/t/0'), 'GET', 403], [`${path}%20`, 'GET', 403], [path.replace('v0', 'v0/%2e%2e/v0'), 'GET', 403], ['/', 'GET', 403], ['', 'GET', 403],
  [path.replace('00001.m4s', 'original'), 'GET', 404], [path, 'POST', 405], [path, 'DELETE', 405],
]) {
  const refused = await ask(target, method);
  assert.equal(refused.status, want, `${method} ${target}`);
  assert.equal(await refused.text(), '');
}
assert.equal(asked.length, before, 'the origin was asked for what is refused');
for (const [from, want] of [[404, 404], [403, 404], [500, 503], [304, 304], [416, 416]]) {
  status = from;
  const answer = await ask(path);
  assert.equal(answer.status, want);
  assert.ok(!(want === 404 || want === 503) || await answer.text() === '');
}
