package graph

import (
	"context"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
)

func (certificateResolver) Status(_ context.Context, _ *ent.Certificate) (model.CertificateStatus, error) {
	panic("pending")
}

func (certificateResolver) VerifyURL(_ context.Context, _ *ent.Certificate) (string, error) {
	panic("pending")
}

func (certificateResolver) PDFURL(_ context.Context, _ *ent.Certificate) (*string, error) {
	panic("pending")
}

func (mutationResolver) RevokeCertificate(_ context.Context, _ model.RevokeCertificateInput) (*model.RevokeCertificatePayload, error) {
	panic("pending")
}

func (queryResolver) MyCertificates(_ context.Context) ([]*ent.Certificate, error) { panic("pending") }

func (queryResolver) VerifyCertificate(_ context.Context, _ string) (*model.CertificateVerification, error) {
	panic("pending")
}
