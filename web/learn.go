package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// learnAssets is where the learner app's files are, below the hash of all of them: a page and its modules are
// always of one build, and browsers may keep them for ever.
const learnAssets = "/learn/assets/"

// learner serves the learner app: one page for every address below /learn/, and its files.
type learner struct {
	handlers

	files fs.FS
	// assets is the path of this build's files, modules those that the page needs at once.
	assets  string
	modules []string
	policy  string
}

// brand is what the app is told of its tenant before it asks the API.
type brand struct {
	Slug    string `json:"slug"`
	Name    string `json:"name"`
	Locale  string `json:"locale"`
	Accent  string `json:"accent"`
	LogoURL string `json:"logoUrl"`
}

func brandOf(t *Tenant) brand { return brand{t.Slug, t.Name, t.Locale, t.Accent, t.LogoURL} }

// newLearner reads the embedded files.
func newLearner(h handlers) (*learner, error) {
	own, err := fs.Sub(files, "static/learn")
	if err != nil {
		return nil, fmt.Errorf("open learner app: %w", err)
	}
	l := &learner{handlers: h, files: own, policy: learnPolicy(h.Origins)}
	sum := sha256.New()
	err = fs.WalkDir(own, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(own, name)
		if err != nil {
			return err //nolint:wrapcheck // it is wrapped below, and names the file
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(body), body)
		if path.Ext(name) == ".js" && !strings.HasPrefix(name, uploadFiles) {
			l.modules = append(l.modules, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read learner app: %w", err)
	}
	l.assets = learnAssets + hex.EncodeToString(sum.Sum(nil)[:8])
	return l, nil
}

// learnPolicy lets the app load from here and from the storage and search engine that the server names. No text
// becomes script or markup but through the app's one Trusted Types policy, which is for the API's sanitised HTML.
// Pictures of articles and films that lie elsewhere may come from any https address; films only once they are asked for.
func learnPolicy(origins []string) string {
	others := strings.Join(append([]string{""}, origins...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:" + others +
		"; media-src 'self' blob: https:" + others + "; connect-src 'self'" + others +
		"; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types lyceum"
}

func (l *learner) mount(mux *http.ServeMux, identity func(http.Handler) http.Handler) {
	mux.Handle("GET /learn/", secure(identity(http.HandlerFunc(l.page))))
	mux.Handle("GET /upload", secure(identity(http.HandlerFunc(l.upload))))
	mux.Handle("GET "+learnAssets+"{version}/{file...}", http.HandlerFunc(l.asset))
}

func (l *learner) page(w http.ResponseWriter, r *http.Request) {
	tenant, err := l.Tenant(r.Context())
	if err != nil {
		l.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", l.policy)
	l.render(w, r, http.StatusOK, "learn.html", struct {
		Tenant  *Tenant
		Brand   brand
		Assets  string
		Modules []string
	}{tenant, brandOf(tenant), l.assets, l.modules})
}

// asset sends a file of the app. A page of another build gets what there is, and keeps none of it.
func (l *learner) asset(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	if learnAssets+r.PathValue("version") != l.assets {
		header.Set("Cache-Control", "no-store")
	}
	http.ServeFileFS(w, r, l.files, r.PathValue("file"))
}
