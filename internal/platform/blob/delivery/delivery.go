// Package delivery hands out media below signed paths (blob.Signer.SignPath): what a player fetches while somebody
// watches. In production a CDN or nginx does the same by the same rules, which docs/delivery describes; this handler
// is for one machine, and for storage that no such server stands in front of.
package delivery

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob"
)

// Path is where signed paths begin.
const Path = "/v/"

// Opener gives the objects. Every blob.Store is one.
type Opener interface {
	Open(ctx context.Context, key blob.Key) (*blob.Object, error)
}

// Linker signs addresses at which the storage itself gives an object. Every blob.Store is one.
type Linker interface {
	PresignDownload(ctx context.Context, key blob.Key, rule blob.DownloadRule) (string, error)
}

// Handler serves signed paths: GET and HEAD, whole, in ranges and conditionally. It reads the path as the client
// sent it, undecoded, and so is mounted in front of any mux that cleans paths.
type Handler struct {
	Signer  *blob.Signer
	Objects Opener
	// Links, when not nil, keeps media out of this process: playlists are served with an address of the storage in
	// place of each segment's name, and whoever asks for anything else is sent to the storage.
	Links Linker
	// Allowed reports whether pages of a web origin may play the tenant's media; nil allows none but the same origin.
	Allowed func(ctx context.Context, origin string, tenant uuid.UUID) bool
	// Now is the clock; nil is the wall's.
	Now func() time.Time
	// Log hears of requests that failed through no fault of the client; nil is silence.
	Log *slog.Logger
}

// A transfer may take this long, plus the time it needs at the slowest rate: a client that sends nothing back must
// not hold a connection for ever, and a long film must not break off.
const (
	transferGrace = 30 * time.Second
	slowestRate   = 32 * 1024 // bytes a second
)

// retryAfter is when to ask again after the storage did not answer, in seconds.
const retryAfter = "5"

// corsMaxAge is how long a browser may remember that it may ask, in seconds.
const corsMaxAge = "600"

// request is one whose path was signed.
type request struct {
	key  blob.Key
	kind kind
	now  time.Time
	// end is when the path ceases to be good.
	end time.Time
}

// left is the rest of the path's life, at most so long.
func (q request) left(most time.Duration) time.Duration {
	return max(0, min(most, q.end.Sub(q.now).Truncate(time.Second)))
}

// ServeHTTP implements http.Handler. Whoever has no good path hears 403 and nothing else, whatever is wrong with it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	// What is served was uploaded by somebody: it must never run as a page of ours.
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "sandbox")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Add("Vary", "Origin")
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	q := request{now: h.now()}
	var err error
	if q.key, q.end, err = h.Signer.VerifyPath(sent, q.now); err != nil {
		end(w, http.StatusForbidden)
		return
	}
	h.cors(w, r, q.key.Tenant())
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		h.give(w, r, q)
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		end(w, http.StatusMethodNotAllowed)
	}
}

// give answers a GET or HEAD of a good path.
func (h *Handler) give(w http.ResponseWriter, r *http.Request, q request) {
	kind, known := kindOf(q.key)
	q.kind = kind
	switch {
	case !known:
		end(w, http.StatusNotFound)
	case h.Links == nil:
		h.send(w, r, q)
	case q.kind.lists:
		h.rewrite(w, r, q)
	case r.Method == http.MethodHead:
		h.describe(w, r, q)
	default:
		h.redirect(w, r, q)
	}
}

// send writes the object, or the part of it that was asked for.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, q request) {
	object, err := h.Objects.Open(r.Context(), q.key)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer func() { _ = object.Close() }()
	header := w.Header()
	header.Set("Content-Type", q.kind.contentType)
	header.Set("Cache-Control", forever)
	if q.kind.short {
		header.Set("Cache-Control", q.briefly())
	}
	header.Set("ETag", `"`+object.Info.ETag+`"`)
	// A connection that knows no deadlines has none to extend.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(
		transferGrace + time.Duration(object.Info.Size/slowestRate)*time.Second))
	http.ServeContent(w, r, "", object.Info.Created, object)
}

// describe answers a HEAD for what the storage gives: an address that is signed for GET is good for nothing else.
func (h *Handler) describe(w http.ResponseWriter, r *http.Request, q request) {
	object, err := h.Objects.Open(r.Context(), q.key)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	_ = object.Close()
	header := w.Header()
	header.Set("Content-Type", q.kind.contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.FormatInt(object.Info.Size, 10))
	header.Set("Accept-Ranges", "bytes")
}

