// What nginx asks before it serves media: is the path signed, and for how long? For njs 0.7.8 and later, and for Node,
// where the tests run it. The rules are those of internal/platform/blob: see README.md.
import crypto from 'crypto';

const purpose = 'lyceum path v1';

// verifyPath returns {key, end} for a path as the client sent it, undecoded and without its query: which object it
// addresses, and when it ceases to be good, in Unix seconds. It returns null for any path that is not good at the time
// now. Keys are secrets in hexadecimal, by ID.
function verifyPath(path, now, keys) {
    const parts = path.split('/');
    // "", "v", token, "t", tenant, asset, and at least one name.
    if (parts.length < 7 || parts[0] !== '' || parts[1] !== 'v' || parts[3] !== 't' || !isTenant(parts[4])) {
        return null;
    }
    const key = parts.slice(3).join('/');
    const names = parts.slice(5);
    if (names.length > 16 || key.length > 512 || !names.every(isName)) {
        return null;
    }
    const token = parts[2].split('.');
    if (token.length !== 3 || !isEnd(token[0]) || !Object.prototype.hasOwnProperty.call(keys, token[1])) {
        return null;
    }
    const prefix = parts.slice(3, 6).join('/') + '/';
    const code = hmac(Buffer.from(keys[token[1]], 'hex'), [purpose, token[0], token[1], prefix].join('\n'), 'base64url');
    const end = Number(token[0]);
    return isSame(code, token[2]) && now < end ? {key: key, end: end} : null;
}

function hmac(secret, text, form) {
    return crypto.createHmac('sha256', secret).update(text).digest(form);
}

// isSame compares codes in their encoded form, of which there is one, in a time that does not tell where they differ.
function isSame(a, b) {
    if (a.length !== b.length) {
        return false;
    }
    let differs = 0;
    for (let i = 0; i < a.length; i++) {
        differs |= a.charCodeAt(i) ^ b.charCodeAt(i);
    }
    return differs === 0;
}

// The patterns look for what is not allowed: "$" also matches before a line break at the end, in some engines.
function isName(s) {
    return s.length >= 1 && s.length <= 128 && !/[^a-z0-9._-]/.test(s) && !/^[._-]/.test(s) && s.charAt(s.length - 1) !== '.';
}

function isTenant(s) {
    return s.length === 36 && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(s) && /[1-9a-f]/.test(s);
}

function isEnd(s) {
    return s.length >= 1 && s.length <= 15 && !/[^0-9]/.test(s);
}

// isOwn reports whether pages of an origin may play media. In a pattern "*" is one label of a host name. The patterns are
// counted through: a list that nginx has preloaded has no methods.
function isOwn(origin, patterns) {
    for (let i = 0; i < patterns.length; i++) {
        if (isLike(origin, patterns[i])) {
            return true;
        }
    }
    return false;
}

function isLike(origin, pattern) {
    const star = pattern.indexOf('*');
    if (star < 0) {
        return origin === pattern;
    }
    const before = pattern.slice(0, star), after = pattern.slice(star + 1);
    const label = origin.slice(before.length, origin.length - after.length);
    return origin === before + label + after && label !== '' && !/[^a-z0-9-]/.test(label);
}

const types = {
    '.m3u8': 'application/vnd.apple.mpegurl', '.vtt': 'text/vtt; charset=utf-8', '.m4s': 'video/iso.segment',
    '.mp4': 'video/mp4', '.m4a': 'audio/mp4', '.jpg': 'image/jpeg',
};

// typeOf returns the media type of a key by its extension, undefined for what is not handed out.
function typeOf(key) {
    return types[key.slice(key.lastIndexOf('.'))];
}

// What follows is for nginx. lyceum_delivery is what `lyceum config delivery-keys` writes.

function seconds() {
    return Math.floor(Date.now() / 1000);
}

function verified(r) {
    // What is no request at all has no path.
    const sent = r.variables.request_uri || '';
    return verifyPath(sent.split('?')[0], seconds(), lyceum_delivery.keys);
}

