package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"lyceum/internal/platform/blob"
)

// matches reports whether the object has the digest (hex): as its store was told and checked, or by reading it.
func matches(object *blob.Object, want string) (bool, error) {
	if !object.Info.SHA256.IsZero() {
		return object.Info.SHA256.String() == want, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(object, 0, object.Info.Size)); err != nil {
		return false, fmt.Errorf("read upload: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)) == want, nil
}