// redirect sends the client to the storage, for as long as the path is good.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, q request) {
	link, err := h.link(r.Context(), q, q.key, q.kind)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", link)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// rewrite sends a playlist with addresses of the storage in it.
func (h *Handler) rewrite(w http.ResponseWriter, r *http.Request, q request) {
	ctx := r.Context()
	text, err := h.read(ctx, q.key)
	if err == nil {
		text, err = relink(text, q.key, func(key blob.Key, kind kind) (string, error) { return h.link(ctx, q, key, kind) })
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", q.kind.contentType)
	header.Set("Cache-Control", q.briefly())
	header.Set("Content-Length", strconv.Itoa(len(text)))
	if r.Method == http.MethodHead {
		return
	}
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(text)
}

// link signs an address that ends when the path does. S3's signatures live a second at least, and so does a path that
// was found good.
func (h *Handler) link(ctx context.Context, q request, key blob.Key, kind kind) (string, error) {
	return h.Links.PresignDownload(ctx, key, blob.DownloadRule{
		Expires: max(time.Second, q.left(maxLink)), ContentType: kind.contentType,
	})
}

// maxLink bounds the life of an address of the storage, however long the path is good: S3 allows no more.
const maxLink = 7 * 24 * time.Hour

// read returns a list as it is stored.
func (h *Handler) read(ctx context.Context, key blob.Key) ([]byte, error) {
	object, err := h.Objects.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	text, err := io.ReadAll(io.LimitReader(object, maxListBytes+1))
	if err != nil {
		return nil, blob.Unavailable(err)
	}
	return text, nil
}

// cors lets pages of allowed origins read the answer.
func (h *Handler) cors(w http.ResponseWriter, r *http.Request, tenant uuid.UUID) {
	origin := r.Header.Get("Origin")
	if origin == "" || h.Allowed == nil || !h.Allowed(r.Context(), origin, tenant) {
		return
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, ETag")
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "GET, HEAD")
		header.Set("Access-Control-Allow-Headers", "If-Match, If-None-Match, If-Range, Range")
		header.Set("Access-Control-Max-Age", corsMaxAge)
	}
}

// fail answers for an object that cannot be given.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		end(w, http.StatusNotFound)
	case errors.Is(err, context.Canceled):
		end(w, http.StatusServiceUnavailable)
	case errors.Is(err, blob.ErrUnavailable):
		h.log().WarnContext(r.Context(), "deliver media", "error", err)
		w.Header().Set("Retry-After", retryAfter)
		end(w, http.StatusServiceUnavailable)
	default:
		h.log().ErrorContext(r.Context(), "deliver media", "error", err)
		end(w, http.StatusInternalServerError)
	}
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}

// end answers without a word, so that nothing tells one refusal from another.
func end(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// kind is how the objects of one extension are handed out.
type kind struct {
	contentType string
	// lists is set for text that names other objects.
	lists bool
	// short is set for what a player asks for again while the same film is watched.
	short bool
}

// kindOf returns the kind of an object by its extension. What has another, such as an upload as it came, is not
// handed out.
func kindOf(key blob.Key) (kind, bool) {
	switch path.Ext(key.String()) {
	case ".m3u8":
		return kind{contentType: "application/vnd.apple.mpegurl", lists: true, short: true}, true
	case ".vtt":
		return kind{contentType: "text/vtt; charset=utf-8", lists: true}, true
	case ".m4s":
		return kind{contentType: "video/iso.segment"}, true
	case ".mp4":
		return kind{contentType: "video/mp4"}, true
	case ".m4a":
		return kind{contentType: "audio/mp4"}, true
	case ".jpg":
		return kind{contentType: "image/jpeg"}, true
	default:
		return kind{}, false
	}
}

// playlistAge is how long a playlist is kept.
const playlistAge = time.Minute

// What is under a token is for the client alone: a cache that many share must not keep it. An object never changes.
const forever = "private, max-age=31536000, immutable"

// briefly is for lists: they are not kept for longer than the path is good, because what they name ends with it.
func (q request) briefly() string {
	return "private, max-age=" + strconv.Itoa(int(q.left(playlistAge).Seconds()))
}