// key is $lyceum_key: which object a request is for, "" when it has no good path.
function key(r) {
    const found = verified(r);
    return found ? found.key : '';
}

// origin is $lyceum_origin: whose pages may read the answer, "" for none.
function origin(r) {
    const from = r.headersIn.Origin;
    return from && r.variables.lyceum_key !== '' && isOwn(from, lyceum_delivery.origins) ? from : '';
}

// cache is $lyceum_cache: objects never change, but a playlist is not kept for longer than its path is good.
function cache(r) {
    const found = r.status < 400 ? verified(r) : null;
    if (!found) {
        return 'no-store';
    }
    if (found.key.slice(-5) !== '.m3u8') {
        return 'private, max-age=31536000, immutable';
    }
    return 'private, max-age=' + Math.min(60, found.end - seconds());
}

// end answers without a word; r.return would say nginx's.
function end(r, status) {
    r.status = status;
    if (status !== 204) {
        r.headersOut['Content-Length'] = '0';
    }
    r.sendHeader();
    r.finish();
}

// door answers every request from outside. Who has no good path hears 403, and nothing else.
function door(r) {
    const found = r.variables.lyceum_key;
    if (found === '') {
        end(r, 403);
    } else if (r.method === 'OPTIONS') {
        if (r.variables.lyceum_origin !== '') {
            r.headersOut['Access-Control-Allow-Methods'] = 'GET, HEAD';
            r.headersOut['Access-Control-Allow-Headers'] = 'If-Match, If-None-Match, If-Range, Range';
            r.headersOut['Access-Control-Max-Age'] = '600';
        }
        end(r, 204);
    } else if (r.method !== 'GET' && r.method !== 'HEAD') {
        r.headersOut.Allow = 'GET, HEAD, OPTIONS';
        end(r, 405);
    } else if (!typeOf(found)) {
        end(r, 404);
    } else {
        r.internalRedirect('/object/' + found);
    }
}

// typed says the media type by the name, whatever the storage says.
function typed(r) {
    if (r.status < 400 && r.headersOut['Content-Type'] && r.headersOut['Content-Type'].indexOf('multipart/byteranges') !== 0) {
        r.headersOut['Content-Type'] = typeOf(r.uri);
    }
}

// s3 is $lyceum_s3: path and query at which S3 gives the object. lyceum_storage says where the bucket is.
function s3(r) {
    return presign(r.variables.lyceum_key, new Date(), lyceum_storage);
}

// host is $lyceum_s3_host, and scheme $lyceum_s3_scheme.
function host() {
    return lyceum_storage.host;
}

function scheme() {
    return lyceum_storage.scheme;
}

// lifetime is how long the signature for S3 is good, in seconds: longer than anybody takes to download an object.
const lifetime = 43200;

// presign signs a GET of a key: Signature Version 4, in the query. Without a bucket the host is the bucket's own.
function presign(name, date, storage) {
    const time = date.toISOString().replace(/[:-]/g, '').slice(0, 15) + 'Z';
    const scope = [time.slice(0, 8), storage.region, 's3', 'aws4_request'];
    const path = (storage.bucket ? '/' + storage.bucket : '') + '/' + name;
    const query = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=' +
        encodeURIComponent([storage.accessKey].concat(scope).join('/')) + '&X-Amz-Date=' + time +
        '&X-Amz-Expires=' + (storage.lifetime || lifetime) + '&X-Amz-SignedHeaders=host';
    const request = ['GET', path, query, 'host:' + storage.host, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
    const digest = crypto.createHash('sha256').update(request).digest('hex');
    const signing = scope.reduce(function (secret, part) {
        return crypto.createHmac('sha256', secret).update(part).digest();
    }, 'AWS4' + storage.secretKey);
    return path + '?' + query + '&X-Amz-Signature=' +
        hmac(signing, ['AWS4-HMAC-SHA256', time, scope.join('/'), digest].join('\n'), 'hex');
}

export default {door, key, origin, cache, typed, s3, host, scheme, verifyPath, isOwn, presign};
