package credential

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/credential/document"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/blob"
)

const pdfType = "application/pdf"

// Print makes the certificate's document and keeps it, unless that was done. It may be killed at any moment and
// run again, also twice at once: the first document that was kept is the one.
func (s *Service) Print(ctx context.Context, id uuid.UUID) error {
	c, err := s.DB.Certificate.Get(ctx, id)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such certificate.")
	} else if err != nil {
		return fmt.Errorf("find certificate: %w", err)
	}
	if c.PdfKey != "" {
		return nil
	}
	tenant, err := s.DB.Tenant.Get(ctx, c.TenantID)
	if err != nil {
		return fmt.Errorf("find tenant: %w", err)
	}
	facts := document.Certificate{
		LearnerName: c.LearnerName, CourseTitle: c.CourseTitle, TenantName: c.TenantName, InstructorName: c.Signatory,
		Issued: c.CompletedAt.UTC(), Code: c.Code, VerifyURL: s.VerifyURL(tenant.Slug, c),
		Locale: c.Locale, Accent: tenant.Branding.Accent,
	}
	if c.ExpiresAt != nil {
		facts.Expires = c.ExpiresAt.UTC()
	}
	pdf, err := document.Render(facts)
	if err != nil {
		return fmt.Errorf("print certificate: %w", err)
	}
	return s.keep(ctx, c, pdf)
}

func (s *Service) keep(ctx context.Context, c *ent.Certificate, pdf []byte) error {
	key, err := blob.NewKey(c.TenantID, "certificates", c.ID.String()+".pdf")
	if err != nil {
		return fmt.Errorf("make blob key: %w", err)
	}
	rule := blob.PutRule{ContentType: pdfType, Size: int64(len(pdf)), SHA256: sha256.Sum256(pdf)}
	info, err := s.Blobs.Put(ctx, key, bytes.NewReader(pdf), rule)
	if errors.Is(err, blob.ErrExists) {
		// A worker was killed between keeping the document and saying so. The look of the tenant may have changed
		// since, so the digest is that of what is kept.
		info, err = s.Blobs.Stat(ctx, key)
	}
	if err != nil {
		return fmt.Errorf("keep document: %w", err)
	}
	err = s.DB.Certificate.UpdateOne(c).SetPdfKey(info.Key.String()).SetPdfSha256(info.SHA256.String()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note document: %w", err)
	}
	return nil
}

// PDF returns a signed address of the document, nil until it has been made.
func (s *Service) PDF(ctx context.Context, c *ent.Certificate) (*string, error) {
	if c.PdfKey == "" {
		return nil, nil //nolint:nilnil // there is no document yet
	}
	key, err := blob.ParseKey(c.PdfKey)
	if err != nil {
		return nil, fmt.Errorf("read blob key: %w", err)
	}
	url, err := s.Blobs.PresignDownload(ctx, key, blob.DownloadRule{
		Expires: pdfLife, ContentType: pdfType, Filename: c.CourseTitle + ".pdf",
	})
	if err != nil {
		return nil, fmt.Errorf("sign address: %w", err)
	}
	return &url, nil
}

// VerifyURL is the public page of the certificate, in the tenant with the slug.
func (s *Service) VerifyURL(slug string, c *ent.Certificate) string {
	return s.Page(slug, "/verify/"+c.Code)
}
