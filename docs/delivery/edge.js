// A sketch of the same check at a CDN's edge, as a Cloudflare Worker: any place with WebCrypto and a cache will do.
// KEYS is a secret with what `lyceum config delivery-keys` writes; ORIGIN is where objects are, at /{key}, closed to
// everybody but the edge. The rules are those of internal/platform/blob: see README.md.

const purpose = 'lyceum path v1';
const name = '[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9_-])?';
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
// 1 end, 2 key's ID, 3 code, 4 key of the object, 5 its prefix.
const signed = new RegExp(`^/v/([0-9]{1,15})\\.([a-z0-9]{1,16})\\.([A-Za-z0-9_-]{43})/((t/(?!0{8}-0{4}-0{4}-0{4}-0{12})${uuid}/${name}/)${name}(?:/${name}){0,14})$`);

// verifyPath returns {key, end} for a path as the client sent it, undecoded and without its query, and null for one that
// is not good at the time now, in Unix seconds. Keys are secrets in hexadecimal, by ID.
export async function verifyPath(path, now, keys) {
  const found = signed.exec(path);
  if (!found || found[4].length > 512 || !Object.hasOwn(keys, found[2])) {
    return null;
  }
  const [, end, id, code, key, prefix] = found;
  const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const secret = await crypto.subtle.importKey('raw', bytes(keys[id].replace(/../g, (hex) => String.fromCharCode(parseInt(hex, 16)))),
    { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const raw = atob(code.replaceAll('-', '+').replaceAll('_', '/') + '=');
  // Of the spellings of a code only the one that is written is good.
  const written = btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
  const good = await crypto.subtle.verify('HMAC', secret, bytes(raw), bytes([purpose, end, id, prefix].join('\n')));
  return good && written === code && now < Number(end) ? { key, end: Number(end) } : null;
}

const types = {
  m3u8: 'application/vnd.apple.mpegurl', vtt: 'text/vtt; charset=utf-8', m4s: 'video/iso.segment',
  mp4: 'video/mp4', m4a: 'audio/mp4', jpg: 'image/jpeg',
};

function refuse(status) {
  return new Response(null, { status, headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } });
}

// isOwn reports whether pages of an origin may play media. In a pattern "*" is one label of a host name.
function isOwn(origin, patterns) {
  return patterns.some((pattern) => {
    const [before, after] = pattern.split('*');
    return after === undefined ? origin === pattern
      : origin.startsWith(before) && origin.endsWith(after) && /^[a-z0-9-]+$/.test(origin.slice(before.length, origin.length - after.length));
  });
}

// serve answers a request. Fetch is how the origin is asked, and is to keep what it got under its own address.
export async function serve(request, delivery, origin, fetch, now = Math.floor(Date.now() / 1000)) {
  // The path as it came, as far as the platform tells: Workers get it cleaned of dots. Then it is the clean path that
  // must be signed, which is as good.
  const path = request.url.replace(/^https?:\/\/[^/]*/, '').split(/[?#]/)[0];
  const found = await verifyPath(path, now, delivery.keys);
  if (!found) {
    return refuse(403);
  }
  const type = types[found.key.slice(found.key.lastIndexOf('.') + 1)];
  if (!type || !['GET', 'HEAD'].includes(request.method)) {
    return refuse(type ? 405 : 404);
  }
  const asked = new Headers();
  for (const header of ['Range', 'If-None-Match', 'If-Range']) {
    if (request.headers.has(header)) {
      asked.set(header, request.headers.get(header));
    }
  }
  // The address without the token is what the edge's cache knows the object by.
  const answer = await fetch(`${origin}/${found.key}`, { method: request.method, headers: asked, cf: { cacheEverything: true, cacheTtl: 2592000 } });
  if (answer.status >= 400 && answer.status !== 416) {
    return refuse(answer.status >= 500 ? 503 : 404);
  }
  const headers = new Headers();
  for (const header of ['Accept-Ranges', 'Content-Length', 'Content-Range', 'ETag', 'Last-Modified']) {
    if (answer.headers.has(header)) {
      headers.set(header, answer.headers.get(header));
    }
  }
  headers.set('Content-Type', type);
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('Content-Security-Policy', 'sandbox');
  headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
  headers.set('Vary', 'Origin');
  headers.set('Cache-Control', found.key.endsWith('.m3u8')
    ? `private, max-age=${Math.min(60, found.end - now)}` : 'private, max-age=31536000, immutable');
  const from = request.headers.get('Origin');
  if (from && isOwn(from, delivery.origins)) {
    headers.set('Access-Control-Allow-Origin', from);
    headers.set('Access-Control-Expose-Headers', 'Accept-Ranges, Content-Length, Content-Range, ETag');
  }
  return new Response(answer.body, { status: answer.status, headers });
}

export default {
  fetch: (request, env) => serve(request, JSON.parse(env.KEYS), env.ORIGIN, fetch),
};
