package media

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"lyceum/internal/platform/blob"
)

// matches reports whether the object has the digest: as its store was told and checked, or by reading it.
func matches(object *blob.Object, want string) bool {
	if !object.Info.SHA256.IsZero() {
		return object.Info.SHA256.String() == want
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(object, 0, object.Info.Size)); err != nil {
		return false
	}
	return hex.EncodeToString(hash.Sum(nil)) == want
}
