package web

import (
	"net/http"
	"strings"
)

// uploadFiles are those of the learner app's files that are for the upload page alone.
const uploadFiles = "upload/"

// uploadPolicy lets the upload page load from here, and send to where files are stored. Its one Trusted Types policy is for
// the address of the worker that computes digests.
func uploadPolicy(origins []string) string {
	others := strings.Join(append([]string{""}, origins...), " ")
	return "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'" + others +
		"; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types lyceum-worker"
}

// upload is the page where instructors upload files. It shares the learner app's files, so that they are of one build.
func (l *learner) upload(w http.ResponseWriter, r *http.Request) {
	tenant, err := l.Tenant(r.Context())
	if err != nil {
		l.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", uploadPolicy(l.Origins))
	l.render(w, r, http.StatusOK, "upload.html", struct {
		Tenant *Tenant
		Brand  brand
		Assets string
	}{tenant, brandOf(tenant), l.assets})
}
