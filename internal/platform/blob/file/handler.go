package file

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/platform/blob"
)

// A transfer may take this long, plus the time it needs at the slowest rate. Without such a deadline a client that
// sends a byte a minute would hold a connection for ever; with a fixed one no long film could be sent.
const (
	transferGrace = 30 * time.Second
	slowestRate   = 32 * 1024 // bytes a second
)

// corsMaxAge is how long a browser may remember that it may ask, in seconds.
const corsMaxAge = 600

// Handler serves signed URLs: GET and HEAD with ranges, and PUT. Mount it with http.StripPrefix at the path of BaseURL and
// a slash, outside of whatever reads cookies or limits bodies. A URL is its own permission, so that any origin may use it.
func (s *Store) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Store) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// What is served here was uploaded by somebody: it must never run as a page of ours.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, ETag")
	switch r.Method {
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, PUT")
		h.Set("Access-Control-Allow-Headers", "Content-Type, If-Match, If-None-Match, If-Range, Range")
		h.Set("Access-Control-Max-Age", strconv.Itoa(corsMaxAge))
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead, http.MethodPut:
		key, query, err := s.verify(r.Method, r.URL, time.Now())
		switch {
		case err != nil:
			s.refuse(w, r, err)
		case r.Method == http.MethodPut && query.Has(paramUpload):
			s.receivePart(w, r, key, query)
		case r.Method == http.MethodPut:
			s.receive(w, r, key, query)
		default:
			s.send(w, r, key, query)
		}
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS, PUT")
		answer(w, http.StatusMethodNotAllowed, fault.BadInput, "Use GET, HEAD or PUT.")
	}
}

// send writes the object, or the part of it that was asked for.
func (s *Store) send(w http.ResponseWriter, r *http.Request, key blob.Key, query url.Values) {
	object, err := s.Open(r.Context(), key)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	defer func() { _ = object.Close() }()
	rule := blob.DownloadRule{ContentType: query.Get(paramType), Filename: query.Get(paramName)}
	if rule.ContentType == "" {
		rule.ContentType = object.Info.ContentType
	}
	h := w.Header()
	h.Set("Content-Type", rule.ContentType)
	h.Set("Content-Disposition", disposition(rule))
	h.Set("ETag", `"`+object.Info.ETag+`"`)
	// The object never changes; the URL that names it expires, and only its bearer may keep a copy.
	h.Set("Cache-Control", "private, max-age=3600, immutable")
	extendDeadline(http.NewResponseController(w).SetWriteDeadline, object.Info.Size)
	http.ServeContent(w, r, "", object.Info.Created, object)
}

// disposition makes browsers save what they might run, even where nobody asked for a file name.
func disposition(rule blob.DownloadRule) string {
	if rule.Filename == "" && !isPassive(rule.ContentType) {
		return "attachment"
	}
	return rule.Disposition()
}

// isPassive reports whether a browser only shows or plays such a type.
func isPassive(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	switch kind {
	case "image/svg+xml":
		return false
	case "application/pdf", "text/plain", "text/vtt", "application/vnd.apple.mpegurl":
		return true
	}
	major, _, _ := strings.Cut(kind, "/")
	return major == "image" || major == "video" || major == "audio"
}

// receive stores the body under the signed rule.
func (s *Store) receive(w http.ResponseWriter, r *http.Request, key blob.Key, query url.Values) {
	rule, err := wanted(query)
	if err != nil {
		s.refuse(w, r, blob.ErrSignature)
		return
	}
	if r.Header.Get("Content-Type") != rule.contentType {
		s.refuse(w, r, blob.Mismatch(key, "The Content-Type is not the one that was announced."))
		return
	}
	if r.ContentLength >= 0 && (r.ContentLength < rule.smallest || r.ContentLength > rule.largest) {
		s.refuse(w, r, blob.Mismatch(key, "The Content-Length is not the one that was announced."))
		return
	}
	awaitBody(w, rule.largest)
	info, err := s.put(r.Context(), key, r.Body, rule)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("ETag", `"`+info.ETag+`"`)
	w.WriteHeader(http.StatusCreated)
}

// awaitBody gives a body the time it needs to arrive, and its answer some more.
func awaitBody(w http.ResponseWriter, size int64) {
	control := http.NewResponseController(w)
	extendDeadline(control.SetReadDeadline, size)
	extendDeadline(func(end time.Time) error { return control.SetWriteDeadline(end.Add(transferGrace)) }, size)
}

// extendDeadline gives the transfer the time it needs. A connection that knows no deadlines has none to extend.
func extendDeadline(set func(time.Time) error, size int64) {
	_ = set(time.Now().Add(transferGrace + time.Duration(size/slowestRate)*time.Second))
}

// refuse answers with the status of the error. What is no fault is answered without its text, and logged.
func (s *Store) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault.Error
	switch {
	case errors.Is(err, errBody):
		answer(w, http.StatusBadRequest, fault.BadInput, "The upload broke off.")
	case errors.Is(err, blob.ErrExpired):
		answer(w, http.StatusForbidden, fault.Forbidden, "This link has expired. Ask for a new one.")
	case errors.Is(err, blob.ErrSignature):
		answer(w, http.StatusForbidden, fault.Forbidden, "This link is not valid.")
	case !errors.As(err, &f):
		s.log.ErrorContext(r.Context(), "serve blob", "method", r.Method, "error", err)
		answer(w, http.StatusInternalServerError, fault.Internal, "Something went wrong on our side.")
	default:
		if f.Code == fault.Unavailable {
			s.log.WarnContext(r.Context(), "serve blob", "method", r.Method, "error", err)
		}
		answer(w, status(err), f.Code, f.Message)
	}
}

func status(err error) int {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, blob.ErrExists):
		return http.StatusPreconditionFailed
	case errors.Is(err, blob.ErrUnavailable):
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// answer writes {"code": …, "message": …}.
func answer(w http.ResponseWriter, status int, code fault.Code, message string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	body, err := json.Marshal(struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
	}{code, message})
	if err != nil {
		return // Two strings always encode.
	}
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(body)
}
