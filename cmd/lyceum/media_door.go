package main

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/platform/blob/delivery"
)

// mediaDoor puts the door of signed media paths in front of the other doors, which would clean paths before they are
// checked. Where media.url says that a CDN or nginx serves media there is no such door, and this process serves none.
// Over files it serves the media themselves; over S3 only playlists, with addresses of the storage in them.
func (a *app) mediaDoor(next http.Handler) (http.Handler, error) {
	if a.config.Media.URL != "" {
		return next, nil
	}
	signer, err := a.signer()
	if err != nil {
		return nil, err
	}
	door := &delivery.Handler{Signer: signer, Objects: a.blobs, Allowed: a.mayPlay, Log: a.log}
	if a.files == nil {
		door.Links = a.blobs
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, delivery.Path) && !strings.HasPrefix(path.Clean("/"+r.URL.Path), delivery.Path) {
			next.ServeHTTP(w, r)
			return
		}
		// What logs, metrics and traces are told must hold no token. The door reads the path as it was sent.
		r.Pattern, r.URL = delivery.Path, &url.URL{Path: delivery.Path}
		door.ServeHTTP(w, r)
	}), nil
}

// mayPlay reports whether pages of the origin may play the tenant's media: those of the tenant's own hosts, of hosts
// that name no tenant, and of the origins that may call the API.
func (a *app) mayPlay(ctx context.Context, origin string, tenant uuid.UUID) bool {
	if slices.Contains(a.config.HTTP.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != a.config.Public.Scheme || u.Host == "" {
		return false
	}
	place, named, err := a.services.Directory.ByHost(ctx, u.Host)
	return err == nil && (place.Tenant == tenant || !named)
}
