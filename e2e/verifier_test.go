package e2e

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rsc.io/qr"
)

// TestVerifier checks certificates in a browser, as those do who are shown one: valid, valid for a while, expired, revoked,
// unknown, of somebody else, on paper, on a telephone, and too many of them.
func TestVerifier(t *testing.T) {
	browser := chromium(t)
	pictures, err := os.MkdirTemp("", "lyceum-verifier-") //nolint:usetesting // they are for people to look at afterwards
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("pictures are in %s", pictures)
	valid, revoked := certificates(t)
	c := campusOf(t, "acme")
	lasting, expired := c.newCertificate(t, "lasting"), c.newCertificate(t, "expired")
	// Time is what makes a certificate expire: here it is turned.
	running.Meddle(t, `UPDATE certificates SET expires_at = date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 year - 1 second' WHERE code = '`+lasting.Code+`'`)
	running.Meddle(t, `UPDATE certificates SET completed_at = now() - interval '13 months', issued_at = now() - interval '13 months',
		expires_at = date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 month 1 second' WHERE code = '`+expired.Code+`'`)
	begun := time.Now()
	node(t, "browser", []string{"verifier.mjs", pictures}, "CHROMIUM="+browser, "ACME="+running.URL("acme"), "OTHER="+running.URL("springfield"),
		"VALID="+valid, "LASTING="+lasting.Code, "EXPIRED="+expired.Code, "REVOKED="+revoked)
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("the journey took %v", took)
	}
	leadsTo(t, filepath.Join(pictures, "qr.png"), running.URL("acme")+"/verify/"+valid)
}

// leadsTo compares a picture of a QR code, ten pixels to the module and with its margin of four modules, with that of the address.
func leadsTo(t *testing.T, file, address string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	drawn, err := png.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	const module, margin = 10, 4
	if want := module * (code.Size + 2*margin); drawn.Bounds().Dx() != want || drawn.Bounds().Dy() != want {
		t.Fatalf("the code is %v, want %d pixels", drawn.Bounds(), want)
	}
	for row := -margin; row < code.Size+margin; row++ {
		for column := -margin; column < code.Size+margin; column++ {
			gray, _ := color.GrayModel.Convert(drawn.At(module*(column+margin)+module/2, module*(row+margin)+module/2)).(color.Gray)
			if black := gray.Y < 128; black != code.Black(column, row) {
				t.Fatalf("module %d, %d of the code of %s is black: %t", column, row, address, black)
			}
		}
	}
}
