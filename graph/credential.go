package graph

import (
	"context"
	"time"

	"lyceum/graph/loader"
	"lyceum/internal/credential"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
)

func (r queryResolver) MyCertificates(ctx context.Context) ([]*ent.Certificate, error) {
	return r.services.Credential.Mine(ctx)
}

func (r queryResolver) VerifyCertificate(ctx context.Context, code string) (*model.CertificateVerification, error) {
	if err := r.services.TryCode(ctx); err != nil {
		return nil, err
	}
	c, err := r.services.Credential.Verify(ctx, code)
	if err != nil || c == nil {
		return nil, err
	}
	return &model.CertificateVerification{
		Status: statusOf(c), Code: c.Code, LearnerName: c.LearnerName, CourseTitle: c.CourseTitle,
		TenantName: c.TenantName, CompletedAt: c.CompletedAt, IssuedAt: c.IssuedAt,
		ExpiresAt: c.ExpiresAt, RevokedAt: c.RevokedAt,
	}, nil
}

func (r mutationResolver) RevokeCertificate(
	ctx context.Context, in model.RevokeCertificateInput,
) (*model.RevokeCertificatePayload, error) {
	id, err := idOf(in.CertificateID, ent.GIDCertificate)
	if err != nil {
		return nil, err
	}
	revoked, err := r.services.Credential.Revoke(ctx, id, in.Reason)
	if err != nil {
		return nil, err
	}
	return &model.RevokeCertificatePayload{Certificate: revoked}, nil
}

func (certificateResolver) Status(_ context.Context, c *ent.Certificate) (model.CertificateStatus, error) {
	return statusOf(c), nil
}

func statusOf(c *ent.Certificate) model.CertificateStatus {
	switch {
	case c.RevokedAt != nil:
		return model.CertificateStatusRevoked
	case credential.Expired(c, time.Now()):
		return model.CertificateStatusExpired
	default:
		return model.CertificateStatusValid
	}
}

func (r certificateResolver) VerifyURL(ctx context.Context, c *ent.Certificate) (string, error) {
	tenant, err := loader.From(ctx).Tenant.Load(ctx, c.TenantID)
	if err != nil {
		return "", err
	}
	return r.services.Credential.VerifyURL(tenant.Slug, c), nil
}

func (r certificateResolver) PDFURL(ctx context.Context, c *ent.Certificate) (*string, error) {
	return r.services.Credential.PDF(ctx, c)
}
