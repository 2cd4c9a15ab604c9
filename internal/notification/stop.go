package notification

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/viewer"
)

// StopPath is where the links of mails lead that end mails of their kind; a token follows.
const StopPath = "/mail/stop/"

// stopPurpose keeps these tokens apart from all else that is signed with the same keys.
const stopPurpose = "lyceum: no more mail of this kind"

// stopToken lets whoever holds it end mails of a kind to a person, and nothing else. Only the person's own mails have it.
// It is the MAC, the person's id and the kind.
func (p Post) stopToken(tenant, user uuid.UUID, kind notification.Kind) string {
	token := slices.Concat(stopMAC(p.Keys[0], tenant, user, kind), user[:], []byte(kind))
	return base64.RawURLEncoding.EncodeToString(token)
}

func stopMAC(key []byte, tenant, user uuid.UUID, kind notification.Kind) []byte {
	mac := hmac.New(sha256.New, key)
	// Every part but the last has one length, so that no two differ in their cuts alone.
	_, _ = mac.Write(slices.Concat([]byte(stopPurpose), tenant[:], user[:], []byte(kind)))
	return mac.Sum(nil)
}

// readStop returns whom and what the token is about, and whether it is good in the tenant.
func (p Post) readStop(tenant uuid.UUID, token string) (user uuid.UUID, kind notification.Kind, ok bool) {
	const head = sha256.Size + len(uuid.UUID{})
	raw, err := base64.RawURLEncoding.DecodeString(token)
	// A token has one spelling.
	if err != nil || len(raw) <= head || base64.RawURLEncoding.EncodeToString(raw) != token {
		return uuid.Nil, "", false
	}
	user, kind = uuid.UUID(raw[sha256.Size:head]), notification.Kind(raw[head:])
	signed := slices.ContainsFunc(p.Keys, func(key []byte) bool {
		return hmac.Equal(raw[:sha256.Size], stopMAC(key, tenant, user, kind))
	})
	return user, kind, signed && notification.KindValidator(kind) == nil
}

func errStop() error {
	return fault.New(fault.NotFound, "This link does not end any mails: it is incomplete, or too old.")
}

// Stop returns the kind of mails that the token of a mail ends, without ending them. The error is NotFound for a
// token that is none of the tenant's.
func (s *Service) Stop(ctx context.Context, token string) (notification.Kind, error) {
	_, kind, ok := s.Post.readStop(viewer.Tenant(ctx), token)
	if !ok {
		return "", errStop()
	}
	return kind, nil
}

// StopMail ends mails of the token's kind to the person whose mail the token was in. Doing so again changes nothing.
func (s *Service) StopMail(ctx context.Context, token string) (notification.Kind, error) {
	tenant := viewer.Tenant(ctx)
	user, kind, ok := s.Post.readStop(tenant, token)
	if !ok {
		return "", errStop()
	}
	// The token stands for the person, and for this one thing.
	ctx = viewer.With(ctx, viewer.Viewer{Tenant: tenant, User: user, Role: viewer.Learner})
	return kind, s.prefer(ctx, user, kind, false)
}
